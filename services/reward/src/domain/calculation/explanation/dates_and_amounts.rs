//! How rates, dates, windows and amounts are read out: what both languages share, and what Chinese writes its own way.

use handsel_money::{Exact, Rate};

/// `0.0125` as `1.25`: the number before "percent".
pub(super) fn percent(rate: &str) -> String {
    if let Some(percent) = two_places_on(rate) {
        return percent;
    }
    match rate.parse::<Rate>() {
        Ok(rate) => rate.exact().times(&Exact::whole(100)).to_string(),
        Err(_) => rate.to_owned(),
    }
}

/// A plain decimal of few digits with its point two places to the right: what nearly every rate is.
fn two_places_on(rate: &str) -> Option<String> {
    let (whole, part) = rate.split_once('.').unwrap_or((rate, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if rate.len() > 28 || !digits(whole) || !digits(part) {
        return None;
    }
    let (moved, rest) = part.split_at_checked(2).unwrap_or((part, ""));
    let missing = if moved.len() < 2 { "0" } else { "" };
    let number = [whole, moved, missing].concat();
    let number = match number.trim_start_matches('0') {
        "" => "0",
        number => number,
    };
    Some(match rest.trim_end_matches('0') {
        "" => number.to_owned(),
        rest => [number, ".", rest].concat(),
    })
}

/// `50.00 CNY` as `人民币50.00元`.
pub(crate) fn amount_in_chinese(amount: &str) -> String {
    let Some((number, code)) = amount.split_once(' ') else { return amount.to_owned() };
    match code {
        "CNY" => format!("人民币{number}元"),
        "HKD" => format!("{number}港元"),
        "MOP" => format!("{number}澳门元"),
        "TWD" => format!("{number}新台币"),
        "USD" => format!("{number}美元"),
        "EUR" => format!("{number}欧元"),
        "GBP" => format!("{number}英镑"),
        "JPY" => format!("{number}日元"),
        "SGD" => format!("{number}新加坡元"),
        _ => format!("{number} {code}"),
    }
}

/// `2025-03-01` as `2025年3月1日`, `2025-03` as `2025年3月`, `2025-Q2` as `2025年第2季度`, `2025` as `2025年`.
pub(crate) fn date_in_chinese(date: &str) -> String {
    let parts: Vec<&str> = date.split('-').collect();
    let plain = |part: &str| part.trim_start_matches('0').to_owned();
    match parts.as_slice() {
        [year, month, day] => format!("{year}年{}月{}日", plain(month), plain(day)),
        [year, part] => match part.strip_prefix('Q') {
            Some(quarter) => format!("{year}年第{quarter}季度"),
            None => format!("{year}年{}月", plain(part)),
        },
        [year] if year.len() == 4 => format!("{year}年"),
        _ => date.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_the_point_is_multiplying_by_a_hundred() {
        for rate in
            ["0", "1", "0.0", "0.01", "0.0125", "0.2", "1.25", "12", "0.000001", "10.10", "007.5", "0.123456789012"]
        {
            let exact = rate.parse::<Rate>().unwrap().exact().times(&Exact::whole(100)).to_string();
            assert_eq!(two_places_on(rate), Some(exact), "{rate}");
        }
        for other in ["", ".", "1.", ".5", "-1", "1e3", "x", "1/3", "0.00000000000000000000000000001"] {
            assert_eq!(two_places_on(other), None, "{other}");
        }
    }
}

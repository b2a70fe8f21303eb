//! How rates, dates, windows and amounts are read out: what both languages share, and what Chinese writes its own way.

use handsel_money::{Exact, Rate};

/// `0.0125` as `1.25`: the number before "percent".
pub(super) fn percent(rate: &str) -> String {
    match rate.parse::<Rate>() {
        Ok(rate) => rate.exact().times(&Exact::whole(100)).to_string(),
        Err(_) => rate.to_owned(),
    }
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

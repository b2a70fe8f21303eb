//! 简体中文的句子。The sentences in Simplified Chinese.

use super::dates_and_amounts::{amount_in_chinese as amount, date_in_chinese as date, percent};
use super::sentence::{Item, Left, OfRates, OfReward, OfRows, Rule, Sentence, Taxation, Worth};

pub(super) fn say(sentence: &Sentence<'_>) -> String {
    match sentence {
        Sentence::Reward(sentence) => of_reward(sentence),
        Sentence::Rates(sentence) => of_rates(sentence),
        Sentence::Rows(sentence) => of_rows(sentence),
    }
}

fn of_reward(sentence: &OfReward<'_>) -> String {
    match sentence {
        OfReward::Pays { bracket, rule, base } => pays(*bracket, rule, base),
        OfReward::Tier { tier, multiplier, tiered } => {
            format!("客户等级{tier}按{multiplier}倍计算，得{}。", worth(tiered))
        }
        OfReward::AtLeast(bound) => format!("方案规定最低奖励为{}。", worth(bound)),
        OfReward::AtMost(bound) => format!("方案规定最高奖励为{}。", worth(bound)),
        OfReward::Gross(gross) => format!("未计上限和预算前，奖励为{}。", worth(gross)),
        OfReward::CountCap(cap, window) => {
            format!("{}每人最多可得{cap}次奖励，次数已满。", within(*window))
        }
        OfReward::AmountCap(window, room) => format!("{}每人奖励额度{}。", within(*window), left(room)),
        OfReward::Budget(room) => format!("方案预算{}。", left(room)),
        OfReward::Reward(reward) => format!("本次奖励为{}。", worth(reward)),
        OfReward::Tax(taxation) => tax(taxation),
    }
}

fn of_rates(sentence: &OfRates<'_>) -> String {
    match sentence {
        OfRates::Deposit(principal, start, maturity) => {
            format!("存款{}，自{}起至{}止。", amount(principal), date(start), date(maturity))
        }
        OfRates::Loan(principal, drawdown, instalments) => {
            format!("贷款{}，{}放款，分{instalments}个月还清。", amount(principal), date(drawdown))
        }
        OfRates::BaseRate(rate) => format!("基准年利率为{}%。", percent(rate)),
        OfRates::Uplift(source, asked, applied) => format!("{source}利率上浮{}。", points_left(asked, applied)),
        OfRates::Discount(source, asked, applied) => format!("{source}利率优惠{}。", points_left(asked, applied)),
        OfRates::Rate(rate) => format!("优惠后年利率为{}%。", percent(rate)),
        OfRates::DiscountMonths(months) => format!("优惠利率适用于前{months}期，之后按基准利率计息。"),
        OfRates::UpliftOn(slice) => format!("其中{}按优惠利率计息，其余按基准利率计息。", amount(slice)),
        OfRates::Earns(with, without) => {
            format!("存款利息为{}；按基准利率则为{}。", amount(with), amount(without))
        }
        OfRates::Benefit(benefit) => format!("优惠利率带来的收益为{}。", amount(benefit)),
        OfRates::Costs(with, Some(without)) => {
            format!("贷款利息共{}；按基准利率则为{}。", amount(with), amount(without))
        }
        OfRates::Costs(with, None) => {
            format!("贷款利息共{}；按基准利率每期还款不足以支付利息。", amount(with))
        }
        OfRates::Saving(saving) if saving.starts_with('-') => {
            format!("因舍入，优惠利率多付{}。", amount(saving.trim_start_matches('-')))
        }
        OfRates::Saving(saving) => format!("优惠利率节省利息{}。", amount(saving)),
        OfRates::YearlyCost(nominal, effective) => {
            format!("贷款名义年化成本为{}%，实际年化成本为{}%。", percent(nominal), percent(effective))
        }
        OfRates::CashSide(benefit, cost) => {
            format!("选择现金，客户实得{}，银行成本为{}。", amount(benefit), amount(cost))
        }
        OfRates::RateSide(Some(benefit)) => format!("选择优惠利率，整个期限内价值{}。", amount(benefit)),
        OfRates::RateSide(None) => "无法计算优惠利率的价值：若无优惠，每期还款不足以支付利息。".to_owned(),
        OfRates::YearlyCosts(with, Some(without)) => {
            format!("享受优惠时贷款实际年化成本为{}%，不享受时为{}%。", percent(with), percent(without))
        }
        OfRates::YearlyCosts(with, None) => format!("享受优惠时贷款实际年化成本为{}%。", percent(with)),
        OfRates::Better(side) => match *side {
            "CASH" => "对客户而言，现金更划算。".to_owned(),
            "RATE" => "对客户而言，优惠利率更划算。".to_owned(),
            _ => "对客户而言，两者相同。".to_owned(),
        },
        OfRates::Dearer(side) => match *side {
            "CASH" => "对银行而言，现金成本更高。".to_owned(),
            "RATE" => "对银行而言，优惠利率成本更高。".to_owned(),
            _ => "对银行而言，两者成本相同。".to_owned(),
        },
    }
}

fn of_rows(sentence: &OfRows<'_>) -> String {
    match sentence {
        OfRows::Undone { reward, settled_on, triggered_on, days } => format!(
            "奖励{}于{}发放；其依据于{}撤销，相隔{days}天。",
            amount(reward),
            date(settled_on),
            date(triggered_on)
        ),
        OfRows::NothingReversed => "无需收回。".to_owned(),
        OfRows::Reversed(value, Some(points), tax) => {
            format!("收回{points}积分，价值{}，并收回税款{}。", amount(value), amount(tax))
        }
        OfRows::Reversed(value, None, tax) => format!("收回{}，并收回税款{}。", amount(value), amount(tax)),
        OfRows::Split(total, parts) => format!("{}分为{parts}份。", amount(total)),
        OfRows::Share(at, share) => format!("第{at}份为{}。", amount(share)),
        OfRows::Granted { reward, window, gross, amount: granted, reasons: "" } => {
            let window = within(named(window));
            format!("{window}奖励{reward}应得{}，全额发放{}。", amount(gross), amount(granted))
        }
        OfRows::Granted { reward, window, gross, amount: granted, reasons } => {
            let window = within(named(window));
            format!("{window}奖励{reward}应得{}，受{}限制，发放{}。", amount(gross), limits(reasons), amount(granted))
        }
        OfRows::GivenBack(reward, value) => format!("奖励{reward}退回{}。", amount(value)),
        OfRows::GrantedInAll(value) => format!("最终共发放{}。", amount(value)),
        OfRows::Counts(referral, count, window) => {
            format!("推荐{referral}达标，{}累计{count}笔。", within(named(window)))
        }
        OfRows::ReferralReversed(referral) => format!("推荐{referral}已撤销。"),
        OfRows::Fires(milestone) => format!("达成里程碑{milestone}。"),
        OfRows::RowPays(None, value) => format!("该推荐奖励{}。", amount(value)),
        OfRows::RowPays(Some(milestone), value) => format!("里程碑{milestone}奖励{}。", amount(value)),
        OfRows::Flagged(payout, total, threshold) => {
            format!("付款{payout}须申报：全年累计{}，超过{}。", amount(total), amount(threshold))
        }
        OfRows::NothingFlagged(threshold) => format!("各年累计均未超过{}，无需申报。", amount(threshold)),
    }
}

fn pays(bracket: Option<(&str, &str)>, rule: &Rule<'_>, base: &Worth<'_>) -> String {
    let base = worth(base);
    let bracket = bracket.map_or(String::new(), |(qualifying, lower)| {
        format!("达标金额{}适用自{}起的档位。", amount(qualifying), amount(lower))
    });
    match rule {
        Rule::Fixed => format!("{bracket}按方案奖励{base}。"),
        Rule::Percent(rate, of) => format!("{bracket}按方案奖励{}的{}%，即{base}。", amount(of), percent(rate)),
        Rule::Brackets(qualifying, entered) => {
            format!("按方案分档累进计算：达标金额{}进入{entered}个档位，合计{base}。", amount(qualifying))
        }
    }
}

fn worth(worth: &Worth<'_>) -> String {
    match worth {
        Worth::Money(value) => amount(value),
        Worth::Items(quantity, item, None) => counted(quantity, *item),
        Worth::Items(quantity, item, Some(value)) => {
            format!("{}，价值{}", counted(quantity, *item), amount(value))
        }
    }
}

fn counted(quantity: &str, item: Item) -> String {
    match item {
        Item::Points => format!("{quantity}积分"),
        Item::Voucher => format!("{quantity}张代金券"),
        Item::Gift => format!("{quantity}份礼品"),
        Item::FeeWaiver => format!("{quantity}次费用减免"),
        Item::ServiceUpgrade => format!("{quantity}次服务升级"),
        Item::Badge => format!("{quantity}枚荣誉徽章"),
    }
}

fn named(window: &str) -> Option<&str> {
    (window != "LIFETIME" && !window.is_empty()).then_some(window)
}

fn within(window: Option<&str>) -> String {
    window.map_or(String::new(), |window| format!("{}内", date(window)))
}

fn left(left: &Left<'_>) -> String {
    match left {
        Left::Nothing => "已用完".to_owned(),
        Left::TooLittle(room) => format!("剩余{}，不足以支付本次奖励", amount(room)),
        Left::Some(room) => format!("剩余{}", amount(room)),
    }
}

fn tax(taxation: &Taxation<'_>) -> String {
    match taxation {
        Taxation::Free(net) => format!("免税，实得{}。", amount(net)),
        Taxation::Withheld(rate, taxable, tax, net) => {
            format!("按{}的{}%代扣税款{}，实得{}。", amount(taxable), percent(rate), amount(tax), amount(net))
        }
        Taxation::OnTop(tax, net) => format!("税款{}由银行另行承担，客户实得全额{}。", amount(tax), amount(net)),
    }
}

fn points_left(asked: &str, applied: &str) -> String {
    if asked == applied {
        format!("{applied}个基点")
    } else {
        format!("{applied}个基点（申请{asked}个，超出产品上限的部分不予计入）")
    }
}

fn limits(reasons: &str) -> String {
    let names: Vec<&str> = reasons
        .split(", ")
        .map(|reason| match reason {
            "COUNT_CAP" => "次数上限",
            "AMOUNT_CAP" => "金额上限",
            "BUDGET" => "预算",
            other => other,
        })
        .collect();
    names.join("和")
}

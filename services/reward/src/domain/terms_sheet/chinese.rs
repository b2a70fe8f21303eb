//! A terms sheet in Simplified Chinese.

use super::{Clause, Gift, Number, percent, percent_of_bps};
use crate::domain::{
    calculation::{
        explanation::amount_in_chinese,
        milestones::Fires,
        reversal::Clawback,
        tax::{Basis, BorneBy},
        window::Window,
    },
    profile::{Introducers, QualifyingFact},
    reward::Role,
};
use handsel_money::Money;

pub(super) fn say(clause: &Clause) -> String {
    match clause {
        Clause::Title { name, plan, version } => format!("{name}(条款 {plan},第{version}版)"),
        Clause::Counts(fact) => format!("推荐成功的条件:{}。", fact.map_or("以活动规则为准", counts)),
        Clause::Introducers(who) => format!("可以推荐的人:{}。", introducers(*who)),
        Clause::Gets { role, stage } if stage.is_empty() => format!("{}:", gets(*role)),
        Clause::Gets { role, stage } => format!("{}(阶段 {stage}):", gets(*role)),
        Clause::Milestone { fires: Fires::At(n), window } => {
            format!("{}第{n}次推荐成功时,推荐人另外获得:", within(*window))
        }
        Clause::Milestone { fires: Fires::Every(n), window } => {
            format!("{}每推荐成功{n}次,推荐人另外获得:", within(*window))
        }
        Clause::Gift(gift) => format!("- {}", of_gift(gift)),
        Clause::Multiplier { tier, times } => format!("- {tier} 等级客户按{times}倍计算"),
        Clause::Minimum(least) => format!("- 最低{}", number(least)),
        Clause::Maximum(most) => format!("- 最高{}", number(most)),
        Clause::OrRate { days } => format!("- 或在发放资格确定后{days}天内选择,改为:"),
        Clause::CountCap { count, window } => format!("每人{}最多获得{count}次奖励。", within(*window)),
        Clause::AmountCap { amount: most, window } => format!("每人{}最多获得{}。", within(*window), amount(*most)),
        Clause::FirstCome { by_season: None } => "奖励受预算限制,先达成者先得。".to_owned(),
        Clause::FirstCome { by_season: Some(window) } => {
            format!("奖励受每{}预算限制,先达成者先得。", unit(*window))
        }
        Clause::Untaxed => "不代扣税款;依法应由获奖人申报的税款由其自行承担。".to_owned(),
        Clause::Taxed { rate, exempt_up_to, basis, borne_by } => {
            let above =
                if exempt_up_to.is_zero() { String::new() } else { format!("超过{}时,", amount(*exempt_up_to)) };
            let of = match basis {
                Basis::Whole => "奖励全额",
                Basis::Excess => "超出部分",
            };
            match borne_by {
                BorneBy::Recipient => format!("{above}按{of}的{}%代扣个人所得税。", percent(*rate)),
                BorneBy::Bank => format!("{above}按{of}的{}%计算的税款由银行另行承担。", percent(*rate)),
            }
        }
        Clause::PaidAfter { days: 0 } => "奖励于推荐成功当日通过本行发放。".to_owned(),
        Clause::PaidAfter { days } => format!("奖励于推荐成功{days}天后通过本行发放。"),
        Clause::ExpiresAfter { days } => format!("此后{days}天内仍无法发放的,奖励失效。"),
        Clause::TakenBack(Clawback::Full(days)) => {
            format!("发放后{days}天内奖励的依据不再成立的,收回全部奖励。")
        }
        Clause::TakenBack(Clawback::ProRata(days)) => {
            format!("发放后{days}天内奖励的依据不再成立的,按剩余天数的比例收回。")
        }
        Clause::TakenBack(Clawback::None) => "已发放的奖励不予收回。".to_owned(),
        Clause::Days { zone } => format!("日、月、年均按 {zone} 时区计算。"),
    }
}

fn counts(fact: QualifyingFact) -> &'static str {
    match fact {
        QualifyingFact::Deposit => "存款",
        QualifyingFact::Loan => "贷款",
        QualifyingFact::Account => "开立账户",
        QualifyingFact::Card => "银行卡",
        QualifyingFact::Other => "本行其他产品",
    }
}

fn introducers(who: Introducers) -> &'static str {
    match who {
        Introducers::Customers => "本行客户及员工",
        Introducers::Anybody => "任何人",
    }
}

fn gets(role: Role) -> &'static str {
    match role {
        Role::Referrer => "推荐人获得",
        Role::Referee => "被推荐人获得",
        Role::Staff => "经办员工获得",
        Role::Team => "参与的员工共同分享",
    }
}

fn within(window: Window) -> String {
    match window {
        Window::Lifetime => "累计".to_owned(),
        Window::Month | Window::Quarter | Window::Year => format!("每{}", unit(window)),
    }
}

fn unit(window: Window) -> &'static str {
    match window {
        Window::Month => "月",
        Window::Quarter => "季度",
        Window::Year => "年",
        Window::Lifetime => "期",
    }
}

fn amount(amount: Money) -> String {
    amount_in_chinese(&amount.to_string())
}

fn number(number: &Number) -> String {
    match number {
        Number::Money(money) => amount(*money),
        Number::Items { count, item } => format!("{item}{count}份"),
    }
}

fn share(of: handsel_money::Rate, item: Option<&String>) -> String {
    match item {
        None => format!("的{}%", percent(of)),
        Some(item) => format!("每一货币单位{of}份{item}"),
    }
}

fn of_gift(gift: &Gift) -> String {
    match gift {
        Gift::Fixed(fixed) => number(fixed),
        Gift::Share { of, item } => format!("达标金额{}", share(*of, item.as_ref())),
        Gift::Bracket { from, number: given } => format!("达标金额{}起:{}", amount(*from), number(given)),
        Gift::BracketShare { from, of, item } => {
            format!("达标金额{}起:达标金额{}", amount(*from), share(*of, item.as_ref()))
        }
        Gift::PartFrom { from, of, number: fixed, item } => {
            let share = of.map(|of| format!("超出部分{}", share(of, item.as_ref())));
            let parts: Vec<String> = share.into_iter().chain(fixed.as_ref().map(number)).collect();
            format!("达标金额超过{}:{}", amount(*from), parts.join("加"))
        }
        Gift::Uplift { bps, cap, limit } => {
            let cap = cap.map(|cap| format!("(本金以{}为限)", amount(cap))).unwrap_or_default();
            let limit = limit.map(|limit| format!(",最高年利率{}%", percent(limit))).unwrap_or_default();
            format!("存款年利率上浮{}个百分点{cap}{limit}", percent_of_bps(*bps))
        }
        Gift::Discount { bps, limit } => {
            let limit = limit.map(|limit| format!(",最低年利率{}%", percent(limit))).unwrap_or_default();
            format!("贷款年利率下调{}个百分点{limit}", percent_of_bps(*bps))
        }
    }
}

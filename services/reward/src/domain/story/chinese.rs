//! 一笔奖励的来龙去脉。A reward's story in Simplified Chinese.

use crate::domain::{
    calculation::explanation::{amount_in_chinese, date_in_chinese},
    grant::NOTHING_EARNED,
    outcome::{Attempt, Status},
    record::Record,
    reward::{Reward, Role},
    state::Standing,
};

pub(super) fn who(reward: &Reward, record: &Record<'_>) -> String {
    let entitlement = &reward.entitlement;
    let did = match entitlement.role {
        Role::Referrer => "推荐了新客户",
        Role::Referee => "作为新客户被推荐",
        Role::Staff => "跟进了新客户",
        Role::Team => "参与了新客户的营销",
    };
    let who = match entitlement.beneficiary.split_once('/') {
        Some(("staff", number)) => format!("员工{number}"),
        Some((_, number)) => format!("客户{number}"),
        None => entitlement.beneficiary.clone(),
    };
    let on = date_in_chinese(&record.days.qualified_on.to_string());
    format!("{who}{did}，推荐编号{}，于{on}达标。", entitlement.referral)
}

/// Where it is now, and until when where that is known.
pub(super) fn now(reward: &Reward, newest: Option<&Attempt>, record: &Record<'_>) -> String {
    let net = amount_in_chinese(&reward.entitlement.amounts.net.to_string());
    match reward.state.standing() {
        Standing::Accrued => {
            let due = date_in_chinese(&record.days.due_on.to_string());
            format!("奖励保留至{due}（{}），届时进入付款。", record.days.zone)
        }
        Standing::Due => "奖励已到期，等待受益人的选择。".to_owned(),
        Standing::PendingApproval => "奖励已到期，等待银行人员审批。".to_owned(),
        Standing::Approved => "奖励已批准，将在下一批付款时送交核心系统。".to_owned(),
        Standing::Paying => match newest {
            Some(attempt) if attempt.status == Status::Accepted => format!("核心系统已受理{net}的付款，尚未入账。"),
            Some(attempt) if attempt.first_sent_at.is_some() => format!("{net}的付款已送交核心系统，等待答复。"),
            _ => format!("{net}的付款等待送交核心系统。"),
        },
        Standing::Paid => match newest {
            Some(attempt) => format!("{net}已付款，银行参考号{}。", attempt.bank_reference),
            None => "税后无应付金额，已办结。".to_owned(),
        },
        Standing::Failed => {
            let code = newest.map(|attempt| attempt.reason_code.as_str()).filter(|code| !code.is_empty());
            let code = code.map(|code| format!("（原因{code}）")).unwrap_or_default();
            format!("核心系统拒绝了付款{code}，由银行人员决定是否重试。")
        }
        Standing::Returned => format!("{net}的付款被退回，由银行人员决定是否重试。"),
        Standing::WrittenOff => "付款未能完成，已由两名银行人员核销。".to_owned(),
        Standing::Rejected => rejected(reward),
        Standing::Cancelled => "付款前奖励依据已不成立，无需支付。".to_owned(),
        Standing::Expired => "到期后长期未付，已失效，无需支付。".to_owned(),
        Standing::Reversed => "已付款，现全部收回。".to_owned(),
    }
}

fn rejected(reward: &Reward) -> String {
    let reason = reward.reasons.last().map(String::as_str);
    if !reward.state.approver().is_empty() {
        return format!("审批未通过（原因{}），无需支付。", reason.unwrap_or_default());
    }
    match reason {
        Some(NOTHING_EARNED) | None => "按方案，该达标金额没有奖励。".to_owned(),
        Some(_) => "额度或预算已用完，无需支付。".to_owned(),
    }
}

//! 各项检查的说明。Checks in Simplified Chinese.

use super::Found;
use crate::domain::{
    approval::Needed,
    calculation::explanation::amount_in_chinese,
    gate::{Answer, Verdict},
    grant::NOTHING_EARNED,
    latch::{Cause, Stop},
    outcome::{Attempt, Status},
    terms::{Approver, GateCheck},
};

pub(super) fn detail(found: &Found) -> String {
    match found {
        Found::Past => "不再需要此项检查。".to_owned(),
        Found::Uncut => "未受上限或预算削减。".to_owned(),
        Found::Cut(reasons) => format!("因{}被削减，其余照付。", reasons.join("、")),
        Found::NothingLeft(reason) if reason == NOTHING_EARNED => "按方案，该达标金额没有奖励。".to_owned(),
        Found::NothingLeft(reason) => format!("额度或预算已用完（{reason}）。"),
        Found::NoChoice => "没有可供选择的方式。".to_owned(),
        Found::MayChoose(until) => format!("受益人可在{until}之前选择。"),
        Found::ChoiceOver => "已选择，或选择期限已过。".to_owned(),
        Found::DueAt(at) => format!("于{at}到期。"),
        Found::DueSince(at) => format!("已于{at}到期。"),
        Found::NotHeld => "未被冻结。".to_owned(),
        Found::Held { name, reason, placed_by, proposed_by } if proposed_by.is_empty() => {
            format!("{placed_by}设置了冻结{name}（{reason}），须由两人解除。")
        }
        Found::Held { name, reason, placed_by, proposed_by } => {
            format!("{placed_by}设置了冻结{name}（{reason}），{proposed_by}已提议解除，待第二人确认。")
        }
        Found::NobodyAsked => "按方案无需审批。".to_owned(),
        Found::Asked { needed, given } => {
            let said = format!("须{}人审批，已有{}人同意", needed.approvers, given.len());
            let who: Vec<String> = given.iter().map(|one| format!("{}（{}）", one.person, role(one.role))).collect();
            let who = if who.is_empty() { String::new() } else { format!("：{}", who.join("、")) };
            match missing(needed, given.len()) {
                Some(missing) => format!("{said}{who}；尚缺{missing}。"),
                None => format!("{said}{who}。"),
            }
        }
        Found::Refused { by, reason } => format!("{by}审批未通过（{reason}）。"),
        Found::OwnAccount => "付至受益人本人常用账户。".to_owned(),
        Found::NamedAccount { reference, by } => format!("付至{by}指定的账户{reference}。"),
        Found::NothingAsked => "按方案付款前无需向银行查询。".to_owned(),
        Found::NotAskedYet(check) => format!("尚未向银行查询{}。", subject(*check)),
        Found::Said { answer, lapsed } => said(answer, *lapsed),
        Found::Leaving => "付款正常发出。".to_owned(),
        Found::Stopped(stop, causes) => stopped(*stop, causes),
        Found::AskedOnRetry => "有人决定重试付款时再行检查。".to_owned(),
        Found::NotInstructed => "将在下一批付款时发出指令。".to_owned(),
        Found::NothingToPay => "无应付金额。".to_owned(),
        Found::Tried(attempt) => tried(attempt),
        Found::NeverExpires => "不会失效。".to_owned(),
        Found::ExpiresAt(at) => format!("如在{at}之前仍未付出则失效。"),
        Found::ExpiryHeld(at) => format!("本应于{at}失效，因被冻结而不失效。"),
        Found::Expired => "到期后长期未付，已失效。".to_owned(),
    }
}

pub(super) fn words(found: &Found) -> String {
    match found {
        Found::DueAt(at) => format!("等待到期：{at}"),
        Found::MayChoose(until) => format!("等待受益人选择，截至{until}"),
        Found::Held { name, reason, proposed_by, .. } if proposed_by.is_empty() => {
            format!("等待两人解除冻结{name}（{reason}）")
        }
        Found::Held { name, reason, proposed_by, .. } => {
            format!("等待{proposed_by}以外的第二人确认解除冻结{name}（{reason}）")
        }
        Found::Asked { needed, given } => {
            let missing = missing(needed, given.len()).unwrap_or_default();
            format!("等待审批：尚缺{missing}（须{}人，已有{}人）", needed.approvers, given.len())
        }
        Found::NotAskedYet(check) => format!("等待银行答复{}", subject(*check)),
        Found::Said { answer, lapsed: true } => format!("等待银行再次答复{}", subject(answer.check)),
        Found::Said { answer, lapsed: false } if answer.verdict == Verdict::Fail => {
            format!("等待{}恢复正常{}", subject(answer.check), code(&answer.reason_code))
        }
        Found::Said { answer, lapsed: false } => {
            format!("等待银行答复{}{}", subject(answer.check), code(&answer.reason_code))
        }
        Found::Stopped(Stop::Latched, _) => "等待两人恢复付款".to_owned(),
        Found::Stopped(Stop::LogNotMet | Stop::LogBehind, _) => "等待审计日志".to_owned(),
        Found::NotInstructed => "等待下一批付款".to_owned(),
        Found::Tried(attempt) => match (attempt.status, attempt.first_sent_at) {
            (Status::Rejected | Status::Returned, _) => "等待银行人员决定重试付款".to_owned(),
            (Status::Accepted, _) => "等待核心系统入账".to_owned(),
            (Status::Unknown, Some(_)) => "等待核心系统答复".to_owned(),
            (Status::Unknown, None) => "等待核心系统接收指令".to_owned(),
            (Status::Settled, _) => String::new(),
        },
        Found::Expired => "等待系统登记失效".to_owned(),
        other => detail(other),
    }
}

fn missing(needed: &Needed, given: usize) -> Option<String> {
    let missing = needed.approvers.saturating_sub(given);
    let roles: Vec<&str> = needed.roles.iter().map(|one| role(*one)).collect();
    (missing > 0).then(|| format!("{missing}名{}", roles.join("或")))
}

fn role(role: Approver) -> &'static str {
    match role {
        Approver::FinanceApprover => "财务审批人",
        Approver::ProgramAdmin => "方案管理员",
        Approver::ComplianceOfficer => "合规人员",
        Approver::BranchManager => "网点负责人",
    }
}

fn subject(check: GateCheck) -> &'static str {
    match check {
        GateCheck::Standing => "受益人客户状态",
        GateCheck::Arrears => "受益人欠款情况",
        GateCheck::Sanctions => "制裁名单",
        GateCheck::AccountStatus => "收款账户状态",
    }
}

fn code(code: &str) -> String {
    if code.is_empty() { String::new() } else { format!("（{code}）") }
}

fn said(answer: &Answer, lapsed: bool) -> String {
    let (subject, code) = (subject(answer.check), code(&answer.reason_code));
    match answer.verdict {
        Verdict::Pass if lapsed => format!("{subject}：银行曾答复正常，但答复已过期。"),
        Verdict::Pass => format!("{subject}：银行答复正常。"),
        Verdict::Unknown => format!("{subject}：银行尚无明确答复{code}。"),
        Verdict::Fail => format!("{subject}：银行答复不通过{code}。"),
    }
}

fn stopped(stop: Stop, causes: &[Cause]) -> String {
    match stop {
        Stop::Latched => {
            let causes: Vec<&str> = causes.iter().map(|cause| cause.code()).collect();
            format!("付款已停止（{}），须由两人恢复。", causes.join("、"))
        }
        Stop::LogNotMet => "尚未与审计日志核对，核对前不付款。".to_owned(),
        Stop::LogBehind => "审计日志落后过多，赶上前不付款。".to_owned(),
    }
}

fn tried(attempt: &Attempt) -> String {
    let (number, amount) = (attempt.number, amount_in_chinese(&attempt.amount.to_string()));
    let sent = match attempt.first_sent_at {
        Some(at) => format!("已于{at}送交核心系统"),
        None => "尚未送交核心系统".to_owned(),
    };
    let known = match attempt.status {
        Status::Unknown => "结果未知".to_owned(),
        Status::Accepted => "已受理，尚未入账".to_owned(),
        Status::Settled => format!("已入账，银行参考号{}", attempt.bank_reference),
        Status::Rejected => format!("核心系统已拒绝{}", code(&attempt.reason_code)),
        Status::Returned => "款项被退回".to_owned(),
    };
    format!("第{number}次付款{amount}，{sent}，{known}。")
}

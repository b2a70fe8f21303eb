//! What a plan says of the way from granted to paid, both ways.

use super::terms::Faults;
use crate::domain::{
    calculation::reversal::Clawback,
    terms::{ApprovalBand, Approver, GateCheck, Payment},
};
use handsel_proto::handsel::{
    access::v1::Role,
    reward::v1::{self as wire, reversal_terms},
};
use handsel_service::wire::to_money;

/// What could be read of it; what could not is in `faults`.
pub(super) fn payment_from(plan: &wire::Plan, faults: &mut Faults) -> Payment {
    let bands = plan.approval_bands.iter().enumerate();
    Payment {
        approval_bands: bands
            .filter_map(|(at, band)| band_from(band, &format!("plan.approval_bands[{at}]"), faults))
            .collect(),
        gate: plan.gate_checks().filter_map(check_from).collect(),
        expiry_days: (plan.expiry_days != 0).then_some(plan.expiry_days),
        reversal: reversal_from(plan.reversal.as_ref()),
    }
}

fn band_from(band: &wire::ApprovalBand, path: &str, faults: &mut Faults) -> Option<ApprovalBand> {
    let from = faults.money(band.from_amount.as_ref(), format_args!("{path}.from_amount"));
    let roles = band.roles().filter_map(approver_from).collect();
    Some(ApprovalBand { from: from?, roles, approvers: band.approvers })
}

fn reversal_from(reversal: Option<&wire::ReversalTerms>) -> Clawback {
    match reversal.and_then(|reversal| reversal.terms.as_ref()) {
        None => Clawback::None,
        Some(reversal_terms::Terms::FullWithinDays(days)) => Clawback::Full(i64::from(*days)),
        Some(reversal_terms::Terms::ProRataOverDays(days)) => Clawback::ProRata(i64::from(*days)),
    }
}

pub(super) fn to_reversal(reversal: Clawback) -> Option<wire::ReversalTerms> {
    let days = |days: i64| i32::try_from(days).unwrap_or(i32::MAX);
    let terms = match reversal {
        Clawback::None => return None,
        Clawback::Full(within) => reversal_terms::Terms::FullWithinDays(days(within)),
        Clawback::ProRata(over) => reversal_terms::Terms::ProRataOverDays(days(over)),
    };
    Some(wire::ReversalTerms { terms: Some(terms) })
}

pub(super) fn to_band(band: &ApprovalBand) -> wire::ApprovalBand {
    let ApprovalBand { from, roles, approvers } = band;
    wire::ApprovalBand {
        from_amount: Some(to_money(*from)),
        roles: roles.iter().map(|role| to_approver(*role).into()).collect(),
        approvers: *approvers,
    }
}

fn approver_from(role: Role) -> Option<Approver> {
    match role {
        Role::FinanceApprover => Some(Approver::FinanceApprover),
        Role::ProgramAdmin => Some(Approver::ProgramAdmin),
        Role::ComplianceOfficer => Some(Approver::ComplianceOfficer),
        Role::BranchManager => Some(Approver::BranchManager),
        Role::Unspecified
        | Role::BranchStaff
        | Role::InternalAuditor
        | Role::CoreBanking
        | Role::Service
        | Role::Operator => None,
    }
}

fn to_approver(role: Approver) -> Role {
    match role {
        Approver::FinanceApprover => Role::FinanceApprover,
        Approver::ProgramAdmin => Role::ProgramAdmin,
        Approver::ComplianceOfficer => Role::ComplianceOfficer,
        Approver::BranchManager => Role::BranchManager,
    }
}

fn check_from(check: wire::GateCheck) -> Option<GateCheck> {
    match check {
        wire::GateCheck::Unspecified => None,
        wire::GateCheck::Standing => Some(GateCheck::Standing),
        wire::GateCheck::Arrears => Some(GateCheck::Arrears),
        wire::GateCheck::Sanctions => Some(GateCheck::Sanctions),
        wire::GateCheck::AccountStatus => Some(GateCheck::AccountStatus),
    }
}

pub(super) fn to_check(check: GateCheck) -> wire::GateCheck {
    match check {
        GateCheck::Standing => wire::GateCheck::Standing,
        GateCheck::Arrears => wire::GateCheck::Arrears,
        GateCheck::Sanctions => wire::GateCheck::Sanctions,
        GateCheck::AccountStatus => wire::GateCheck::AccountStatus,
    }
}

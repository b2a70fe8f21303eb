//! A qualified referral from the wire.

use crate::domain::qualification::{Qualification, StaffShare};
use handsel_money::Decimal;
use handsel_proto::handsel::reward::v1 as wire;
use handsel_service::{
    status::Violation,
    wire::{decimal_from, id_from_name, money_from, timestamp_from},
};

/// A qualification, its fields named under `path`.
///
/// # Errors
/// The first field that cannot be taken.
pub(crate) fn qualification_from(said: &wire::Qualification, path: &str) -> Result<Qualification, Violation> {
    let wire::Qualification {
        referral,
        plan,
        plan_version,
        branch,
        referrer,
        referee,
        qualifying_amount,
        qualify_time,
        registrar,
        stage,
        staff,
    } = said;
    let amount =
        qualifying_amount.as_ref().map(|amount| money_from(Some(amount), &format!("{path}.qualifying_amount")));
    Ok(Qualification {
        stage: stage.clone(),
        staff: staff_from(staff, path)?,
        referral: id_from_name("referrals/", referral, &format!("{path}.referral"))?,
        plan: after("plans/", plan),
        plan_version: i64::from(*plan_version),
        branch: branch.clone(),
        referrer: referrer.clone(),
        referee: referee.clone(),
        qualifying_amount: amount.transpose()?,
        qualified_at: timestamp_from(qualify_time.as_ref(), &format!("{path}.qualify_time"))?,
        registrar: registrar.clone(),
    })
}

/// Who shares a team's award, a member at most once.
fn staff_from(staff: &[wire::StaffShare], path: &str) -> Result<Vec<StaffShare>, Violation> {
    let mut shares: Vec<StaffShare> = Vec::with_capacity(staff.len());
    for (at, share) in staff.iter().enumerate() {
        let path = format!("{path}.staff[{at}]");
        let weight = match &share.weight {
            None => Decimal::ONE,
            Some(weight) => decimal_from(Some(weight), &format!("{path}.weight"))?.normalize(),
        };
        if weight <= Decimal::ZERO {
            return Err(Violation::new(format!("{path}.weight"), "a weight is above zero"));
        }
        if shares.iter().any(|earlier| earlier.staff == share.staff) {
            return Err(Violation::new(format!("{path}.staff"), "each member is named once at most"));
        }
        shares.push(StaffShare { staff: share.staff.clone(), weight });
    }
    Ok(shares)
}

/// The id in a name whose form the field rules have checked.
pub(crate) fn after(collection: &str, name: &str) -> String {
    name.strip_prefix(collection).unwrap_or(name).to_owned()
}

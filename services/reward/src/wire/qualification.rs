//! A qualified referral from the wire.

use crate::domain::qualification::Qualification;
use handsel_proto::handsel::reward::v1 as wire;
use handsel_service::{
    status::Violation,
    wire::{id_from_name, money_from, timestamp_from},
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
    } = said;
    let amount =
        qualifying_amount.as_ref().map(|amount| money_from(Some(amount), &format!("{path}.qualifying_amount")));
    Ok(Qualification {
        referral: id_from_name("referrals/", referral, &format!("{path}.referral"))?,
        plan: after("plans/", plan),
        plan_version: i64::from(*plan_version),
        branch: branch.clone(),
        referrer: after("customers/", referrer),
        referee: after("customers/", referee),
        qualifying_amount: amount.transpose()?,
        qualified_at: timestamp_from(qualify_time.as_ref(), &format!("{path}.qualify_time"))?,
        registrar: registrar.clone(),
    })
}

/// The id in a name whose form the field rules have checked.
pub(crate) fn after(collection: &str, name: &str) -> String {
    name.strip_prefix(collection).unwrap_or(name).to_owned()
}

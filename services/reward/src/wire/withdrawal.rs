//! Withdrawals of payment files for the wire.

use crate::domain::withdrawal::{Effect, Withdrawal};
use handsel_proto::handsel::reward::v1::{self as wire, file_withdrawal};
use handsel_service::wire::to_timestamp;

/// What people say of withdrawing a file.
pub(crate) fn to_withdrawal(withdrawal: &Withdrawal) -> wire::FileWithdrawal {
    let Withdrawal { id, effect, note, proposed_by, proposed_at, confirmation, .. } = withdrawal;
    let effect = match effect {
        Effect::Released => file_withdrawal::Effect::Released,
        Effect::Kept => file_withdrawal::Effect::Kept,
    };
    wire::FileWithdrawal {
        id: id.to_string(),
        effect: effect.into(),
        note: note.clone(),
        proposed_by: proposed_by.clone(),
        propose_time: Some(to_timestamp(*proposed_at)),
        confirmed_by: confirmation.as_ref().map(|one| one.by.clone()).unwrap_or_default(),
        confirm_time: confirmation.as_ref().map(|one| to_timestamp(one.at)),
    }
}

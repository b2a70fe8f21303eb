//! Remittances for the wire.

use crate::domain::tax_remittance::{Confirmation, Remittance};
use handsel_proto::handsel::reward::v1::{self as wire, tax_remittance::State};
use handsel_service::wire::{to_money, to_timestamp};

pub(crate) fn to_remittance(remittance: &Remittance) -> wire::TaxRemittance {
    let Remittance { id: _, amount, period, reference, proposed_by, proposed_at, confirmation } = remittance;
    let (state, confirmed_by, confirm_time) = match confirmation {
        None => (State::Proposed, String::new(), None),
        Some(Confirmation { by, at }) => (State::Confirmed, by.clone(), Some(to_timestamp(*at))),
    };
    wire::TaxRemittance {
        name: remittance.name(),
        amount: Some(to_money(*amount)),
        period: period.clone(),
        reference: reference.clone(),
        state: state.into(),
        proposed_by: proposed_by.clone(),
        propose_time: Some(to_timestamp(*proposed_at)),
        confirmed_by,
        confirm_time,
    }
}

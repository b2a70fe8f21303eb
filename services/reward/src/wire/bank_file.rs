//! What the bank's files say, as the domain reads it; and files for the wire.

use super::{difference::to_difference, withdrawal::to_withdrawal};
use crate::{
    domain::{
        payment_file::{FileState, PaymentFile},
        reconciliation::{Act, Said, Word},
    },
    queries::files::{Imported, Left},
    store::bank_file::Kind,
};
use handsel_iso20022::{
    Booked, Booking, Direction, Reported, Status, StatusMeaning,
    pain002::{BatchStatus, ReportHead},
};
use handsel_money::{Timestamp, Zone};
use handsel_proto::handsel::reward::v1::{self as wire, bank_file, payment_file};
use handsel_service::wire::{to_money, to_timestamp};

/// What a report says of the whole of one of our files, as far as it has been read.
pub(crate) struct OrderStatus {
    file: i64,
    message_id: String,
    created_at: Timestamp,
    whole: Option<(Status, Option<String>)>,
    /// Of our payment information, which goes before that of the whole.
    batch: Option<(Status, Option<String>)>,
}

impl OrderStatus {
    /// What stands above the transfers.
    pub(crate) fn of(head: &ReportHead, file: i64) -> Self {
        let whole = head.status.clone().map(|status| (status, head.reason.clone()));
        Self { file, message_id: head.original_message_id.clone(), created_at: head.created_at, whole, batch: None }
    }

    /// What is said of a payment information. Ours has the file's id.
    pub(crate) fn enter(&mut self, batch: &BatchStatus) {
        if batch.payment_information_id == self.message_id {
            self.batch = batch.status.clone().map(|status| (status, batch.reason.clone()));
        }
    }

    /// Our file.
    pub(crate) fn file(&self) -> i64 {
        self.file
    }

    fn effective(&self) -> Option<&(Status, Option<String>)> {
        self.batch.as_ref().or(self.whole.as_ref())
    }

    /// Whether what is said of the whole holds for what is not listed. Where each has its own status it does not.
    pub(crate) fn says_something(&self) -> bool {
        self.effective().is_some_and(|(status, _)| status.meaning() != StatusMeaning::Each)
    }
}

/// What a report says of a transfer.
pub(crate) fn said_of_reported(transfer: &Reported, order: &OrderStatus, position: i64) -> Said {
    let own = transfer.status.clone().map(|status| (status, transfer.reason.clone()));
    let said = own.as_ref().or(order.effective());
    // A transfer of another payment information is in no file of ours: there is no file 0.
    let ours = transfer.payment_information_id.as_ref().is_none_or(|id| *id == order.message_id);
    Said {
        position,
        end_to_end_id: transfer.end_to_end_id.clone(),
        words: words(said),
        amount: transfer.amount,
        instructed: None,
        bank_reference: transfer.bank_reference.clone(),
        reason_code: said.and_then(|(_, reason)| reason.clone()),
        occurred_at: transfer.accepted_at.unwrap_or(order.created_at),
        act: Act::Reported { file: if ours { order.file } else { 0 }, word: word(said) },
    }
}

/// What a report says of a payout that it does not list.
pub(crate) fn said_of_entry(end_to_end_id: &str, order: &OrderStatus, position: i64) -> Said {
    let said = order.effective();
    Said {
        position,
        end_to_end_id: Some(end_to_end_id.to_owned()),
        words: words(said),
        amount: None,
        instructed: None,
        bank_reference: None,
        reason_code: said.and_then(|(_, reason)| reason.clone()),
        occurred_at: order.created_at,
        act: Act::Reported { file: order.file, word: word(said) },
    }
}

fn words(said: Option<&(Status, Option<String>)>) -> String {
    match said {
        Some((status, Some(reason))) => format!("{status} {reason}"),
        Some((status, None)) => status.to_string(),
        None => String::new(),
    }
}

fn word(said: Option<&(Status, Option<String>)>) -> Word {
    match said.map(|(status, _)| status.meaning()) {
        Some(StatusMeaning::Accepted) => Word::Accepted,
        Some(StatusMeaning::Settled) => Word::Settled,
        Some(StatusMeaning::Rejected) => Word::Refused,
        Some(StatusMeaning::Each | StatusMeaning::Unclear) | None => Word::Unclear,
    }
}

/// What a statement says of a transaction. A day without a time of day is its beginning.
pub(crate) fn said_of_booked(booked: &Booked, bank: &str, made_at: Timestamp, zone: &Zone, position: i64) -> Said {
    let direction = match booked.direction {
        Direction::Credit => "CRDT",
        Direction::Debit => "DBIT",
    };
    let words = match &booked.returned {
        Some(reason) => format!("{direction} returned {reason}").trim_end().to_owned(),
        None if booked.reversal => format!("{direction} reversal"),
        None => direction.to_owned(),
    };
    let on_the_day = booked.booked_on.map(|day| day.start_in(zone));
    Said {
        position,
        end_to_end_id: booked.end_to_end_id.clone(),
        words,
        amount: booked.amount,
        instructed: booked.instructed,
        bank_reference: booked.bank_reference.clone(),
        reason_code: booked.returned.clone(),
        occurred_at: booked.booked_at.or(on_the_day).unwrap_or(made_at),
        act: act(booked, bank),
    }
}

fn act(booked: &Booked, bank: &str) -> Act {
    let ours = booked.payment_information_id.as_ref().is_some_and(|id| id.starts_with(&format!("{bank}-")));
    match (booked.booking, booked.direction) {
        (Booking::NotBooked, _) => Act::Nothing,
        // Whichever way: what was booked at once may come back at once, and is nobody else's money.
        (Booking::Booked, _) if booked.end_to_end_id.is_none() && ours => Act::BookedWhole,
        (Booking::Booked, Direction::Debit) if booked.reversal => Act::Reversed,
        (Booking::Booked, Direction::Debit) => Act::PaidOut,
        (Booking::Booked, Direction::Credit) if booked.returned.is_some() || booked.reversal => Act::CameBack,
        (Booking::Booked, Direction::Credit) => Act::CameIn,
    }
}

/// A file's record; what was left out of it where that was read.
pub(crate) fn to_payment_file(file: &PaymentFile, left: Option<&Left>) -> wire::PaymentFile {
    wire::PaymentFile {
        name: file.name(),
        message_id: file.message_id.clone(),
        state: match file.state {
            FileState::Gathering => payment_file::State::Gathering,
            FileState::Closed => payment_file::State::Closed,
            FileState::Sealed => payment_file::State::Sealed,
            FileState::Written => payment_file::State::Written,
            FileState::Withdrawn => payment_file::State::Withdrawn,
        }
        .into(),
        payout_count: file.payouts,
        control_sum: Some(to_money(file.sum)),
        execution_date: file.execution_date.to_string(),
        sha256: file.sha256.clone(),
        size_bytes: file.size_bytes,
        requested_by: file.requested_by.clone(),
        create_time: Some(to_timestamp(file.created_at)),
        update_time: Some(to_timestamp(file.updated_at)),
        left_out_count: left.map_or(0, |left| left.count),
        left_out: left.map_or_else(Vec::new, |left| {
            let each = left.first.iter();
            each.map(|one| wire::LeftOut { end_to_end_id: one.end_to_end_id.clone(), reason: one.reason.clone() })
                .collect()
        }),
        withdrawal: left.and_then(|left| left.withdrawal.as_ref()).map(to_withdrawal),
    }
}

/// A file of the bank's, with the first of its differences.
pub(crate) fn to_bank_file(imported: &Imported) -> wire::BankFile {
    let file = &imported.file;
    wire::BankFile {
        name: format!("bankFiles/{}", file.id),
        kind: match file.kind {
            Kind::StatusReport => bank_file::Kind::StatusReport,
            Kind::Statement => bank_file::Kind::Statement,
        }
        .into(),
        message_id: file.message_id.clone(),
        sha256: file.sha256.clone(),
        said_count: file.said,
        applied_count: file.applied,
        duplicate_count: file.duplicates,
        ignored_count: file.ignored,
        difference_count: imported.difference_count,
        differences: imported.differences.iter().map(to_difference).collect(),
        imported_by: file.imported_by.clone(),
        import_time: Some(to_timestamp(file.imported_at.0)),
    }
}

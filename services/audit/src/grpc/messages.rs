//! Rows and decisions as messages of the contract.

use crate::{
    commands::Receipt,
    domain::{
        admission::Source,
        case::{self, Case, Entry, Item},
        decision::{Decided, Finding},
        hold::{self, Hold, Scope, Stop, Stretch},
        prune::{Progress, Prune},
        violation::{Kind, Violation},
    },
    log::Log,
    queries::{case::Shown, checkpoint::Signed, record::RecordRow, witnessed},
    tlog::{Hash, with_lines},
};
use handsel_access::Caller;
use handsel_outbox::Actor;
use handsel_proto::handsel::{audit::v1 as proto, relay::v1::GreetResponse};
use handsel_service::{status::fault, wire::to_timestamp};
use tonic::Status;

/// A checkpoint with the cosignatures beneath it.
fn checkpoint(signed: &Signed, cosignatures: &[String], witnessed: u64) -> proto::Checkpoint {
    let Signed { size, root, note, signed_at } = signed;
    proto::Checkpoint {
        note: with_lines(note, cosignatures),
        tree_size: size.cast_signed(),
        root_hash: root.to_vec(),
        sign_time: Some(to_timestamp(*signed_at)),
        witnessed_size: witnessed.cast_signed(),
    }
}

/// A checkpoint with whatever witnesses have signed beneath it by now.
pub(super) async fn with_cosignatures(log: &Log, signed: &Signed) -> Result<proto::Checkpoint, Status> {
    let lines = if log.policy.keys.is_empty() {
        Vec::new()
    } else {
        witnessed::lines(&log.db, signed.size, &log.policy).await.map_err(fault)?
    };
    Ok(checkpoint(signed, &lines, *log.witnessed.borrow()))
}

/// A record, without its body where a finding says that it is not the one.
pub(super) fn record(row: RecordRow) -> proto::Record {
    let RecordRow { leaf_index, content, body, salt, withheld, pruned_by } = row;
    proto::Record {
        index: leaf_index,
        leaf: content.into(),
        body: body.filter(|_| !withheld).map(Vec::from).unwrap_or_default(),
        body_salt: salt.filter(|_| !withheld).unwrap_or_default(),
        body_withheld: withheld,
        pruned_by,
    }
}

/// Who called, as records name him.
pub(super) fn actor(caller: &Caller) -> Actor {
    Actor {
        subject: caller.subject.clone(),
        person: caller.person.clone(),
        roles: caller.role_names().map(str::to_owned).collect(),
        branch: caller.branch.as_claim().unwrap_or_default().to_owned(),
    }
}

pub(super) fn finding(finding: Finding) -> proto::Finding {
    let (freezes, settled) = (finding.freezes(), finding.is_settled());
    let Finding { number, violation, found_at, decisions } = finding;
    let Violation { kind, index, place, expected, actual, checkpoints } = violation;
    proto::Finding {
        name: format!("findings/{number}"),
        kind: kind_of(kind).into(),
        index,
        place,
        expected,
        actual,
        checkpoints,
        find_time: Some(to_timestamp(found_at)),
        freezes,
        decisions: decisions.into_iter().map(decision).collect(),
        settled,
    }
}

fn decision(decided: Decided) -> proto::Decision {
    let Decided { person, comment, at } = decided;
    proto::Decision { person, comment, decide_time: Some(to_timestamp(at)) }
}

fn kind_of(kind: Kind) -> proto::finding::Kind {
    use proto::finding::Kind as Wire;
    match kind {
        Kind::LeafTampered => Wire::LeafTampered,
        Kind::LeafMissing => Wire::LeafMissing,
        Kind::LeafBeyond => Wire::LeafBeyond,
        Kind::BodyTampered => Wire::BodyTampered,
        Kind::BodyMissing => Wire::BodyMissing,
        Kind::TileTampered => Wire::TileTampered,
        Kind::RootMismatch => Wire::RootMismatch,
        Kind::HeadTampered => Wire::HeadTampered,
        Kind::CheckpointForged => Wire::CheckpointForged,
        Kind::CosignatureForged => Wire::CosignatureForged,
        Kind::Fork => Wire::Fork,
        Kind::Rollback => Wire::Rollback,
        Kind::IndexTampered => Wire::IndexTampered,
        Kind::SequenceBroken => Wire::SequenceBroken,
        Kind::StatementsLost => Wire::StatementsLost,
        Kind::ClockFault => Wire::ClockFault,
        Kind::LedgerMismatch => Wire::LedgerMismatch,
    }
}

pub(super) fn receipt(receipt: Receipt) -> proto::AppendReceipt {
    let Receipt { sequence, index, leaf } = receipt;
    proto::AppendReceipt { sequence, index, leaf }
}

/// A source that never came is known by nothing.
pub(super) fn known(source: Option<Source>) -> GreetResponse {
    let Some(Source { epoch, last_sequence, last_digest }) = source else { return GreetResponse::default() };
    GreetResponse { epoch, last_sequence, last_digest: last_digest.to_vec() }
}

pub(super) fn hashes(hashes: Vec<Hash>) -> Vec<Vec<u8>> {
    hashes.into_iter().map(Hash::to_vec).collect()
}

pub(super) fn case(case: Case) -> proto::Case {
    let (name, etag) = (case.name(), case.etag());
    let Case { id: _, reason, opened, index, state, entries, holds } = case;
    let (state, outcome, closed) = match state {
        case::State::Open => (proto::case::State::Open, String::new(), None),
        case::State::Closed { outcome, closed } => (proto::case::State::Closed, outcome, Some(closed)),
    };
    proto::Case {
        name,
        reason,
        state: state.into(),
        outcome,
        opened_by: opened.by,
        open_time: Some(to_timestamp(opened.at)),
        close_time: closed.as_ref().map(|closed| to_timestamp(closed.at)),
        closed_by: closed.map(|closed| closed.by).unwrap_or_default(),
        entry_count: entries,
        hold_count: holds,
        record_index: index,
        etag,
    }
}

pub(super) fn case_entry(Shown { entry, note }: Shown) -> proto::CaseEntry {
    use proto::case_entry::Item as Wire;
    let Entry { number, item, added, index } = entry;
    let note_withheld = item == Item::Note && note.is_none();
    let item = match item {
        Item::Records { first, end } => {
            Wire::Records(proto::RecordRange { first_index: first.cast_signed(), end_index: end.cast_signed() })
        }
        Item::Finding(number) => Wire::Finding(format!("findings/{number}")),
        Item::Note => Wire::Note(note.unwrap_or_default()),
    };
    proto::CaseEntry {
        number,
        item: Some(item),
        note_withheld,
        added_by: added.by,
        add_time: Some(to_timestamp(added.at)),
        record_index: index,
    }
}

pub(super) fn hold(hold: Hold) -> proto::Hold {
    let (name, etag) = (hold.name(), hold.etag().to_owned());
    let Hold { id: _, case, scope, reason, placed, index, state, stop } = hold;
    let (state, proposed, confirmed) = match state {
        hold::State::Active => (proto::hold::State::Active, None, None),
        hold::State::ReleaseProposed(step) => (proto::hold::State::ReleaseProposed, Some(step), None),
        hold::State::Released { proposed, confirmed } => {
            (proto::hold::State::Released, Some(proposed), Some(confirmed))
        }
    };
    proto::Hold {
        name,
        case: case.map(|case| format!("cases/{case}")).unwrap_or_default(),
        scope: Some(proto::hold::Scope { what: Some(scope_of(scope)) }),
        reason,
        state: state.into(),
        placed_by: placed.by,
        place_time: Some(to_timestamp(placed.at)),
        release_propose_time: proposed.as_ref().map(|step| to_timestamp(step.at)),
        release_proposed_by: proposed.map(|step| step.by).unwrap_or_default(),
        release_time: confirmed.as_ref().map(|step| to_timestamp(step.at)),
        released_by: confirmed.map(|step| step.by).unwrap_or_default(),
        payments: payments(stop),
        record_index: index,
        etag,
    }
}

fn scope_of(scope: Scope) -> proto::hold::scope::What {
    use proto::hold::scope::What;
    match scope {
        Scope::Payments(name) => What::Payments(name),
        Scope::Subject(name) => What::Subject(name),
        Scope::Records(Stretch { first, end, source }) => What::Records(proto::hold::Records {
            first_index: first.cast_signed(),
            end_index: end.cast_signed(),
            source: source.unwrap_or_default(),
        }),
        Scope::Type(kind) => What::Type(kind),
    }
}

fn payments(stop: Stop) -> Option<proto::hold::Payments> {
    use proto::hold::payments::State;
    let (state, at, reason) = match stop {
        Stop::Unasked => return None,
        Stop::Owed => (State::Owed, None, String::new()),
        Stop::InForce { since } => (State::InForce, Some(since), String::new()),
        Stop::Refused { reason, at } => (State::Refused, Some(at), reason),
        Stop::Lifted { at } => (State::Lifted, Some(at), String::new()),
    };
    Some(proto::hold::Payments { state: state.into(), answer_time: at.map(to_timestamp), reason })
}

pub(super) fn prune(prune: Prune) -> proto::Prune {
    let name = prune.name();
    let Prune { id: _, types, before, proposed, confirmed, progress } = prune;
    let Progress { next, pruned, held, done } = progress;
    let state = match (&confirmed, done) {
        (None, _) => proto::prune::State::Proposed,
        (Some(_), false) => proto::prune::State::Confirmed,
        (Some(_), true) => proto::prune::State::Done,
    };
    let confirm_time = confirmed.as_ref().map(|step| to_timestamp(step.at));
    proto::Prune {
        name,
        types,
        before_time: Some(to_timestamp(before)),
        state: state.into(),
        proposer: proposed.by,
        propose_time: Some(to_timestamp(proposed.at)),
        confirmer: confirmed.map(|step| step.by).unwrap_or_default(),
        confirm_time,
        next_index: next.cast_signed(),
        pruned,
        held,
    }
}

//! What officers' acts left in tables, as the scrubber holds it to their records: people by pseudonym.

use crate::{
    client::pruned,
    domain::{
        act::ActSaid,
        admission::Body,
        hold,
        kept::{PRUNED_BODIES, Row},
        prune::PRUNED,
    },
    said,
    store::kept::{
        self, AnswerKept, CaseKept, ClearanceKept, ClosingKept, ConfirmationKept, EntryKept, HoldKept, Kept, PruneKept,
        ReconciliationKept, ReleaseKept,
    },
    tlog::{Hash, body_digest},
};
use handsel_outbox::{
    Pseudonyms,
    statement::{self, ParsedActor, ParsedStatement},
};
use handsel_storage::{At, Fault, Tx};
use serde_json::Value;
use std::collections::HashMap;

/// What points to the records from `first` to before `end`, by record.
pub(crate) async fn rows(
    tx: &mut Tx,
    (first, end): (u64, u64),
    pseudonyms: &Pseudonyms,
) -> Result<HashMap<u64, Vec<Row>>, Fault> {
    let mut rows: HashMap<u64, Vec<Row>> = HashMap::new();
    for (index, row) in all(kept::between(tx, first, end).await?, pseudonyms) {
        rows.entry(index.cast_unsigned()).or_default().push(row);
    }
    Ok(rows)
}

fn all(kept: Kept, people: &Pseudonyms) -> Vec<(i64, Row)> {
    let Kept {
        cases,
        entries,
        closings,
        holds,
        releases,
        answers,
        reconciliations,
        clearances,
        prunes,
        confirmations,
        pruned,
    } = kept;
    let mut rows = Vec::new();
    rows.extend(cases.into_iter().map(|row| case(row, people)));
    rows.extend(entries.into_iter().map(|row| entry(row, people)));
    rows.extend(closings.into_iter().map(|row| closing(row, people)));
    rows.extend(holds.into_iter().map(|row| hold(row, people)));
    rows.extend(releases.into_iter().map(|row| release(row, people)));
    rows.extend(answers.into_iter().map(answer));
    rows.extend(reconciliations.into_iter().map(|row| reconciliation(row, people)));
    rows.extend(
        clearances.into_iter().map(|ClearanceKept { erasure, leaf_index }| {
            (leaf_index, Row::of("clearance", [("erasure", Some(erasure))]))
        }),
    );
    rows.extend(prunes.into_iter().map(|row| prune(row, people)));
    rows.extend(confirmations.into_iter().map(|row| confirmation(row, people)));
    rows.extend(pruned.into_iter().map(|(record, count)| (record, Row::of(PRUNED_BODIES, [("rows", number(count))]))));
    rows
}

fn staff(person: &str, people: &Pseudonyms) -> Option<String> {
    Some(people.staff(person))
}

fn instant(at: At) -> Option<String> {
    Some(at.0.to_string())
}

fn number(number: i64) -> Option<String> {
    Some(number.to_string())
}

fn case(row: CaseKept, people: &Pseudonyms) -> (i64, Row) {
    let CaseKept { id, reason, opened_by, opened_at, leaf_index } = row;
    let columns = [
        ("id", Some(id.to_string())),
        ("reason", Some(reason)),
        ("opened_by", staff(&opened_by, people)),
        ("opened_at", instant(opened_at)),
    ];
    (leaf_index, Row::of("case_file", columns))
}

fn entry(row: EntryKept, people: &Pseudonyms) -> (i64, Row) {
    let EntryKept { case_id, number: place, item, first_index, end_index, finding, added_by, added_at, leaf_index } =
        row;
    let columns = [
        ("case_id", Some(case_id.to_string())),
        ("number", number(place)),
        ("item", Some(item)),
        ("first_index", first_index.and_then(number)),
        ("end_index", end_index.and_then(number)),
        ("finding", finding.and_then(number)),
        ("added_by", staff(&added_by, people)),
        ("added_at", instant(added_at)),
    ];
    (leaf_index, Row::of("case_entry", columns))
}

fn closing(row: ClosingKept, people: &Pseudonyms) -> (i64, Row) {
    let ClosingKept { case_id, outcome, closed_by, closed_at, leaf_index } = row;
    let columns = [
        ("case_id", Some(case_id.to_string())),
        ("outcome", Some(outcome)),
        ("closed_by", staff(&closed_by, people)),
        ("closed_at", instant(closed_at)),
    ];
    (leaf_index, Row::of("case_closing", columns))
}

fn hold(row: HoldKept, people: &Pseudonyms) -> (i64, Row) {
    let HoldKept {
        id,
        case_id,
        scope,
        subject,
        token,
        first_index,
        end_index,
        source,
        record_type,
        reason,
        placed_by,
        placed_at,
        leaf_index,
    } = row;
    let columns = [
        ("id", Some(id.to_string())),
        ("case_id", case_id.map(|id| id.to_string())),
        ("scope", Some(scope)),
        ("subject", subject.map(|name| hold::token(&name, |name| people.name(name)))),
        ("token", token),
        ("first_index", first_index.and_then(number)),
        ("end_index", end_index.and_then(number)),
        ("source", source),
        ("record_type", record_type),
        ("reason", Some(reason)),
        ("placed_by", staff(&placed_by, people)),
        ("placed_at", instant(placed_at)),
    ];
    (leaf_index, Row::of("hold", columns))
}

fn release(row: ReleaseKept, people: &Pseudonyms) -> (i64, Row) {
    let ReleaseKept { hold_id, step, person, released_at, leaf_index } = row;
    let columns = [
        ("hold_id", Some(hold_id.to_string())),
        ("step", Some(step)),
        ("person", staff(&person, people)),
        ("released_at", instant(released_at)),
    ];
    (leaf_index, Row::of("hold_release", columns))
}

fn answer(row: AnswerKept) -> (i64, Row) {
    let AnswerKept { hold_id, step, reason, answered_at, leaf_index } = row;
    let columns = [
        ("hold_id", Some(hold_id.to_string())),
        ("step", Some(step)),
        ("reason", Some(reason)),
        ("answered_at", instant(answered_at)),
    ];
    (leaf_index, Row::of("hold_answer", columns))
}

fn reconciliation(row: ReconciliationKept, people: &Pseudonyms) -> (i64, Row) {
    let ReconciliationKept {
        id,
        source,
        from_time,
        to_time,
        outcome,
        asked_by,
        finding,
        fingerprint,
        reconciled_at,
        leaf_index,
    } = row;
    // A number that no finding has is told as it stands: it is no fingerprint.
    let finding =
        fingerprint.map(hex::encode).or(finding.map(|number| format!("findings/{number}, which is not there")));
    let asked_by = if asked_by.is_empty() { Some(asked_by) } else { staff(&asked_by, people) };
    let columns = [
        ("id", Some(id.to_string())),
        ("source", Some(source)),
        ("from_time", instant(from_time)),
        ("to_time", instant(to_time)),
        ("outcome", Some(outcome)),
        ("asked_by", asked_by),
        ("finding", finding),
        ("reconciled_at", instant(reconciled_at)),
    ];
    (leaf_index, Row::of("reconciliation", columns))
}

fn prune(row: PruneKept, people: &Pseudonyms) -> (i64, Row) {
    let PruneKept { id, types, before_at, proposer, proposed_at, leaf_index } = row;
    let columns = [
        ("id", Some(id)),
        ("types", Some(types)),
        ("before_at", instant(before_at)),
        ("proposer", staff(&proposer, people)),
        ("proposed_at", instant(proposed_at)),
    ];
    (leaf_index, Row::of("prune", columns))
}

fn confirmation(row: ConfirmationKept, people: &Pseudonyms) -> (i64, Row) {
    let ConfirmationKept { prune_id, person, confirmed_at, leaf_index } = row;
    let columns =
        [("prune_id", Some(prune_id)), ("person", staff(&person, people)), ("confirmed_at", instant(confirmed_at))];
    (leaf_index, Row::of("prune_confirmation", columns))
}

/// The row that a record of the log's own is the reason for, if it can be read; its body counts where it is the one that the
/// statement commits to.
pub(super) fn owed(index: u64, content: &[u8], stored: Option<&Body>) -> Option<Row> {
    let (_, bytes) = said::parts(content)?;
    let parsed = statement::parse(bytes).ok()?;
    let ParsedStatement { kind, subjects, outcome, reason, time, actor, body, .. } = parsed;
    let ParsedActor { staff, on_behalf_of, .. } = actor;
    let committed = body.map(|body| Hash::from(body.digest));
    let proven = stored.filter(|stored| Some(body_digest(&stored.salt, &stored.content)) == committed);
    let details: Option<Value> = proven.and_then(|body| serde_json::from_slice(&body.content).ok());
    let said = || pruned::read(index, &serde_json::from_slice(bytes).ok()?, &proven?.salt, &proven?.content);
    let act = ActSaid {
        kind: &kind,
        subjects: &subjects,
        outcome: &outcome,
        reason: reason.as_deref(),
        at: time,
        by: if on_behalf_of.is_empty() { &staff } else { &on_behalf_of },
        body: details.as_ref(),
        pruned: (kind == PRUNED).then(said).flatten().map(|said| said.bodies()),
    };
    act.row()
}

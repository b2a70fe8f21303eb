//! What officers' acts left in tables: every column, every row.

use super::{Column, Deed, Flag, Id, Instant, Number, Text, Victim, columns, deeds};
use crate::{
    holds::Reward,
    past::Past,
    reconcile::{Ledger, at, paid},
    stage::{Producer, Stage},
    witness::{Beside, watched},
};
use handsel_audit::AuditConfig;
use handsel_proto::handsel::audit::v1::{
    RecordRange,
    add_to_case_request::Item,
    hold::{Records, scope::What},
};
use handsel_testkit::{Lab, on_both_engines};
use std::{sync::Arc, time::Duration};

/// Every column of cases.
const CASES: [Column; 19] = [
    ("case_file", "id", Id, "TRUE"),
    ("case_file", "reason", Text, "TRUE"),
    ("case_file", "opened_by", Text, "TRUE"),
    ("case_file", "opened_at", Instant, "TRUE"),
    ("case_file", "leaf_index", Number, "TRUE"),
    ("case_entry", "case_id", Id, "number = 1"),
    ("case_entry", "number", Number, "number = 1"),
    ("case_entry", "item", Text, "number = 1"),
    ("case_entry", "first_index", Number, "number = 1"),
    ("case_entry", "end_index", Number, "number = 1"),
    ("case_entry", "finding", Number, "number = 3"),
    ("case_entry", "added_by", Text, "number = 1"),
    ("case_entry", "added_at", Instant, "number = 1"),
    ("case_entry", "leaf_index", Number, "number = 1"),
    ("case_closing", "case_id", Id, "TRUE"),
    ("case_closing", "outcome", Text, "TRUE"),
    ("case_closing", "closed_by", Text, "TRUE"),
    ("case_closing", "closed_at", Instant, "TRUE"),
    ("case_closing", "leaf_index", Number, "TRUE"),
];
/// Every column of holds, their releases and what was answered.
const HOLDS: [Column; 23] = [
    ("hold", "id", Id, "scope = 'SUBJECT'"),
    ("hold", "case_id", Id, "scope = 'PAYMENTS'"),
    ("hold", "scope", Text, "scope = 'SUBJECT'"),
    ("hold", "subject", Text, "scope = 'SUBJECT'"),
    ("hold", "token", Text, "scope = 'SUBJECT'"),
    ("hold", "first_index", Number, "scope = 'RECORDS'"),
    ("hold", "end_index", Number, "scope = 'RECORDS'"),
    ("hold", "source", Text, "scope = 'RECORDS'"),
    ("hold", "record_type", Text, "scope = 'TYPE'"),
    ("hold", "reason", Text, "scope = 'SUBJECT'"),
    ("hold", "placed_by", Text, "scope = 'SUBJECT'"),
    ("hold", "placed_at", Instant, "scope = 'SUBJECT'"),
    ("hold", "leaf_index", Number, "scope = 'SUBJECT'"),
    ("hold_release", "hold_id", Id, "step = 'CONFIRMED'"),
    ("hold_release", "step", Text, "step = 'CONFIRMED'"),
    ("hold_release", "person", Text, "step = 'CONFIRMED'"),
    ("hold_release", "released_at", Instant, "step = 'CONFIRMED'"),
    ("hold_release", "leaf_index", Number, "step = 'CONFIRMED'"),
    ("hold_answer", "hold_id", Id, "step = 'PLACED'"),
    ("hold_answer", "step", Text, "step = 'PLACED'"),
    ("hold_answer", "reason", Text, "step = 'PLACED'"),
    ("hold_answer", "answered_at", Instant, "step = 'PLACED'"),
    ("hold_answer", "leaf_index", Number, "step = 'PLACED'"),
];
/// Every column of reconciliations, clearances and prunes.
const PRUNES: [Column; 28] = [
    ("reconciliation", "id", Id, "outcome = 'DIFFERENT'"),
    ("reconciliation", "source", Text, "outcome = 'DIFFERENT'"),
    ("reconciliation", "from_time", Instant, "outcome = 'DIFFERENT'"),
    ("reconciliation", "to_time", Instant, "outcome = 'DIFFERENT'"),
    ("reconciliation", "outcome", Text, "outcome = 'DIFFERENT'"),
    ("reconciliation", "asked_by", Text, "outcome = 'DIFFERENT'"),
    ("reconciliation", "finding", Number, "outcome = 'DIFFERENT'"),
    ("reconciliation", "reconciled_at", Instant, "outcome = 'DIFFERENT'"),
    ("reconciliation", "leaf_index", Number, "outcome = 'DIFFERENT'"),
    ("clearance", "erasure", Text, "TRUE"),
    ("clearance", "leaf_index", Number, "TRUE"),
    ("prune", "id", Text, "TRUE"),
    ("prune", "types", Text, "TRUE"),
    ("prune", "before_at", Instant, "TRUE"),
    ("prune", "proposer", Text, "TRUE"),
    ("prune", "proposed_at", Instant, "TRUE"),
    ("prune", "leaf_index", Number, "TRUE"),
    ("prune_confirmation", "prune_id", Text, "TRUE"),
    ("prune_confirmation", "person", Text, "TRUE"),
    ("prune_confirmation", "confirmed_at", Instant, "TRUE"),
    ("prune_confirmation", "leaf_index", Number, "TRUE"),
    ("prune_progress", "prune_id", Text, "TRUE"),
    ("prune_progress", "next_index", Number, "TRUE"),
    ("prune_progress", "pruned", Number, "TRUE"),
    ("prune_progress", "held", Number, "TRUE"),
    ("prune_progress", "done", Flag, "TRUE"),
    ("pruned_body", "leaf_index", Number, "leaf_index = 2"),
    ("pruned_body", "record", Number, "leaf_index = 2"),
];
/// Rows taken away.
const GONE: [Deed; 15] = [
    ("a case deleted", &["DELETE FROM case_file"]),
    ("an entry of a case deleted", &["DELETE FROM case_entry WHERE number = 2"]),
    ("a case open again", &["DELETE FROM case_closing"]),
    ("a hold deleted", &["DELETE FROM hold WHERE scope = 'SUBJECT'"]),
    ("a proposal to release a hold deleted", &["DELETE FROM hold_release WHERE step = 'PROPOSED'"]),
    ("a released hold in force again", &["DELETE FROM hold_release"]),
    ("an answer to a hold deleted", &["DELETE FROM hold_answer WHERE step = 'PLACED'"]),
    ("a reconciliation that differed deleted", &["DELETE FROM reconciliation WHERE outcome = 'DIFFERENT'"]),
    ("the finding of a reconciliation deleted", &["DELETE FROM finding"]),
    ("a clearance deleted", &["DELETE FROM clearance"]),
    ("a prune deleted", &["DELETE FROM prune"]),
    ("a prune's confirmation deleted", &["DELETE FROM prune_confirmation"]),
    ("a prune's progress deleted", &["DELETE FROM prune_progress"]),
    ("a pruned body no longer noted as pruned", &["DELETE FROM pruned_body WHERE leaf_index = 2"]),
    (
        "a pruned body put back as it was",
        &[
            "INSERT INTO body (leaf_index, content, salt) SELECT 2, content, salt FROM body WHERE leaf_index = 4",
            "DELETE FROM pruned_body WHERE leaf_index = 2",
        ],
    ),
];
/// Rows added, each beside a record that says something else.
const INVENTED: [Deed; 12] = [
    (
        "a case invented",
        &[
            "INSERT INTO case_file (id, reason, opened_by, opened_at, leaf_index) SELECT (SELECT id FROM hold LIMIT 1), 'X', 'olga', opened_at, 3 FROM case_file",
        ],
    ),
    (
        "an entry of a case invented",
        &[
            "INSERT INTO case_entry (case_id, number, item, added_by, added_at, leaf_index) SELECT case_id, 9, 'NOTE', 'olga', added_at, 3 FROM case_entry WHERE number = 1",
        ],
    ),
    (
        "a case closed by nobody",
        &[
            "INSERT INTO case_closing (case_id, outcome, closed_by, closed_at, leaf_index) SELECT (SELECT id FROM hold LIMIT 1), 'X', 'olga', closed_at, 3 FROM case_closing",
        ],
    ),
    (
        "a hold invented",
        &[
            "INSERT INTO hold (id, scope, record_type, reason, placed_by, placed_at, leaf_index) SELECT (SELECT id FROM case_file), 'TYPE', 'a.', 'X', 'olga', placed_at, 3 FROM hold WHERE scope = 'TYPE'",
        ],
    ),
    (
        "a hold released by two people who did not",
        &[
            "INSERT INTO hold_release (hold_id, step, person, released_at, leaf_index) SELECT id, 'PROPOSED', 'a', placed_at, 3 FROM hold WHERE scope = 'SUBJECT'",
            "INSERT INTO hold_release (hold_id, step, person, released_at, leaf_index) SELECT id, 'CONFIRMED', 'b', placed_at, 4 FROM hold WHERE scope = 'SUBJECT'",
        ],
    ),
    (
        "an answer to a hold invented",
        &[
            "INSERT INTO hold_answer (hold_id, step, reason, answered_at, leaf_index) SELECT id, 'PLACED', '', placed_at, 3 FROM hold WHERE scope = 'SUBJECT'",
        ],
    ),
    (
        "a reconciliation invented",
        &[
            "INSERT INTO reconciliation (id, source, from_time, to_time, outcome, asked_by, reconciled_at, leaf_index) SELECT (SELECT id FROM case_file), source, from_time, to_time, 'MATCHED', '', reconciled_at, 3 FROM reconciliation WHERE outcome = 'MATCHED'",
        ],
    ),
    ("a clearance invented", &["INSERT INTO clearance (erasure, leaf_index) VALUES ('erasures/1', 3)"]),
    (
        "a prune invented",
        &[
            "INSERT INTO prune (id, types, before_at, proposer, proposed_at, leaf_index) SELECT 'p', types, before_at, 'a', proposed_at, 3 FROM prune",
        ],
    ),
    (
        "a prune that nobody confirmed begun",
        &[
            "DELETE FROM prune_confirmation",
            "INSERT INTO prune_confirmation (prune_id, person, confirmed_at, leaf_index) SELECT id, 'b', proposed_at, 3 FROM prune",
        ],
    ),
    (
        "a body deleted and noted as pruned by the record of a prune that does not name it",
        &[
            "INSERT INTO pruned_body (leaf_index, record) SELECT 4, MAX(record) FROM pruned_body",
            "DELETE FROM body WHERE leaf_index = 4",
        ],
    ),
    (
        "a record without a body noted as pruned",
        &["INSERT INTO pruned_body (leaf_index, record) SELECT 0, MAX(record) FROM pruned_body"],
    ),
];

impl Victim {
    /// Two payouts of which the ledger has one, three statements, and one of each act: cases, holds, releases, answers,
    /// reconciliations, a clearance, and a prune past a hold.
    async fn of_acts(lab: Lab) -> Self {
        let beside = Beside::start(&lab, 1).await;
        lab.clock.set(at(500_000)).unwrap();
        let ledger = Ledger::with(&[(1, 10, 500)]);
        let others = vec![lab.serve_all(vec![Arc::new(ledger), Arc::new(Reward::default())]).await];
        let told = || AuditConfig { reward: Some(lab.peer(others[0].address())), ..watched(&[&beside], 1) };
        let stage = Stage::with(lab.clone(), told()).await;
        let mut producer = Producer::of("reward/audit");
        for (number, seconds) in [(1, 10), (2, 20)] {
            let statement = paid(&mut producer, number, seconds, 500);
            stage.append("reward/audit", 1, vec![statement]).await.unwrap();
        }
        stage.fill(&mut Producer::of("referral/audit"), 3).await;
        stage.reconcile(at(0), at(15)).await.unwrap();
        stage.reconcile(at(0), at(86_400)).await.unwrap();
        let case = stage.open_case(1).await.unwrap().name;
        stage.add(2, &case, Item::Records(RecordRange { first_index: 0, end_index: 2 })).await.unwrap();
        stage.add(3, &case, Item::Note("he introduced himself".to_owned())).await.unwrap();
        stage.add(4, &case, Item::Finding("findings/1".to_owned())).await.unwrap();
        let payments = stage.place(5, What::Payments("customers/42".to_owned()), &case).await.unwrap();
        stage.sign().await;
        stage.release("olga", 6, &payments).await.unwrap();
        stage.release("karel", 7, &payments).await.unwrap();
        stage.sign().await;
        stage.close(8, &case, "").await.unwrap();
        let records = Records { first_index: 4, end_index: 5, source: "referral/audit".to_owned() };
        for (request, scope) in [
            (9, What::Subject("customers/43".to_owned())),
            (10, What::Records(records)),
            (11, What::Type("tier.".to_owned())),
        ] {
            stage.place(request, scope, "").await.unwrap();
        }
        stage.clear().await.unwrap();
        lab.system.advance(10 * crate::prune::YEAR + Duration::from_secs(1)).unwrap();
        let stage = stage.restarted_with(told()).await.unwrap();
        let done = stage.pruned("old", &["referral."]).await;
        assert_eq!((done.pruned, done.held), (2, 1));
        stage.sign().await;
        let mut past = Past::of(&lab).await;
        past.keep().await;
        Self { stage, beside, past, _others: others }
    }
}

on_both_engines! {
    async fn of_cases_nothing_is_changed_in_silence(lab: Lab) {
        columns(Victim::of_acts(lab).await, "cases", &CASES).await;
    }

    async fn of_holds_nothing_is_changed_in_silence(lab: Lab) {
        columns(Victim::of_acts(lab).await, "holds", &HOLDS).await;
    }

    async fn of_what_was_compared_cleared_and_pruned_nothing_that_counts_is_changed_in_silence(lab: Lab) {
        columns(Victim::of_acts(lab).await, "prunes", &PRUNES).await;
    }

    async fn an_act_whose_row_is_gone_is_missed(lab: Lab) {
        deeds(Victim::of_acts(lab).await, "gone", &GONE).await;
    }

    async fn an_act_that_no_record_tells_of_is_seen(lab: Lab) {
        deeds(Victim::of_acts(lab).await, "invented", &INVENTED).await;
    }
}

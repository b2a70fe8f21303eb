//! The tamper matrix: whatever somebody who owns the database does to it, who finds it out, and how. Each row is done to the same
//! log, past triggers and keys, and undone again. The table that comes of it stands in the service's README, and is held to it;
//! `UPDATE=1` writes it anew.

mod acts;

use crate::{
    past::Past,
    stage::{Producer, Stage, config, pseudonyms, verifier},
    witness::{Beside, watched},
};
use handsel_audit::{
    Audit,
    client::{Follower, VerifyError, verify_stream},
};
use handsel_outbox::statement::statement_digest;
use handsel_proto::handsel::audit::v1::SealedStatement;
use handsel_testkit::{Engine, Lab, Server, on_both_engines};
use std::{collections::BTreeSet, fs, path::Path};
use tonic::Code;

/// What a column holds, and so what is flipped in it.
#[derive(Clone, Copy)]
enum Holds {
    Bytes,
    Number,
    Text,
    Instant,
    Id,
    Flag,
}
use Holds::{Bytes, Flag, Id, Instant, Number, Text};

/// A column, and the row in which it is touched.
type Column = (&'static str, &'static str, Holds, &'static str);
/// A deed by its name.
type Deed = (&'static str, &'static [&'static str]);

/// Every column of what the tree is made of.
const TREE: [Column; 10] = [
    ("leaf", "leaf_index", Number, "leaf_index = 100"),
    ("leaf", "content", Bytes, "leaf_index = 100"),
    ("leaf", "hash", Bytes, "leaf_index = 100"),
    ("body", "leaf_index", Number, "leaf_index = 100"),
    ("body", "content", Bytes, "leaf_index = 100"),
    ("body", "salt", Bytes, "leaf_index = 100"),
    ("tile", "level", Number, "number = 0"),
    ("tile", "number", Number, "number = 0"),
    ("tile", "hashes", Bytes, "number = 0"),
    ("tile", "root", Bytes, "number = 0"),
];
/// Every column of what is said of it.
const HEADS: [Column; 11] = [
    ("head", "size", Number, "size = 256"),
    ("head", "root", Bytes, "size = 256"),
    ("head", "epoch", Number, "size = 256"),
    ("head", "logged_at", Instant, "size = 256"),
    ("checkpoint", "size", Number, "size = 300"),
    ("checkpoint", "note", Text, "size = 300"),
    ("checkpoint", "signed_at", Instant, "size = 300"),
    ("cosignature", "size", Number, "size = 300"),
    ("cosignature", "witness", Text, "size = 300"),
    ("cosignature", "line", Text, "size = 300"),
    ("cosignature", "cosigned_seconds", Number, "size = 300"),
];
/// Every column of the index of sources.
const INDEX: [Column; 10] = [
    ("place", "source", Text, "first_leaf = 1"),
    ("place", "first_sequence", Number, "first_leaf = 1"),
    ("place", "first_leaf", Number, "first_leaf = 1"),
    ("place", "last_digest", Bytes, "first_leaf = 1"),
    ("source_epoch", "source", Text, "source = 'referral/audit'"),
    ("source_epoch", "epoch", Number, "source = 'referral/audit'"),
    ("conflict", "source", Text, "source_sequence = 1"),
    ("conflict", "source_sequence", Number, "source_sequence = 1"),
    ("conflict", "statement_digest", Bytes, "source_sequence = 1"),
    ("conflict", "leaf_index", Number, "source_sequence = 1"),
];
/// What is taken away.
const REMOVED: [Deed; 11] = [
    ("a leaf deleted", &["DELETE FROM leaf WHERE leaf_index = 100"]),
    ("a body deleted", &["DELETE FROM body WHERE leaf_index = 100"]),
    (
        "a body deleted that no record says was pruned, and noted as pruned",
        &["INSERT INTO pruned_body (leaf_index, record) VALUES (100, 300)", "DELETE FROM body WHERE leaf_index = 100"],
    ),
    ("a tile deleted", &["DELETE FROM tile"]),
    ("an older head deleted", &["DELETE FROM head WHERE size = 256"]),
    (
        "an older checkpoint and its cosignature deleted",
        &["DELETE FROM cosignature WHERE size = 300", "DELETE FROM checkpoint WHERE size = 300"],
    ),
    ("a place deleted", &["DELETE FROM place WHERE first_leaf = 1"]),
    ("a source's leases deleted", &["DELETE FROM source_epoch WHERE source = 'referral/audit'"]),
    ("a conflict deleted", &["DELETE FROM conflict"]),
    (
        "the newest head and checkpoint deleted",
        &[
            "DELETE FROM cosignature WHERE size > 300",
            "DELETE FROM checkpoint WHERE size > 300",
            "DELETE FROM head WHERE size > 300",
        ],
    ),
    (
        "the end cut off, with everything that points to it",
        &[
            "DELETE FROM cosignature WHERE size > 300",
            "DELETE FROM checkpoint WHERE size > 300",
            "DELETE FROM head WHERE size > 300",
            "DELETE FROM conflict WHERE leaf_index >= 300",
            "DELETE FROM place WHERE first_leaf >= 300",
            "DELETE FROM leaf WHERE leaf_index >= 300",
        ],
    ),
];
/// What is moved, added or replaced.
const MOVED: [Deed; 10] = [
    ("sequencer.epoch set back", &["UPDATE sequencer SET epoch = 0"]),
    ("sequencer.holder replaced", &["UPDATE sequencer SET holder = 'somebody', expires_millis = 0"]),
    (
        "two leaves swapped",
        &[
            "UPDATE leaf SET leaf_index = 900000 WHERE leaf_index = 100",
            "UPDATE leaf SET leaf_index = 100 WHERE leaf_index = 101",
            "UPDATE leaf SET leaf_index = 101 WHERE leaf_index = 900000",
        ],
    ),
    (
        "two bodies swapped",
        &[
            "UPDATE body SET leaf_index = 900000 WHERE leaf_index = 1",
            "UPDATE body SET leaf_index = 1 WHERE leaf_index = 0",
            "UPDATE body SET leaf_index = 0 WHERE leaf_index = 900000",
        ],
    ),
    (
        "a leaf inserted at the end",
        &["INSERT INTO leaf (leaf_index, content, hash) SELECT 302, content, hash FROM leaf WHERE leaf_index = 100"],
    ),
    (
        "a body put to a record that has none",
        &["INSERT INTO body (leaf_index, content, salt) SELECT 300, content, salt FROM body WHERE leaf_index = 100"],
    ),
    ("a body that is there noted as pruned", &["INSERT INTO pruned_body (leaf_index, record) VALUES (100, 300)"]),
    (
        "a place invented",
        &[
            "INSERT INTO place (source, first_sequence, statements, first_leaf, last_digest) SELECT 'ghost/audit', 1, 1, 100, last_digest FROM place WHERE first_leaf = 1",
        ],
    ),
    ("a place made longer", &["UPDATE place SET statements = 45 WHERE first_leaf = 256"]),
    ("a place made shorter", &["UPDATE place SET statements = 43 WHERE first_leaf = 256"]),
];

/// One bit of a value, by the engine's own means. Of a number a high one, which hits no other row; of a text a whole character.
fn flipped(engine: Engine, column: &str, holds: Holds) -> String {
    match (engine, holds) {
        (Engine::Postgres, Bytes) => format!("set_bit({column}, 77, 1 - get_bit({column}, 77))"),
        (Engine::Sqlite, Bytes) => format!(
            "unhex(substr(hex({column}), 1, 8) || substr('1032547698BADCFE', instr('0123456789ABCDEF', substr(hex({column}), 9, 1)), 1) || substr(hex({column}), 10))"
        ),
        (_, Number) if column == "level" => format!("{column} + 1"),
        (_, Number) => format!("{column} + 1048576"),
        (_, Text) => format!("'~' || substr({column}, 2)"),
        (Engine::Postgres, Instant) => format!("{column} - INTERVAL '1 microsecond'"),
        (Engine::Sqlite, Instant) => format!("'2025' || substr({column}, 5)"),
        (Engine::Postgres, Id) => format!("overlay({column}::text PLACING 'ffff' FROM 1 FOR 4)::uuid"),
        (Engine::Sqlite, Id) => format!("unhex('FFFF' || substr(hex({column}), 5))"),
        (Engine::Postgres, Flag) => format!("NOT {column}"),
        (Engine::Sqlite, Flag) => format!("1 - {column}"),
    }
}

/// Who finds a deed out.
struct Found {
    /// The start refuses.
    start: bool,
    /// The kinds that a round reports.
    round: BTreeSet<String>,
    /// A follower from the first record on refuses.
    follower: bool,
    /// The start refuses because a witness knows better.
    witness: bool,
}

/// A log to which everything is done.
struct Victim {
    stage: Stage,
    beside: Beside,
    past: Past,
    /// The services beside it, as long as they run.
    _others: Vec<Server>,
}

impl Victim {
    /// Two tiles' worth of statements, two checkpoints, a conflict, a quarantine, a witness; and a backup of all that.
    async fn of(lab: Lab) -> Self {
        let beside = Beside::start(&lab, 1).await;
        let stage = Stage::with(lab.clone(), watched(&[&beside], 1)).await;
        let mut producer = Producer::of("referral/audit");
        // One body is not like the others, so that a swap is one.
        let odd = producer.made(1, "odd");
        (producer.sequence, producer.prev) = (1, statement_digest(&odd.statement));
        stage.append("referral/audit", 1, vec![odd]).await.unwrap();
        stage.fill(&mut producer, 255).await;
        stage.fill(&mut producer, 44).await;
        stage.append("referral/audit", 1, vec![Producer::of("referral/audit").made(1, "false")]).await.unwrap_err();
        let unfit = SealedStatement { sequence: 301, statement: b"{}".to_vec(), ..SealedStatement::default() };
        stage.append("referral/audit", 1, vec![unfit]).await.unwrap();
        stage.sign().await;
        let mut past = Past::of(&lab).await;
        past.keep().await;
        Self { stage, beside, past, _others: Vec::new() }
    }

    async fn suffer(&mut self, deed: &[String]) -> Found {
        self.apply(deed).await;
        let (findings, ended) = self.stage.verify().await;
        let kinds = findings.iter().map(|one| one.kind().as_str_name().trim_start_matches("KIND_").to_owned());
        let mut round: BTreeSet<String> = kinds.collect();
        if ended.is_err_and(|status| status.code() != Code::DataLoss) {
            round.insert("it does not come to an end".to_owned());
        }
        let Stage { lab, db, .. } = &self.stage;
        let start = |config| Audit::start(db.clone(), lab.world(), config, pseudonyms());
        let alone = start(config()).await.is_err();
        let witnessed = start(watched(&[&self.beside], 1)).await.is_err();
        self.undo().await;
        // His reading leaves a record, so the same is done once more for him.
        self.apply(deed).await;
        let follower = follow(&self.stage).await.is_err();
        self.undo().await;
        Found { start: alone, round, follower, witness: witnessed && !alone }
    }

    async fn apply(&mut self, deed: &[String]) {
        for statement in deed {
            self.past.run(statement).await;
        }
    }

    async fn undo(&mut self) {
        self.past.restore().await;
        self.stage.try_sign().await.unwrap();
    }
}

/// A reader who trusts the key alone: what the server sends is what he hashes.
async fn follow(stage: &Stage) -> Result<(), VerifyError> {
    let mut follower = Follower::new(verifier(), None).unwrap();
    let stream = stage.stream(&follower, false).await.map_err(|status| VerifyError::Server(status.to_string()))?;
    verify_stream(&mut follower, stream, |_| {}).await
}

fn row(what: &str, found: &Found) -> String {
    let yes = |found: bool| if found { "yes" } else { "" };
    let round: Vec<&str> = found.round.iter().map(String::as_str).collect();
    format!(
        "| {what} | {} | {} | {} | {} |\n",
        yes(found.start),
        round.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(" "),
        yes(found.follower),
        yes(found.witness),
    )
}

async fn columns(victim: Victim, group: &str, columns: &[Column]) {
    let engine = victim.stage.lab.engine();
    let deed = |(of, column, holds, which): &Column| {
        let statement = format!("UPDATE {of} SET {column} = {} WHERE {which}", flipped(engine, column, *holds));
        (format!("`{of}.{column}`, a bit flipped"), vec![statement])
    };
    held(victim, group, columns.iter().map(deed).collect()).await;
}

async fn deeds(victim: Victim, group: &str, deeds: &[Deed]) {
    let deed = |(what, statements): &Deed| {
        ((*what).to_owned(), statements.iter().map(|statement| (*statement).to_owned()).collect())
    };
    held(victim, group, deeds.iter().map(deed).collect()).await;
}

/// Does it all, and holds the README's table of the group to what comes of it.
async fn held(mut victim: Victim, group: &str, deeds: Vec<(String, Vec<String>)>) {
    let mut table = String::from(
        "| what is done | the start | a round of the scrubber | a follower | only a witness |\n|---|---|---|---|---|\n",
    );
    for (what, deed) in deeds {
        table += &row(&what, &victim.suffer(&deed).await);
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&file).unwrap();
    let (begin, end) = (format!("<!-- tamper:{group}:begin -->\n"), format!("<!-- tamper:{group}:end -->"));
    let (before, rest) = text.split_once(&begin).unwrap();
    let (stands, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(stands, table, "UPDATE=1 writes it anew");
    }
}

on_both_engines! {
    async fn of_the_tree_nothing_is_changed_in_silence(lab: Lab) {
        columns(Victim::of(lab).await, "tree", &TREE).await;
    }

    async fn of_what_is_said_of_it_nothing_that_counts_is_changed_in_silence(lab: Lab) {
        columns(Victim::of(lab).await, "heads", &HEADS).await;
    }

    async fn of_the_index_of_sources_nothing_that_counts_is_changed_in_silence(lab: Lab) {
        columns(Victim::of(lab).await, "index", &INDEX).await;
    }

    async fn what_is_taken_away_is_missed_or_it_does_no_harm(lab: Lab) {
        deeds(Victim::of(lab).await, "removed", &REMOVED).await;
    }

    async fn what_is_moved_or_added_is_seen(lab: Lab) {
        deeds(Victim::of(lab).await, "moved", &MOVED).await;
    }
}

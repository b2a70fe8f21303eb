//! The index of what statements say, over several runs, and what is found by it. Few leaves to a bundle: the index asks what they say,
//! and not how many there are.

use crate::{
    Audit,
    commands::Index,
    domain::{extension::Leaf, run},
    filter::RecordFilter,
    queries::{index, search},
    store,
    tlog::{Hash, TILE_WIDTH},
};
use expect_test::expect;
use handsel_storage::{Command, Db, Fault, Tx};
use handsel_testkit::{Lab, on_both_engines};

/// More than a long run and two short ones, with a tail that no run tells of.
const BUNDLES: u64 = 300;
/// How many things statements are about.
const THINGS: u64 = 50;

/// The one leaf of a bundle.
fn index_of(bundle: u64) -> u64 {
    bundle * TILE_WIDTH + bundle % 7
}

fn leaf(bundle: u64) -> Leaf {
    let statement = format!(
        r#"{{"source":"s/audit","subjects":["alone/{bundle}","things/{}"],"time":"2026-01-05T09:00:00.000000Z","type":"thing.done"}}"#,
        bundle % THINGS
    );
    let content = format!(r#"{{"logged_at":"2026-01-05T09:00:01.000000Z","statement":{statement}}}"#).into_bytes();
    Leaf { index: index_of(bundle).cast_signed(), hash: Hash::of_leaf(&content), content, body: None }
}

struct Add(Vec<Leaf>);

impl Command for Add {
    const NAME: &'static str = "test.add";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        store::leaf::add(tx, self.0.clone()).await
    }
}

struct Tamper(&'static str);

impl Command for Tamper {
    const NAME: &'static str = "test.tamper";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        tx.exec(self.0, ()).await.map(drop)
    }
}

async fn log(lab: &Lab) -> Db {
    let db = lab.migrated(Audit::NAME, &Audit::migrations()).await;
    db.transact(&Add((0..BUNDLES).map(leaf).collect())).await.unwrap();
    db
}

/// As the job does, until there is no more.
async fn index(db: &Db, whole: u64) {
    while let Some((next, pages)) = index::next(db, whole * TILE_WIDTH + 3).await.unwrap() {
        db.transact(&Index { next, pages }).await.unwrap();
    }
}

fn about(subject: &str) -> RecordFilter {
    RecordFilter { subjects: vec![subject.to_owned()], ..RecordFilter::default() }
}

fn of_type(kind: &str) -> RecordFilter {
    RecordFilter { types: vec![kind.to_owned()], ..RecordFilter::default() }
}

/// Indexes that a search in front of `whole` bundles finds, page by page, and how many pages that takes.
async fn found(db: &Db, filter: &RecordFilter, whole: u64, most: usize) -> (Vec<u64>, usize) {
    let (mut indexes, mut pages, mut before) = (Vec::new(), 0, Some(whole * TILE_WIDTH));
    while let Some(end) = before {
        let page = search::page(db, filter, end, most).await.unwrap();
        assert!(page.records.len() <= most);
        indexes.extend(page.records.iter().map(|row| row.leaf_index.cast_unsigned()));
        (pages, before) = (pages + 1, page.before);
    }
    (indexes, pages)
}

/// Every search finds what there is, whatever the runs.
async fn finds_all(db: &Db, whole: u64) {
    let newest_first =
        |about: fn(u64) -> bool| (0..whole).rev().filter(|bundle| about(*bundle)).map(index_of).collect();
    let seven: Vec<u64> = newest_first(|bundle| bundle % THINGS == 7);
    assert_eq!(found(db, &about("things/7"), whole, 100).await.0, seven, "{whole}");
    assert_eq!(found(db, &about("things/7"), whole, 1).await.0, seven, "{whole}");
    let several =
        RecordFilter { subjects: ["things/7", "things/9", "alone/0"].map(str::to_owned).to_vec(), ..about("") };
    let expected: Vec<u64> = newest_first(|bundle| [7, 9].contains(&(bundle % THINGS)) || bundle == 0);
    assert_eq!(found(db, &several, whole, 2).await.0, expected, "{whole}");
    let all: Vec<u64> = newest_first(|_| true);
    assert_eq!(found(db, &of_type("thing."), whole, 9).await.0, all, "{whole}");
    assert_eq!(found(db, &RecordFilter::default(), whole, 100).await.0, all, "{whole}");
    assert!(found(db, &about("things/-1"), whole, 9).await.0.is_empty());
}

async fn runs(db: &Db) -> Vec<i64> {
    let rows: Vec<(i64,)> = db.all("SELECT DISTINCT run FROM record_term_page ORDER BY run DESC", ()).await.unwrap();
    rows.into_iter().map(|(run,)| run).collect()
}

async fn pages(db: &Db) -> Vec<(i64, i64, Vec<u8>)> {
    let sql = "SELECT run, first_term, content FROM record_term_page ORDER BY run, first_term";
    db.all(sql, ()).await.unwrap()
}

/// The same for both engines.
fn digest(pages: &[(i64, i64, Vec<u8>)]) -> String {
    let lines: Vec<String> =
        pages.iter().map(|(run, first, content)| format!("{run} {first} {}", hex::encode(content))).collect();
    format!("{} pages {}", pages.len(), Hash::of(lines.join("\n").as_bytes()))
}

on_both_engines! {
    async fn a_search_finds_all_in_runs_long_and_short_and_behind_them(lab: Lab) {
        let db = log(&lab).await;
        for (whole, expected) in [
            (15, vec![]),
            (16, vec![0]),
            (47, vec![16, 0]),
            (255, (0..15).map(|run| run * 16).rev().collect()),
            (256, vec![0]),
            (300, vec![272, 256, 0]),
        ] {
            index(&db, whole).await;
            assert_eq!(runs(&db).await, expected, "{whole}");
            finds_all(&db, whole).await;
        }
        // Fewer than all: the page in front of it ended in a run.
        finds_all(&db, 100).await;
    }

    async fn a_search_reads_what_runs_tell_and_a_page_of_it_is_bounded(lab: Lab) {
        let db = log(&lab).await;
        index(&db, BUNDLES).await;
        // The tail of 12 bundles, and what is named: one page has room for 40.
        let (alone, pages) = found(&db, &about("alone/3"), BUNDLES, 9).await;
        assert_eq!((alone, pages), (vec![index_of(3)], 1));
        let (_, pages) = found(&db, &of_type("thing.done"), BUNDLES, 100).await;
        assert_eq!(pages, 8);
        let found = search::page(&db, &of_type("thing.done"), BUNDLES * TILE_WIDTH, 100).await.unwrap();
        assert_eq!((found.records.len(), found.before), (40, Some(260 * TILE_WIDTH)));
    }

    async fn an_index_is_made_again_as_it_was(lab: Lab) {
        let db = log(&lab).await;
        index(&db, BUNDLES).await;
        let was = pages(&db).await;
        expect!["5 pages 0785b8ba7645979b75560aba50051c3413ad98dd901375aff2b177f3dd7dc9e4"].assert_eq(&digest(&was));
        // With its pages, or without some: those of before are not looked at, and go.
        for lost in ["SELECT 1", "DELETE FROM record_term_page WHERE run < 100"] {
            db.transact(&Tamper(lost)).await.unwrap();
            db.transact(&Tamper("UPDATE record_term_position SET next_bundle = 0")).await.unwrap();
            index(&db, 250).await;
            finds_all(&db, BUNDLES).await;
            index(&db, BUNDLES).await;
            assert_eq!(pages(&db).await, was, "{lost}");
        }
    }

    async fn of_two_replicas_one_adds_a_run(lab: Lab) {
        let db = log(&lab).await;
        let size = 240 * TILE_WIDTH;
        let (first, second) = (index::next(&db, size).await.unwrap().unwrap(), index::next(&db, size).await.unwrap().unwrap());
        assert_eq!(first, second);
        db.transact(&Index { next: first.0, pages: first.1 }).await.unwrap();
        index(&db, 240).await;
        let was = pages(&db).await;
        db.transact(&Index { next: second.0, pages: second.1 }).await.unwrap();
        assert_eq!(pages(&db).await, was);
        finds_all(&db, 240).await;
    }

    async fn a_run_that_cannot_be_read_leaves_nothing_out_in_silence(lab: Lab) {
        let db = log(&lab).await;
        index(&db, BUNDLES).await;
        let sql = db.pick(
            r"UPDATE record_term_page SET content = '\x8080'",
            "UPDATE record_term_page SET content = x'8080'",
        );
        db.transact(&Tamper(sql)).await.unwrap();
        let refused = search::page(&db, &about("things/7"), BUNDLES * TILE_WIDTH, 9).await.unwrap_err();
        assert!(matches!(&refused, Fault::Invalid(why) if why.contains("set its position to 0")), "{refused}");
        db.transact(&Tamper("UPDATE record_term_position SET next_bundle = 0")).await.unwrap();
        index(&db, BUNDLES).await;
        finds_all(&db, BUNDLES).await;
    }

    async fn one_statement_reads_as_many_pages_as_it_may_and_the_next_goes_on(lab: Lab) {
        let db = log(&lab).await;
        index(&db, BUNDLES).await;
        // So many terms that each run is asked by itself.
        let subjects = (0..THINGS).map(|thing| format!("things/{thing}")).chain((0..250).map(|one| format!("none/{one}")));
        let many = RecordFilter { subjects: subjects.collect(), ..RecordFilter::default() };
        let all: Vec<u64> = (0..BUNDLES).rev().map(index_of).collect();
        assert_eq!(found(&db, &many, BUNDLES, 50).await.0, all);
        assert_eq!(run::newest_first(BUNDLES / 16 * 16), [272, 256, 0]);
    }
}

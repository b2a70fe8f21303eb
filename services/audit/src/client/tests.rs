//! A follower against a log that lies, in every way a log can.

use super::*;
use crate::tlog::{
    CheckpointError, CompactRange, Hash, NoteError, Question, SigningKey, TILE_WIDTH, Tiles, TreeHead, VerifierKey,
    body_digest, tile_root,
};
use futures::stream;
use handsel_proto::handsel::audit::v1::{Checkpoint, Record, StreamRecordsResponse};
use tonic::Status;

const ORIGIN: &str = "handsel.example/audit";

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[1; 32]).unwrap()
}

/// A log of `size` records; `story` tells one history from another.
#[derive(Clone)]
struct Log {
    records: Vec<Record>,
}

impl Log {
    fn of(size: u64, story: &str) -> Self {
        Self { records: (0..size).map(|index| record(index, story)).collect() }
    }

    fn hash(&self, index: u64) -> Hash {
        Hash::of_leaf(&self.records[usize::try_from(index).unwrap()].leaf)
    }

    fn head(&self, size: u64) -> TreeHead {
        let mut range = CompactRange::new();
        (0..size).for_each(|index| range.push(self.hash(index)));
        TreeHead { origin: ORIGIN.to_owned(), size, root: range.root() }
    }

    fn consistency(&self, from: u64, to: u64) -> Vec<Vec<u8>> {
        if from == 0 || from == to {
            return Vec::new();
        }
        let question = Question::Consistency { from, to };
        let mut tiles = Tiles::default();
        for span in question.needs().unwrap() {
            let first = span.number * TILE_WIDTH;
            let hashes = (first..first + span.width).flat_map(|n| match span.level {
                0 => self.hash(n).to_vec(),
                _ => self.tile(n).to_vec(),
            });
            tiles.insert(span.level, span.number, hashes.collect());
        }
        question.answer(&tiles).unwrap().into_iter().map(Hash::to_vec).collect()
    }

    fn tile(&self, number: u64) -> Hash {
        let first = number * TILE_WIDTH;
        tile_root(&(first..first + TILE_WIDTH).map(|index| self.hash(index)).collect::<Vec<_>>())
    }

    /// The records from `from` to `until`, under a checkpoint of `size`, for a reader who has verified `seen`.
    fn batch(&self, from: u64, until: u64, size: u64, seen: u64) -> StreamRecordsResponse {
        let range = usize::try_from(from).unwrap()..usize::try_from(until).unwrap();
        StreamRecordsResponse {
            records: self.records[range].to_vec(),
            checkpoint: Some(checkpoint(&self.head(size))),
            consistency_hashes: self.consistency(seen, size),
            cursor: None,
            prefix_hashes: self.consistency(until, size),
        }
    }
}

fn record(index: u64, story: &str) -> Record {
    let (body, salt) = (format!("{{\"story\":\"{story} {index}\"}}").into_bytes(), vec![3; 32]);
    let digest = body_digest(&salt, &body);
    let leaf = format!(
        "{{\"logged_at\":\"2025-06-15T15:06:40.000000Z\",\"statement\":{{\"body\":{{\"alg\":\"handsel/body/v1\",\"digest\":\"{digest}\"}},\"id\":\"{index}\"}}}}"
    );
    Record { index: index.cast_signed(), leaf: leaf.into_bytes(), body, body_salt: salt, ..Record::default() }
}

fn checkpoint(head: &TreeHead) -> Checkpoint {
    Checkpoint {
        note: head.sign(&key()).unwrap(),
        tree_size: head.size.cast_signed(),
        root_hash: head.root.to_vec(),
        sign_time: None,
        witnessed_size: 0,
    }
}

fn follower() -> Follower {
    Follower::new(key().verifier().clone(), None).unwrap()
}

/// Has read the first 300 records, under a checkpoint of 400.
fn midway(log: &Log) -> Follower {
    let mut follower = follower();
    follower.accept(log.batch(0, 300, 400, 0)).unwrap();
    follower
}

#[test]
fn an_honest_log_is_followed_batch_by_batch_and_over_a_restart() {
    let log = Log::of(700, "true");
    let follower = midway(&log);
    assert!(!follower.is_at_the_end());
    assert_eq!(follower.finish(), Err(VerifyError::Truncated { read: 300, covered: 400 }));
    let saved = serde_json::to_string(follower.saved()).unwrap();
    let mut follower = Follower::new(key().verifier().clone(), Some(serde_json::from_str(&saved).unwrap())).unwrap();
    assert_eq!((follower.cursor().next_index, follower.cursor().tree_size), (300, 400));
    let read = follower.accept(log.batch(300, 400, 400, 400)).unwrap();
    assert_eq!((read.len(), read[0].index), (100, 300));
    assert_eq!(read[0].statement["id"], "300");
    assert_eq!(follower.accept(log.batch(400, 400, 700, 400)).unwrap(), []);
    assert_eq!(follower.accept(log.batch(400, 700, 700, 700)).unwrap().len(), 300);
    assert!(follower.is_at_the_end());
    assert_eq!(follower.finish(), Ok(()));
}

/// A log whose record 3 has lost its body, by the record at a place as the server says; record 6 is of a prune of these places.
fn pruned(by: i64, runs: &str) -> Log {
    let mut log = Log::of(9, "true");
    let gone = Record { body: Vec::new(), body_salt: Vec::new(), pruned_by: Some(by), ..log.records[3].clone() };
    let (body, salt) = (format!("{{\"count\":1,\"runs\":{runs}}}").into_bytes(), vec![3; 32]);
    let leaf = format!(
        "{{\"logged_at\":\"2025-06-15T15:06:40.000000Z\",\"statement\":{{\"body\":{{\"alg\":\"handsel/body/v1\",\"digest\":\"{}\"}},\"source\":\"audit/audit\",\"subjects\":[\"prunes/p\",\"types/\"],\"type\":\"bodies.pruned\"}}}}",
        body_digest(&salt, &body)
    );
    log.records[3] = gone;
    log.records[6] = Record { index: 6, leaf: leaf.into_bytes(), body, body_salt: salt, ..Record::default() };
    log
}

#[test]
fn a_body_is_believed_to_be_pruned_when_the_record_of_the_prune_names_it() {
    let unproven = |follower: &Follower| follower.unproven().collect::<Vec<_>>();
    let log = pruned(6, "[[3,3]]");
    let honest = follower;
    let mut follower = honest();
    let read = follower.accept(log.batch(0, 5, 9, 0)).unwrap();
    assert_eq!(
        read.iter().map(|record| record.absent).collect::<Vec<_>>()[2..],
        [None, Some(Absent::PrunedBy(6)), None]
    );
    assert_eq!(unproven(&follower), [[3, 3]], "so far it is the server's word");
    let saved = serde_json::to_string(follower.saved()).unwrap();
    let mut later = Follower::new(key().verifier().clone(), Some(serde_json::from_str(&saved).unwrap())).unwrap();
    later.accept(log.batch(5, 9, 9, 9)).unwrap();
    assert!(unproven(&later).is_empty());
    let refused = |log: Log, from: u64| {
        let mut follower = honest();
        follower.accept(log.batch(0, from, 9, 0)).unwrap();
        follower.accept(log.batch(from, 9, 9, if from == 0 { 0 } else { 9 })).unwrap_err()
    };
    let prune = |index| VerifyError::Record { index, why: RecordError::Prune };
    for from in [0, 5] {
        assert_eq!(refused(pruned(6, "[[2,2]]"), from), prune(6), "it names another");
        assert_eq!(refused(pruned(5, "[[3,3]]"), from), prune(5), "it is no record of a prune");
    }
    let mut beyond = honest();
    beyond.accept(pruned(9, "[[3,3]]").batch(0, 9, 9, 0)).unwrap();
    assert_eq!((beyond.finish(), unproven(&beyond)), (Ok(()), vec![[3, 3]]), "never more than the server's word");
}

#[test]
fn an_empty_log_is_followed_too() {
    let mut follower = follower();
    assert_eq!(follower.accept(Log::of(0, "").batch(0, 0, 0, 0)), Ok(vec![]));
    assert_eq!(follower.accept(Log::of(9, "true").batch(0, 9, 9, 0)).unwrap().len(), 9);
}

#[test]
fn a_batch_that_does_not_hold_is_refused_and_leaves_the_follower_where_it_was() {
    type Spoil = fn(&mut StreamRecordsResponse);
    let log = Log::of(700, "true");
    let unproven = |size| VerifyError::Unproven { size };
    let body = |index| VerifyError::Record { index, why: RecordError::Body };
    let table: Vec<(&str, Spoil, VerifyError)> = vec![
        ("a record left out at the end", |batch| drop(batch.records.pop()), unproven(599)),
        ("one left out inside", |batch| drop(batch.records.remove(50)), VerifyError::Gap { expected: 350, found: 351 }),
        ("one left out, the rest renumbered", |batch| renumbered(batch, 50), unproven(599)),
        ("two exchanged", |batch| batch.records.swap(7, 8), VerifyError::Gap { expected: 307, found: 308 }),
        ("two exchanged and renumbered", exchanged, unproven(600)),
        ("one replaced", |batch| batch.records[9] = record(309, "another"), unproven(600)),
        (
            "one twice",
            |batch| batch.records.insert(1, batch.records[0].clone()),
            VerifyError::Gap { expected: 301, found: 300 },
        ),
        ("a body replaced", |batch| batch.records[4].body = b"{}".to_vec(), body(304)),
        ("a body withheld", |batch| batch.records[4].body.clear(), body(304)),
        ("the prefix proof withheld", |batch| batch.prefix_hashes.clear(), unproven(600)),
        (
            "the history withheld",
            |batch| batch.consistency_hashes.clear(),
            VerifyError::Inconsistent { from: 400, to: 700 },
        ),
        ("no checkpoint", |batch| batch.checkpoint = None, VerifyError::NoCheckpoint),
        (
            "fields beside the note",
            |batch| batch.checkpoint.as_mut().unwrap().tree_size = 600,
            VerifyError::CheckpointFields,
        ),
        ("a forged note", forged, CheckpointError::Note(NoteError::BadSignature).into()),
        ("another key", resigned, CheckpointError::Note(NoteError::Unsigned).into()),
    ];
    for (what, spoil, expected) in table {
        let mut follower = midway(&log);
        let before = follower.saved().clone();
        let mut batch = log.batch(300, 600, 700, 400);
        spoil(&mut batch);
        assert_eq!(follower.accept(batch), Err(expected), "{what}");
        assert_eq!(follower.saved(), &before, "{what}");
        assert_eq!(
            follower.accept(log.batch(300, 600, 700, 400)).unwrap().len(),
            300,
            "the honest batch after: {what}"
        );
    }
}

fn renumbered(batch: &mut StreamRecordsResponse, out: usize) {
    batch.records.remove(out);
    (300..).zip(&mut batch.records).for_each(|(index, record)| record.index = index);
}

fn exchanged(batch: &mut StreamRecordsResponse) {
    batch.records.swap(7, 8);
    (300..).zip(&mut batch.records).for_each(|(index, record)| record.index = index);
}

fn forged(batch: &mut StreamRecordsResponse) {
    let checkpoint = batch.checkpoint.as_mut().unwrap();
    checkpoint.note = checkpoint.note.replace("\n700\n", "\n701\n");
}

fn resigned(batch: &mut StreamRecordsResponse) {
    let thief = SigningKey::from_seed(ORIGIN, &[2; 32]).unwrap();
    let checkpoint = batch.checkpoint.as_mut().unwrap();
    checkpoint.note = Log::of(700, "true").head(700).sign(&thief).unwrap();
}

#[test]
fn a_rewritten_history_is_refused_even_when_it_is_signed() {
    let (log, rewritten) = (Log::of(700, "true"), Log::of(700, "false"));
    for batch in [rewritten.batch(300, 600, 700, 400), rewritten.batch(300, 400, 400, 400)] {
        let refused = midway(&log).accept(batch).unwrap_err();
        assert!(matches!(refused, VerifyError::Inconsistent { from: 400, .. }), "{refused}");
    }
    let back = midway(&log).accept(log.batch(300, 350, 350, 350));
    assert_eq!(back, Err(VerifyError::WentBack { verified: 400, shown: 350 }));
    // The signed tree is true, the records shown are not those in it.
    let mut shown = log.batch(0, 700, 700, 0);
    shown.records = rewritten.records;
    assert_eq!(follower().accept(shown), Err(VerifyError::Unproven { size: 700 }));
}

#[test]
fn a_saved_cursor_of_another_log_is_refused() {
    let saved = midway(&Log::of(400, "true")).saved().clone();
    let elsewhere = SavedCursor { origin: "handsel.other/audit".to_owned(), ..saved.clone() };
    let beyond = SavedCursor { tree_size: 100, ..saved };
    for cursor in [elsewhere, beyond] {
        assert_eq!(Follower::new(key().verifier().clone(), Some(cursor)).unwrap_err(), VerifyError::Cursor);
    }
    assert!(VerifierKey::parse("handsel.example/audit+00000000+AAAA").is_err());
}

#[tokio::test]
async fn a_stream_that_ends_early_or_fails_is_refused() {
    let log = Log::of(600, "true");
    let whole = vec![Ok(log.batch(0, 300, 600, 0)), Ok(log.batch(300, 600, 600, 600))];
    let mut read = 0;
    let verified = verify_stream(&mut follower(), stream::iter(whole.clone()), |batch| read += batch.len()).await;
    assert_eq!((verified, read), (Ok(()), 600));
    let cut = verify_stream(&mut follower(), stream::iter(whole[..1].to_vec()), |_| {}).await;
    assert_eq!(cut, Err(VerifyError::Truncated { read: 300, covered: 600 }));
    let failed = stream::iter(vec![Err(Status::data_loss("gone"))]);
    let failed = verify_stream(&mut follower(), failed, |_| {}).await;
    assert_eq!(failed, Err(VerifyError::Server("DataLoss: gone".to_owned())));
}

/// A log whose records are of two types, by turns, read in mode `PROVEN_FILTER`.
mod filtered {
    use super::*;
    use crate::filter::RecordFilter;

    fn log(size: u64) -> Log {
        let kind = |index: u64| if index.is_multiple_of(2) { "even" } else { "odd" };
        let records = (0..size).map(|index| {
            let Record { leaf, body, body_salt, .. } = record(index, "true");
            let leaf = String::from_utf8(leaf).unwrap();
            let leaf = leaf.replace("\"id\":", &format!("\"id\":\"{index}\",\"type\":\"{}\",\"x\":", kind(index)));
            Record { index: index.cast_signed(), leaf: leaf.into_bytes(), body, body_salt, ..Record::default() }
        });
        Log { records: records.collect() }
    }

    fn even() -> RecordFilter {
        RecordFilter { types: vec!["even".to_owned()], ..RecordFilter::default() }
    }

    fn bare(record: &mut Record) {
        (record.body, record.body_salt) = (Vec::new(), Vec::new());
    }

    fn batch(log: &Log, size: u64) -> StreamRecordsResponse {
        let mut batch = log.batch(0, size, size, 0);
        batch.records.iter_mut().filter(|record| record.index % 2 == 1).for_each(bare);
        batch
    }

    #[test]
    fn what_was_asked_for_comes_whole_and_the_rest_is_hashed() {
        let log = log(300);
        let mut follower = follower().asking_for(even());
        let read = follower.accept(batch(&log, 300)).unwrap();
        assert_eq!(read.len(), 150);
        assert!(read.iter().all(|record| record.index % 2 == 0 && !record.body.is_empty()));
        assert_eq!((follower.finish(), follower.saved().read.size()), (Ok(()), 300));
    }

    #[test]
    fn a_server_that_leaves_out_replaces_reorders_or_withholds_is_refused() {
        type Lie = fn(&mut StreamRecordsResponse);
        let unproven = |size| VerifyError::Unproven { size };
        let table: Vec<(&str, Lie, VerifyError)> = vec![
            ("a match left out", |batch| drop(batch.records.remove(8)), VerifyError::Gap { expected: 8, found: 9 }),
            (
                "one left out, the rest renumbered",
                |batch| {
                    batch.records.remove(8);
                    batch.records.iter_mut().zip(0..).for_each(|(record, index)| record.index = index);
                },
                unproven(299),
            ),
            ("the last ones left out", |batch| batch.records.truncate(200), unproven(200)),
            ("two exchanged", |batch| batch.records.swap(4, 5), VerifyError::Gap { expected: 4, found: 5 }),
            (
                "a match without its body",
                |batch| bare(&mut batch.records[10]),
                VerifyError::Record { index: 10, why: RecordError::Body },
            ),
            (
                "a match disguised as none",
                |batch| {
                    let leaf = String::from_utf8(batch.records[10].leaf.clone()).unwrap().replace("even", "odd");
                    batch.records[10].leaf = leaf.into_bytes();
                    bare(&mut batch.records[10]);
                },
                unproven(300),
            ),
            (
                "another record in the place of one that was not asked for",
                |batch| batch.records[11].leaf = batch.records[13].leaf.clone(),
                unproven(300),
            ),
        ];
        let log = log(300);
        for (lie, tell, refused) in table {
            let mut told = batch(&log, 300);
            tell(&mut told);
            let mut follower = follower().asking_for(even());
            assert_eq!(follower.accept(told), Err(refused), "{lie}");
            assert_eq!(follower.saved().read.size(), 0, "{lie}: it does not advance");
        }
        // A stream that simply ends early.
        let mut follower = follower().asking_for(even());
        follower.accept(log.batch(0, 200, 300, 0)).unwrap();
        assert_eq!(follower.finish(), Err(VerifyError::Truncated { read: 200, covered: 300 }));
    }

    #[test]
    fn a_glance_takes_what_was_asked_for_and_nothing_else() {
        let log = log(300);
        let fast = |records: Vec<Record>| {
            let cursor = Some(handsel_proto::handsel::audit::v1::Cursor { next_index: 300, ..Default::default() });
            StreamRecordsResponse { records, cursor, prefix_hashes: Vec::new(), ..log.batch(0, 0, 300, 0) }
        };
        let some = |indexes: &[usize]| indexes.iter().map(|index| log.records[*index].clone()).collect::<Vec<_>>();
        let glance = || Glance::new(key().verifier().clone(), even());
        let mut seen = glance();
        assert_eq!(seen.accept(fast(some(&[4, 10, 298]))).unwrap().len(), 3);
        assert_eq!((seen.cursor().next_index, seen.cursor().tree_size), (300, 300));
        let unasked = VerifyError::Record { index: 5, why: RecordError::Unasked };
        assert_eq!(glance().accept(fast(some(&[4, 5]))), Err(unasked));
        assert_eq!(glance().accept(fast(some(&[10, 4]))), Err(VerifyError::Gap { expected: 11, found: 4 }));
        let mut other = fast(some(&[4]));
        other.records[0].body = b"{}".to_vec();
        assert_eq!(glance().accept(other), Err(VerifyError::Record { index: 4, why: RecordError::Body }));
    }
}

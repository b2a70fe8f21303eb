//! Every type makes the round trip on both engines, NULL and the extremes included.
use crate::{commands::put, on_both_engines};
use handsel_money::{Decimal, Timestamp};
use handsel_storage::{At, Command, Exact, Fault, Tx, row, text_enum};
use uuid::Uuid;

text_enum! {
    /// A state.
    enum Phase {
        Running = "RUNNING",
        Ended = "ENDED",
    }
}

row! {
    #[derive(PartialEq)]
    struct Sample {
        id: Uuid,
        number: Option<i64>,
        yes: Option<bool>,
        words: Option<String>,
        phase: Option<Phase>,
        bytes: Option<Vec<u8>>,
        at: Option<At>,
        rate: Option<Exact>,
    }
}

struct Save(Sample);

impl Command for Save {
    const NAME: &'static str = "test.save";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        let Sample { id, number, yes, words, phase, bytes, at, rate } = self.0.clone();
        tx.exec_one(
            "INSERT INTO sample (id, number, yes, words, phase, bytes, at, rate) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            (id, number, yes, words.as_deref(), phase, bytes.as_deref(), at, rate),
        )
        .await
    }
}

fn full(id: u128, at: Timestamp, rate: Decimal) -> Sample {
    Sample {
        id: Uuid::from_u128(id),
        number: Some(i64::MIN),
        yes: Some(true),
        words: Some("žluťoučký kůň 'quoted' \u{1F39F}".to_owned()),
        phase: Some(Phase::Ended),
        bytes: Some(vec![0, 255, 10, 0]),
        at: Some(At(at)),
        rate: Some(Exact(rate)),
    }
}

struct Twenty4;

impl Command for Twenty4 {
    const NAME: &'static str = "test.twenty_four";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Fault> {
        tx.exec(
            "INSERT INTO wide VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
             $21, $22, $23, $24)",
            (
                1_i64, 2_i64, 3_i64, 4_i64, 5_i64, 6_i64, 7_i64, 8_i64, 9_i64, 10_i64, 11_i64, 12_i64, 13_i64, 14_i64, 15_i64,
                16_i64, 17_i64, 18_i64, 19_i64, 20_i64, 21_i64, 22_i64, 23_i64, 24_i64,
            ),
        )
        .await
    }
}

on_both_engines! {
    async fn every_type_makes_the_round_trip(place: Place) {
        let samples = [
            full(1, Timestamp::from_micros(1_700_000_000_123_456), "1.50".parse().unwrap()),
            full(2, Timestamp::MIN, Decimal::MAX),
            full(3, Timestamp::MAX, "-0.0000000000000000000000000001".parse().unwrap()),
            full(4, Timestamp::from_micros(-1), Decimal::ZERO),
            Sample {
                id: Uuid::from_u128(5), number: None, yes: None, words: None, phase: None, bytes: None, at: None, rate: None,
            },
        ];
        for sample in &samples {
            place.db.transact(&Save(sample.clone())).await.unwrap();
        }
        let kept: Vec<Sample> = place.db.all("SELECT * FROM sample ORDER BY id", ()).await.unwrap();
        assert_eq!(kept, samples);
        let scale = kept.first().and_then(|sample| sample.rate).map(|rate| rate.0.to_string());
        assert_eq!(scale.as_deref(), Some("1.50"), "a rate keeps its scale");
    }

    async fn instants_sort_by_time(place: Place) {
        let micros = [-62_000_000_000_000_000, -1, 0, 1, 999_999, 1_000_000, 1_700_000_000_000_000, 250_000_000_000_000_000];
        for (id, micros) in (1..).zip(micros) {
            place.db.transact(&Save(full(id, Timestamp::from_micros(micros), Decimal::ONE))).await.unwrap();
        }
        let sql = "SELECT at FROM sample WHERE at > $1 AND at <= $2 ORDER BY at DESC";
        let bounds = (At(Timestamp::from_micros(-1)), At(Timestamp::from_micros(1_000_000)));
        let found: Vec<(At,)> = place.db.all(sql, bounds).await.unwrap();
        let found: Vec<i64> = found.into_iter().map(|row| row.0.0.as_micros()).collect();
        assert_eq!(found, [1_000_000, 999_999, 1, 0]);
    }

    async fn an_unknown_word_is_an_error(place: Place) {
        place.db.transact(&Save(full(1, Timestamp::MIN, Decimal::ONE))).await.unwrap();
        let read = place.db.one::<(Phase,)>("SELECT words FROM sample", ()).await;
        assert!(matches!(read, Err(Fault::Storage(_))), "{read:?}");
        let read: (Phase,) = place.db.one("SELECT phase FROM sample WHERE phase = $1", (Phase::Ended,)).await.unwrap();
        assert_eq!(read.0.as_str(), "ENDED");
    }

    async fn a_statement_takes_24_parameters(place: Place) {
        assert_eq!(place.db.transact(&Twenty4).await.unwrap(), 1);
        let (first, last): (i64, i64) = place.db.one("SELECT a, x FROM wide", ()).await.unwrap();
        assert_eq!((first, last), (1, 24));
    }

    async fn a_read_is_of_one_moment_and_never_writes(place: Place) {
        place.db.transact(&put("early")).await.unwrap().unwrap();
        let mut read = place.db.read().await.unwrap();
        let count = "SELECT COUNT(*) FROM counter";
        assert_eq!(read.one::<(i64,)>(count, ()).await.unwrap(), (1,));
        place.db.transact(&put("late")).await.unwrap().unwrap();
        assert_eq!(read.one::<(i64,)>(count, ()).await.unwrap(), (1,), "the later one is not seen");
        assert!(read.exec("DELETE FROM counter", ()).await.is_err());
        drop(read);
        assert_eq!(place.counters().await, 2);
    }
}

//! Many rows at once: written by columns, read by keys.
use crate::on_both_engines;
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Command, Exact, Fault, Tx};
use uuid::Uuid;

struct SaveAll {
    columns: Vec<Column>,
}

impl Command for SaveAll {
    const NAME: &'static str = "test.save_all";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Fault> {
        tx.bulk(
            "INSERT INTO sample (id, number, yes, words, bytes, at, rate)
             SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::boolean[], $4::text[], $5::bytea[], $6::timestamptz[], $7::numeric[])",
            "INSERT INTO sample (id, number, yes, words, bytes, at, rate) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            self.columns.clone(),
        )
        .await
    }
}

fn ids(many: u128) -> Vec<Uuid> {
    (1..=many).map(Uuid::from_u128).collect()
}

fn columns(many: u128) -> Vec<Column> {
    let rows = || 1..=i64::try_from(many).unwrap();
    vec![
        Column::Uuid(ids(many)),
        Column::Int(rows().collect()),
        Column::Bool(rows().map(|row| row % 2 == 0).collect()),
        Column::OptText(rows().map(|row| (row % 3 == 0).then(|| format!("row {row}, \"quoted\", {{}}"))).collect()),
        Column::Bytes(rows().map(|row| row.to_be_bytes().to_vec()).collect()),
        Column::OptAt(rows().map(|row| (row % 5 != 0).then(|| At(Timestamp::from_micros(row)))).collect()),
        Column::Exact(rows().map(|row| Exact(row.into())).collect()),
    ]
}

type Kept = (Uuid, i64, bool, Option<String>, Vec<u8>, Option<At>, Exact);

on_both_engines! {
    async fn columns_become_rows(place: Place) {
        assert_eq!(place.db.transact(&SaveAll { columns: columns(300) }).await.unwrap(), 300);
        let sql = "SELECT id, number, yes, words, bytes, at, rate FROM sample ORDER BY number";
        let kept: Vec<Kept> = place.db.all(sql, ()).await.unwrap();
        assert_eq!(kept.len(), 300);
        let fifteenth = kept.get(14).cloned().unwrap();
        let words = Some("row 15, \"quoted\", {}".to_owned());
        let bytes = 15_i64.to_be_bytes().to_vec();
        assert_eq!(fifteenth, (Uuid::from_u128(15), 15, false, words, bytes, None, Exact(15.into())));
    }

    async fn no_rows_are_no_statement(place: Place) {
        assert_eq!(place.db.transact(&SaveAll { columns: columns(0) }).await.unwrap(), 0);
    }

    async fn columns_of_different_lengths_are_refused(place: Place) {
        let mut columns = columns(3);
        columns.truncate(6);
        columns.push(Column::Exact(vec![]));
        let fault = place.db.transact(&SaveAll { columns }).await.unwrap_err();
        assert!(matches!(fault, Fault::Invalid(_)), "{fault}");
    }

    async fn rows_are_read_by_keys(place: Place) {
        place.db.transact(&SaveAll { columns: columns(10) }).await.unwrap();
        let mut read = place.db.read().await.unwrap();
        let keys = Column::Uuid([3, 9, 77].map(Uuid::from_u128).to_vec());
        let mut found: Vec<(i64,)> = read
            .all_by("SELECT number FROM sample WHERE id = ANY($1)", "SELECT number FROM sample WHERE id = $1", keys)
            .await
            .unwrap();
        found.sort_unstable();
        assert_eq!(found, [(3,), (9,)]);
        let nobody: Vec<(i64,)> = read.all_by("not run", "not run", Column::Uuid(vec![])).await.unwrap();
        assert_eq!(nobody, []);
    }
}

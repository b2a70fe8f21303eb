//! Row locks that a batch takes before anything else, in one order for all: unsorted, batches deadlock.
use crate::{Column, Fault, Tx};
use uuid::Uuid;

/// A table whose rows are locked as aggregate roots. Stands in `store/`, beside the table's other statements.
#[derive(Debug)]
pub struct LockTable {
    /// The table's name: the first half of the order in which locks are taken.
    pub table: &'static str,
    /// `SELECT 1 FROM plan WHERE id = $1 FOR UPDATE`, run for each key; or, all keys in one round trip,
    /// `SELECT 1 FROM plan WHERE id = ANY($1) ORDER BY id FOR UPDATE`.
    pub sql: &'static str,
}

/// One row to lock. A row that does not exist yet locks nothing.
#[derive(Clone, Debug)]
pub struct Lock {
    table: &'static LockTable,
    key: LockKey,
}

/// The key of a row to lock: the second half of the order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockKey {
    /// A UUID key.
    Uuid(Uuid),
    /// A BIGINT key.
    Int(i64),
    /// A TEXT key.
    Text(String),
}

impl Lock {
    /// The row of this table with this key.
    #[must_use]
    pub fn new(table: &'static LockTable, key: impl Into<LockKey>) -> Self {
        Self { table, key: key.into() }
    }
}

impl From<Uuid> for LockKey {
    fn from(key: Uuid) -> Self {
        Self::Uuid(key)
    }
}

impl From<i64> for LockKey {
    fn from(key: i64) -> Self {
        Self::Int(key)
    }
}

impl From<String> for LockKey {
    fn from(key: String) -> Self {
        Self::Text(key)
    }
}

impl From<&str> for LockKey {
    fn from(key: &str) -> Self {
        Self::Text(key.to_owned())
    }
}

/// Takes the locks sorted by (table, key), each once.
pub(crate) async fn take(tx: &mut Tx, mut locks: Vec<Lock>) -> Result<(), Fault> {
    locks.sort_unstable_by(|a, b| (a.table.table, &a.key).cmp(&(b.table.table, &b.key)));
    locks.dedup_by(|a, b| a.table.table == b.table.table && a.key == b.key);
    for of_table in locks.chunk_by(|a, b| a.table.table == b.table.table) {
        let Some(Lock { table, .. }) = of_table.first() else { continue };
        if table.sql.contains("ANY($1)") {
            let keys = column(of_table)?;
            let _locked: Vec<(i32,)> = tx.all_by(table.sql, table.sql, keys).await?;
        } else {
            for lock in of_table {
                take_one(tx, lock).await?;
            }
        }
    }
    Ok(())
}

async fn take_one(tx: &mut Tx, lock: &Lock) -> Result<(), Fault> {
    let sql = lock.table.sql;
    let _locked: Option<(i32,)> = match &lock.key {
        LockKey::Uuid(key) => tx.opt(sql, (*key,)).await?,
        LockKey::Int(key) => tx.opt(sql, (*key,)).await?,
        LockKey::Text(key) => tx.opt(sql, (key.as_str(),)).await?,
    };
    Ok(())
}

/// The keys of one table, which are all of one type: its primary key's.
fn column(locks: &[Lock]) -> Result<Column, Fault> {
    let (mut uuids, mut ints, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for lock in locks {
        match &lock.key {
            LockKey::Uuid(key) => uuids.push(*key),
            LockKey::Int(key) => ints.push(*key),
            LockKey::Text(key) => texts.push(key.clone()),
        }
    }
    let columns = [Column::Uuid(uuids), Column::Int(ints), Column::Text(texts)];
    let column = columns.into_iter().find(|column| column.len() == locks.len());
    column.ok_or_else(|| Fault::Invalid("the locks of one table have keys of several types".into()))
}

//! What witnesses have signed beneath checkpoints.

use super::column;
use handsel_storage::{Fault, Tx, row};

row! {
    /// A cosignature.
    pub(crate) struct CosignatureRow {
        pub(crate) size: i64,
        pub(crate) witness: String,
        pub(crate) line: String,
        pub(crate) cosigned_seconds: i64,
    }
}

/// Adds a cosignature, unless another replica was first.
pub(crate) async fn add(tx: &mut Tx, row: &CosignatureRow) -> Result<(), Fault> {
    let CosignatureRow { size, witness, line, cosigned_seconds } = row;
    tx.exec(
        "INSERT INTO cosignature (size, witness, line, cosigned_seconds)
         SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM cosignature WHERE size = $1 AND witness = $2)",
        (*size, witness.as_str(), line.as_str(), *cosigned_seconds),
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

/// The cosignatures of checkpoints from a size on to before another.
pub(crate) async fn between(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<CosignatureRow>, Fault> {
    let sql = "SELECT size, witness, line, cosigned_seconds FROM cosignature
               WHERE size >= $1 AND size < $2 ORDER BY size, witness";
    tx.all(sql, (column(first)?, column(end)?)).await
}

/// At most `most` cosignatures of checkpoints below a size, the largest first.
pub(crate) async fn below(tx: &mut Tx, size: u64, most: i64) -> Result<Vec<CosignatureRow>, Fault> {
    let sql = "SELECT size, witness, line, cosigned_seconds FROM cosignature
               WHERE size < $1 ORDER BY size DESC, witness LIMIT $2";
    tx.all(sql, (column(size)?, most)).await
}

/// The largest checkpoint that a witness has cosigned; 0: none.
pub(crate) async fn last_of(tx: &mut Tx, witness: &str) -> Result<u64, Fault> {
    let sql = "SELECT size FROM cosignature WHERE witness = $1 ORDER BY size DESC LIMIT 1";
    let row: Option<(i64,)> = tx.opt(sql, (witness,)).await?;
    Ok(row.map_or(0, |(size,)| size.cast_unsigned()))
}

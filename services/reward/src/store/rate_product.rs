//! Rate products and their versions.

use super::corrupt;
use crate::domain::rate_product::{ProductTerms, RateProduct, State, Versions};
use handsel_storage::{At, Column, Db, Fault, Tx, row};
use std::collections::BTreeMap;

row! {
    pub(crate) struct ProductRow {
        pub id: String,
        pub version: i64,
        pub display_name: String,
        pub state: String,
        pub terms: Vec<u8>,
        pub maker: String,
        pub submitter: String,
        pub checker: String,
        pub revision: i64,
        pub created_at: At,
        pub updated_at: At,
    }
}

impl ProductRow {
    fn restore(self) -> Result<RateProduct, Fault> {
        let Self {
            id,
            version,
            display_name,
            state,
            terms,
            maker,
            submitter,
            checker,
            revision,
            created_at,
            updated_at,
        } = self;
        Ok(RateProduct {
            terms: read_terms(&terms)?,
            state: State::restore(&state, submitter, checker).ok_or_else(|| corrupt("rate_product.state", &state))?,
            id,
            version,
            display_name,
            maker,
            revision,
            created_at: created_at.0,
            updated_at: updated_at.0,
        })
    }
}

/// The format of `rate_product.terms`. A reader of an older one is kept when it rises.
const TERMS_FORMAT: u32 = 1;

fn write_terms(terms: &ProductTerms) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(&(TERMS_FORMAT, terms)).map_err(|error| Fault::Invalid(format!("rate product terms: {error}")))
}

fn read_terms(bytes: &[u8]) -> Result<ProductTerms, Fault> {
    let (_, terms): (u32, ProductTerms) =
        serde_json::from_slice(bytes).map_err(|error| Fault::Invalid(format!("rate product terms: {error}")))?;
    Ok(terms)
}

/// Adds a version; false if it exists.
pub(crate) async fn insert(tx: &mut Tx, product: &RateProduct) -> Result<bool, Fault> {
    let added = tx
        .exec(
            "INSERT INTO rate_product (id, version, display_name, state, currency, terms, maker, revision, created_at,
                                       updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (id, version) DO NOTHING",
            (
                product.id.clone(),
                product.version,
                product.display_name.clone(),
                product.state.code(),
                product.terms.currency.code(),
                write_terms(&product.terms)?,
                product.maker.clone(),
                product.revision,
                At(product.created_at),
                At(product.updated_at),
            ),
        )
        .await?;
    Ok(added == 1)
}

/// Saves where a version stands. Its row is locked, so its revision is the one it was read with.
pub(crate) async fn save(tx: &mut Tx, product: &RateProduct) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE rate_product SET state = $3, submitter = $4, checker = $5, revision = $6, updated_at = $7
         WHERE id = $1 AND version = $2 AND revision = $6 - 1",
        (
            product.id.clone(),
            product.version,
            product.state.code(),
            product.state.submitter().to_owned(),
            product.state.checker().to_owned(),
            product.revision,
            At(product.updated_at),
        ),
    )
    .await
}

/// The newest version of a product, locked.
pub(crate) async fn lock(tx: &mut Tx, id: &str) -> Result<Option<RateProduct>, Fault> {
    let sql = tx.pick(
        "SELECT id, version, display_name, state, terms, maker, submitter, checker, revision, created_at, updated_at
         FROM rate_product WHERE id = $1 ORDER BY version DESC LIMIT 1 FOR UPDATE",
        "SELECT id, version, display_name, state, terms, maker, submitter, checker, revision, created_at, updated_at
         FROM rate_product WHERE id = $1 ORDER BY version DESC LIMIT 1",
    );
    tx.opt::<ProductRow>(sql, (id.to_owned(),)).await?.map(ProductRow::restore).transpose()
}

/// The versions in force of these products; a product that has none is absent.
pub(crate) async fn in_force(tx: &mut Tx, ids: Vec<String>) -> Result<BTreeMap<String, Versions>, Fault> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<ProductRow> = tx
        .all_by(
            "SELECT id, version, display_name, state, terms, maker, submitter, checker, revision, created_at, updated_at
             FROM rate_product WHERE id = ANY($1) AND state = 'ACTIVE' ORDER BY id, version",
            "SELECT id, version, display_name, state, terms, maker, submitter, checker, revision, created_at, updated_at
             FROM rate_product WHERE id = $1 AND state = 'ACTIVE' ORDER BY version",
            Column::Text(ids),
        )
        .await?;
    let mut found: BTreeMap<String, Versions> = BTreeMap::new();
    for row in rows {
        found.entry(row.id.clone()).or_default().0.push(row.restore()?);
    }
    Ok(found)
}

/// One version of a product; none named: its newest.
pub(crate) async fn one(db: &Db, id: &str, version: Option<i64>) -> Result<Option<RateProduct>, Fault> {
    let row: Option<ProductRow> = db
        .opt(
            "SELECT id, version, display_name, state, terms, maker, submitter, checker, revision, created_at, updated_at
             FROM rate_product WHERE id = $1 AND ($2 IS NULL OR version = $2) ORDER BY version DESC LIMIT 1",
            (id.to_owned(), version),
        )
        .await?;
    row.map(ProductRow::restore).transpose()
}

/// A page of versions, newest first, after a position.
pub(crate) async fn page(db: &Db, after: Option<(At, String, i64)>, limit: i64) -> Result<Vec<RateProduct>, Fault> {
    let (at, id, version) = match after {
        Some((at, id, version)) => (Some(at), Some(id), Some(version)),
        None => (None, None, None),
    };
    let rows: Vec<ProductRow> = db
        .all(
            "SELECT id, version, display_name, state, terms, maker, submitter, checker, revision, created_at, updated_at
             FROM rate_product
             WHERE $1 IS NULL OR (created_at, id, version) < ($1, $2, $3)
             ORDER BY created_at DESC, id DESC, version DESC LIMIT $4",
            (at, id, version, limit),
        )
        .await?;
    rows.into_iter().map(ProductRow::restore).collect()
}

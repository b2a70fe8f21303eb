//! What beneficiaries owe back, and how that was met.

use super::money;
use crate::domain::claim::Claim;
use handsel_money::{Money, Timestamp};
use handsel_storage::{At, Column, Db, Fault, LockTable, Tx, row};
use uuid::Uuid;

/// A claim, for who meets it.
pub(crate) static CLAIM: LockTable =
    LockTable { table: "claim", sql: "SELECT 1 FROM claim WHERE id = ANY($1) ORDER BY id FOR UPDATE" };

/// `SELECT` of everything that [`ClaimRow`] holds, `FROM claim`, and what follows.
macro_rules! claim_where {
    ($rest:literal) => {
        concat!(
            "SELECT id, reward_id, beneficiary, reason, currency, claimed_minor, netted_minor, recovered_minor, revision,
                    created_at, updated_at
             FROM claim ",
            $rest
        )
    };
}

row! {
    pub(crate) struct ClaimRow {
        pub id: Uuid,
        pub reward_id: Uuid,
        pub beneficiary: String,
        pub reason: String,
        pub currency: String,
        pub claimed_minor: i64,
        pub netted_minor: i64,
        pub recovered_minor: i64,
        pub revision: i64,
        pub created_at: At,
        pub updated_at: At,
    }
}

impl ClaimRow {
    fn restore(self) -> Result<Claim, Fault> {
        let Self {
            id,
            reward_id,
            beneficiary,
            reason,
            currency,
            claimed_minor,
            netted_minor,
            recovered_minor,
            revision,
            created_at,
            updated_at,
        } = self;
        Ok(Claim {
            id,
            reward: reward_id,
            beneficiary,
            reason,
            claimed: money(&currency, claimed_minor)?,
            netted: money(&currency, netted_minor)?,
            recovered: money(&currency, recovered_minor)?,
            revision,
            created_at: created_at.0,
            updated_at: updated_at.0,
        })
    }
}

fn restore_all(rows: Vec<ClaimRow>) -> Result<Vec<Claim>, Fault> {
    rows.into_iter().map(ClaimRow::restore).collect()
}

/// Adds claims.
pub(crate) async fn insert(tx: &mut Tx, claims: &[Claim]) -> Result<(), Fault> {
    for claim in claims {
        tx.exec_one(
            "INSERT INTO claim (id, reward_id, beneficiary, reason, currency, claimed_minor, revision, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            (
                claim.id,
                claim.reward,
                claim.beneficiary.clone(),
                claim.reason.clone(),
                claim.claimed.currency().code(),
                claim.claimed.minor(),
                claim.revision,
                At(claim.created_at),
                At(claim.updated_at),
            ),
        )
        .await?;
    }
    Ok(())
}

/// Saves what was met of claims that are locked.
pub(crate) async fn save(tx: &mut Tx, claims: &[&Claim]) -> Result<(), Fault> {
    if claims.is_empty() {
        return Ok(());
    }
    let saved = tx
        .bulk(
            "UPDATE claim SET netted_minor = saved.netted_minor, recovered_minor = saved.recovered_minor,
                              revision = saved.revision, updated_at = saved.updated_at
             FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[])
                  AS saved (id, netted_minor, recovered_minor, revision, updated_at)
             WHERE claim.id = saved.id AND claim.revision < saved.revision",
            "UPDATE claim SET netted_minor = $2, recovered_minor = $3, revision = $4, updated_at = $5
             WHERE id = $1 AND revision < $4",
            vec![
                Column::Uuid(claims.iter().map(|one| one.id).collect()),
                Column::Int(claims.iter().map(|one| one.netted.minor()).collect()),
                Column::Int(claims.iter().map(|one| one.recovered.minor()).collect()),
                Column::Int(claims.iter().map(|one| one.revision).collect()),
                Column::At(claims.iter().map(|one| At(one.updated_at)).collect()),
            ],
        )
        .await?;
    if usize::try_from(saved) == Ok(claims.len()) { Ok(()) } else { Err(Fault::Contention) }
}

/// The open claims on these beneficiaries, the oldest first, locked.
pub(crate) async fn lock_open(tx: &mut Tx, beneficiaries: Vec<String>) -> Result<Vec<Claim>, Fault> {
    if beneficiaries.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .all_by(
            claim_where!(
                "WHERE beneficiary = ANY($1) AND netted_minor + recovered_minor < claimed_minor ORDER BY id FOR UPDATE"
            ),
            claim_where!("WHERE beneficiary = $1 AND netted_minor + recovered_minor < claimed_minor"),
            Column::Text(beneficiaries),
        )
        .await?;
    let mut claims = restore_all(rows)?;
    claims.sort_by_key(|claim| (claim.created_at, claim.id));
    Ok(claims)
}

/// One claim.
pub(crate) async fn one(tx: &mut Tx, id: Uuid) -> Result<Option<Claim>, Fault> {
    tx.opt::<ClaimRow>(claim_where!("WHERE id = $1"), (id,)).await?.map(ClaimRow::restore).transpose()
}

/// A page of claims, newest first, after a position.
pub(crate) async fn page(
    db: &Db,
    beneficiary: Option<String>,
    reward: Option<Uuid>,
    after: Option<(At, Uuid)>,
    limit: i64,
) -> Result<Vec<Claim>, Fault> {
    let (after_at, after_id) = after.unzip();
    let rows = db
        .all(
            claim_where!(
                "WHERE ($1 IS NULL OR beneficiary = $1) AND ($2 IS NULL OR reward_id = $2)
                   AND ($3 IS NULL OR (created_at, id) < ($3, $4))
                 ORDER BY created_at DESC, id DESC LIMIT $5"
            ),
            (beneficiary, reward, after_at, after_id, limit),
        )
        .await?;
    restore_all(rows)
}

/// How a claim was met, bit by bit.
pub(crate) struct Recovery {
    pub(crate) id: Uuid,
    pub(crate) claim: Uuid,
    /// The reward that it was met out of; none: in money.
    pub(crate) by_reward: Option<Uuid>,
    /// The bank's reference of the money; empty: out of another reward.
    pub(crate) bank_reference: String,
    pub(crate) amount: Money,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

/// Adds a bit; false where the same money was taken down before.
pub(crate) async fn add(tx: &mut Tx, recovery: &Recovery) -> Result<bool, Fault> {
    let added = tx
        .exec(
            "INSERT INTO recovery (id, claim_id, by_reward, bank_reference, currency, amount_minor, recorded_by, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (bank_reference) WHERE bank_reference <> '' DO NOTHING",
            (
                recovery.id,
                recovery.claim,
                recovery.by_reward,
                recovery.bank_reference.clone(),
                recovery.amount.currency().code(),
                recovery.amount.minor(),
                recovery.by.clone(),
                At(recovery.at),
            ),
        )
        .await?;
    Ok(added == 1)
}

//! `evidence`: every fact that counts for a referral, or came after its decision. Append-only; a fact's id is unique
//! for ever.

use super::{digest, money, word};
use crate::domain::{
    intake::{Recorded, Taken},
    success::Evidence,
};
use handsel_money::Money;
use handsel_storage::{At, Column, Fault, Tx, row};
use std::collections::BTreeMap;
use uuid::Uuid;

row! {
    struct EvidenceRow {
        fact_id: String,
        referral_id: Uuid,
        kind: String,
        amount_minor: Option<i64>,
        amount_currency: Option<String>,
        occurred_at: At,
        received_at: At,
        counted: bool,
    }

    struct TakenRow {
        fact_id: String,
        referral_id: Uuid,
        digest: Vec<u8>,
    }
}

impl EvidenceRow {
    fn evidence(self) -> Result<Evidence, Fault> {
        Ok(Evidence {
            fact_id: self.fact_id,
            kind: word(&self.kind)?,
            amount: money(self.amount_minor, self.amount_currency.as_deref())?,
            occurred_at: self.occurred_at.0,
            received_at: self.received_at.0,
            counted: self.counted,
        })
    }
}

/// The evidence of these referrals, each by when it happened.
pub(crate) async fn by_referrals(tx: &mut Tx, referrals: Vec<Uuid>) -> Result<BTreeMap<Uuid, Vec<Evidence>>, Fault> {
    let rows: Vec<EvidenceRow> = tx
        .all_by(
            "SELECT fact_id, referral_id, kind, amount_minor, amount_currency, occurred_at, received_at, counted
             FROM evidence WHERE referral_id = ANY($1) ORDER BY referral_id, occurred_at, fact_id",
            "SELECT fact_id, referral_id, kind, amount_minor, amount_currency, occurred_at, received_at, counted
             FROM evidence WHERE referral_id = $1 ORDER BY occurred_at, fact_id",
            Column::Uuid(referrals),
        )
        .await?;
    let mut evidence: BTreeMap<Uuid, Vec<Evidence>> = BTreeMap::new();
    for row in rows {
        evidence.entry(row.referral_id).or_default().push(row.evidence()?);
    }
    Ok(evidence)
}

/// Which of these facts were taken, and for which referral.
pub(crate) async fn taken(tx: &mut Tx, fact_ids: Vec<String>) -> Result<BTreeMap<String, Taken>, Fault> {
    let rows: Vec<TakenRow> = tx
        .all_by(
            "SELECT fact_id, referral_id, digest FROM evidence WHERE fact_id = ANY($1)",
            "SELECT fact_id, referral_id, digest FROM evidence WHERE fact_id = $1",
            Column::Text(fact_ids),
        )
        .await?;
    rows.into_iter()
        .map(|row| Ok((row.fact_id, Taken { digest: digest(&row.digest)?, referral: Some(row.referral_id) })))
        .collect()
}

/// Adds evidence; contention if one of the facts is there by now.
pub(crate) async fn insert(tx: &mut Tx, recorded: &[Recorded]) -> Result<(), Fault> {
    let evidence = || recorded.iter().map(|each| &each.evidence);
    let columns = vec![
        Column::Text(evidence().map(|each| each.fact_id.clone()).collect()),
        Column::Uuid(recorded.iter().map(|each| each.referral).collect()),
        Column::Text(evidence().map(|each| each.kind.as_str().to_owned()).collect()),
        Column::OptInt(evidence().map(|each| each.amount.map(Money::minor)).collect()),
        Column::OptText(evidence().map(|each| each.amount.map(|amount| amount.currency().to_string())).collect()),
        Column::At(evidence().map(|each| At(each.occurred_at)).collect()),
        Column::At(evidence().map(|each| At(each.received_at)).collect()),
        Column::Bool(evidence().map(|each| each.counted).collect()),
        Column::Bytes(recorded.iter().map(|each| each.digest.to_vec()).collect()),
    ];
    tx.bulk(
        "INSERT INTO evidence (fact_id, referral_id, kind, amount_minor, amount_currency, occurred_at, received_at,
            counted, digest)
         SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[],
            $7::timestamptz[], $8::boolean[], $9::bytea[])",
        "INSERT INTO evidence (fact_id, referral_id, kind, amount_minor, amount_currency, occurred_at, received_at,
            counted, digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        columns,
    )
    .await
    .map(drop)
    .map_err(Fault::unique_is_race)
}

//! Reads a stretch of the journal for what beneficiaries were paid, and adds it to their years. One process at a time.

use super::means::Means;
use crate::{
    domain::tax_year::{self, Entry, Paid},
    store::{self, currency},
};
use handsel_money::Timestamp;
use handsel_storage::{Command, Fault, Tx};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A stretch of so many lines.
pub(crate) struct TellTaxes {
    pub(crate) means: Means,
    pub(crate) lines: i64,
    pub(crate) now: Timestamp,
}

impl Command for TellTaxes {
    const NAME: &'static str = "tax.tell";
    /// Lines read.
    type Output = i64;

    async fn apply(&self, tx: &mut Tx) -> Result<i64, Fault> {
        let after = store::tax::read_through(tx).await?;
        let horizon = store::journal::horizon(tx).await?;
        let stretch = store::journal::stretch(tx, after, horizon, self.lines).await?;
        let Some(through) = stretch.last_ordinal else { return Ok(0) };
        let told_of = store::tax::told_of(tx, after, through).await?;
        if !told_of.is_empty() {
            self.add(tx, told_of).await?;
        }
        store::tax::remember(tx, through).await?;
        Ok(stretch.lines)
    }
}

impl TellTaxes {
    async fn add(&self, tx: &mut Tx, told_of: Vec<(Uuid, i64)>) -> Result<(), Fault> {
        let paid = self.paid(tx, told_of).await?;
        let beneficiaries: BTreeSet<String> = paid.iter().map(|one| one.beneficiary.clone()).collect();
        let mut totals = store::tax::years(tx, beneficiaries.into_iter().collect()).await?;
        let mut entries: Vec<Entry> = Vec::new();
        for one in &paid {
            let entry = tax_year::take(one, &mut totals).map_err(|refusal| Fault::Invalid(refusal.to_string()))?;
            entries.extend(entry);
        }
        let changed: BTreeSet<_> = entries.iter().map(|entry| &entry.year).collect();
        let changed: Vec<_> = totals.iter().filter(|(key, _)| changed.contains(key)).collect();
        store::tax::save(tx, &changed).await?;
        store::tax::keep(tx, &entries, self.now).await
    }

    /// What the rewards' lines say, in the order of their payouts.
    async fn paid(&self, tx: &mut Tx, told_of: Vec<(Uuid, i64)>) -> Result<Vec<Paid>, Fault> {
        let ids: Vec<Uuid> = told_of.iter().map(|(id, _)| *id).collect();
        let rows = store::tax::rewards(tx, ids.clone()).await?;
        let sums = store::tax::sums(tx, ids.clone()).await?;
        let told = store::tax::told(tx, ids).await?;
        let mut paid = Vec::with_capacity(rows.len());
        for row in rows {
            let plan = self.means.plans.get(tx, &row.plan_id, row.plan_version).await?;
            let plan = plan.map_err(|refusal| Fault::Invalid(refusal.to_string()))?;
            let terms = &plan.plan.terms;
            let (told, paid_in) = told.get(&row.id).copied().unwrap_or_default();
            let ordinal = told_of.iter().find(|(id, _)| *id == row.id).map(|(_, ordinal)| *ordinal).unwrap_or_default();
            paid.push(Paid {
                reward: row.id,
                beneficiary: row.beneficiary,
                plan: row.plan_id,
                jurisdiction: terms.standing.profile.code().to_owned(),
                zone: terms.zone.clone(),
                threshold: terms.reporting_threshold,
                currency: currency(&row.currency)?,
                withheld: row.withheld,
                at: row.settled_at.map_or(self.now, |at| at.0),
                had: sums.get(&row.id).map(tax_year::had).unwrap_or_default(),
                told,
                paid_in,
                ordinal,
            });
        }
        paid.sort_by_key(|one| (one.at, one.ordinal));
        Ok(paid)
    }
}

//! Reads of referrals: with their evidence, and the referee as he may be shown.

use crate::{
    domain::{
        referral::{Filter, Referral, Step},
        success::Evidence,
    },
    registry::{MaskedSubject, Registry},
    store,
};
use handsel_money::Timestamp;
use handsel_storage::{Db, Fault};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A referral as it is answered.
#[derive(Debug, Clone)]
pub(crate) struct ReferralView {
    /// It.
    pub(crate) referral: Referral,
    /// The referee, masked.
    pub(crate) referee: MaskedSubject,
    /// Its evidence by when it happened, each with the requirement that it meets first, counted from 1; 0 if none.
    pub(crate) evidence: Vec<(Evidence, u32)>,
}

/// One referral.
pub(crate) async fn get(db: &Db, registry: &Registry, id: Uuid) -> Result<Option<ReferralView>, Fault> {
    Ok(views(db, registry, vec![id]).await?.pop())
}

/// A page of referrals, newest first, from behind (`created_at`, `id`).
pub(crate) async fn page(
    db: &Db,
    registry: &Registry,
    filter: &Filter,
    behind: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<ReferralView>, Fault> {
    let ids = store::referral::page(&mut db.read().await?, filter, behind, limit).await?;
    views(db, registry, ids).await
}

/// Referrals by state, then channel.
pub(crate) async fn funnel(db: &Db, filter: &Filter) -> Result<Vec<Step>, Fault> {
    let mut steps = store::referral::funnel(&mut db.read().await?, filter).await?;
    steps.sort_unstable();
    Ok(steps)
}

/// These referrals in this order, out of one snapshot.
async fn views(db: &Db, registry: &Registry, ids: Vec<Uuid>) -> Result<Vec<ReferralView>, Fault> {
    let mut tx = db.read().await?;
    let mut referrals = store::referral::by_ids(&mut tx, ids.clone()).await?;
    let mut evidence = store::evidence::by_referrals(&mut tx, ids.clone()).await?;
    let programs: BTreeSet<String> = referrals.values().map(|referral| referral.program.clone()).collect();
    let programs = store::program::by_ids(&mut tx, programs.into_iter().collect()).await?;
    let subjects = referrals.values().map(|referral| referral.subject).collect();
    let sealed = store::subject::by_ids(&mut tx, subjects).await?;
    drop(tx);
    let mut masked = registry.masked(&sealed).await?;
    let mut views = Vec::with_capacity(ids.len());
    for referral in ids.iter().filter_map(|id| referrals.remove(id)) {
        let missing = || Fault::Invalid(format!("referral {} lacks its subject or its program", referral.id));
        let referee = masked.remove(&referral.subject).ok_or_else(missing)?;
        let rule = &programs.get(&referral.program).ok_or_else(missing)?.terms.success;
        let of_referral = evidence.remove(&referral.id).unwrap_or_default().into_iter();
        let evidence =
            of_referral.map(|each| (each.clone(), rule.requirement_met(referral.created_at, &each))).collect();
        views.push(ReferralView { referral, referee, evidence });
    }
    Ok(views)
}

//! Counters of caps and budgets: what moved is saved, and what a reward no longer needs is given back.

use super::{fall_due::inconsistent, means::Means, statements};
use crate::{
    domain::{
        grant::{self, Counters, Freed},
        reward::Entitlement,
    },
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Fault, Tx};

/// Saves the counters that moved, and tells of the marks that budgets have reached. The budget rows of the plans are locked.
pub(crate) async fn save(
    tx: &mut Tx,
    means: &Means,
    before: &Counters,
    after: Counters,
    now: Timestamp,
) -> Result<(), Fault> {
    let Counters { budgets, seasons, windows, progress, warnings } = after;
    let budgets: Vec<_> = budgets.into_iter().filter(|(plan, one)| before.budgets.get(plan) != Some(one)).collect();
    let seasons: Vec<_> = seasons.into_iter().filter(|(key, pot)| before.seasons.get(key) != Some(pot)).collect();
    let windows: Vec<_> = windows.into_iter().filter(|(key, tally)| before.windows.get(key) != Some(tally)).collect();
    let progress: Vec<_> = progress.into_iter().filter(|(key, one)| before.progress.get(key) != Some(one)).collect();
    store::counter::save_budgets(tx, &budgets).await?;
    store::campaign::save_seasons(tx, &seasons).await?;
    store::counter::save_windows(tx, &windows).await?;
    store::campaign::save_progress(tx, &progress).await?;
    if warnings.is_empty() {
        return Ok(());
    }
    let actor = Actor::system("reward/budget");
    let owed = warnings.iter().map(|warning| statements::of_budget(warning, &actor, now)).collect();
    means.outbox.owe(tx, now, owed).await
}

/// Gives back what a reward holds of caps and budgets, or a part of it. The plan's budget row is locked.
pub(crate) async fn free(
    tx: &mut Tx,
    means: &Means,
    entitlement: &Entitlement,
    freed: Freed,
    now: Timestamp,
) -> Result<(), Fault> {
    let window = grant::window_key(&entitlement.plan, &entitlement.window, &entitlement.beneficiary);
    let season = grant::season_key(&entitlement.plan, &entitlement.season);
    let before = Counters {
        budgets: store::counter::budgets(tx, vec![entitlement.plan.clone()]).await?.into_iter().collect(),
        seasons: store::campaign::seasons(tx, season.as_slice()).await?.into_iter().collect(),
        windows: store::counter::windows(tx, window.as_slice()).await?.into_iter().collect(),
        ..Counters::default()
    };
    let mut after = before.clone();
    after.free(entitlement, freed).map_err(|refusal| inconsistent(&refusal))?;
    save(tx, means, &before, after, now).await
}

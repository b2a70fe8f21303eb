//! What stands against the budgets of a plan, as it is read.

use super::{
    campaign::SeasonRow,
    counter::{self, pot},
};
use crate::domain::grant::{Budget, Pot};
use handsel_storage::{Fault, Tx, row};

/// What stands against every budget of a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    /// Of the plan as a whole.
    pub(crate) budget: Budget,
    /// Minor units of rewards that are paid and not taken back.
    pub(crate) used_minor: i64,
    /// The same of their cost.
    pub(crate) used_cost_minor: i64,
    /// Each season that was ever opened, by its name: what was granted in it, and what of that is used.
    pub(crate) seasons: Vec<(String, Pot, i64)>,
}

row! {
    pub(crate) struct PaidRow {
        pub season: String,
        pub used_minor: i64,
        pub used_cost_minor: i64,
    }
}

/// What stands against the budgets of a plan. What is used is summed from the rewards that are paid, when it is asked for: a
/// payment writes no counter.
pub(crate) async fn uses(tx: &mut Tx, plan: &str) -> Result<Uses, Fault> {
    let budgets = counter::budgets(tx, vec![plan.to_owned()]).await?;
    let seasons: Vec<SeasonRow> = tx
        .all(
            "SELECT plan_id, season, granted_minor, warned_80_at, warned_100_at FROM plan_season WHERE plan_id = $1
             ORDER BY season",
            (plan.to_owned(),),
        )
        .await?;
    let paid: Vec<PaidRow> = tx
        .all(
            "SELECT season, CAST(SUM(reward_minor - reversed_minor) AS BIGINT) AS used_minor,
                    CAST(SUM(cost_minor - reversed_minor
                             - CASE WHEN cost_minor > reward_minor THEN reversed_tax_minor ELSE 0 END) AS BIGINT)
                        AS used_cost_minor
             FROM reward WHERE plan_id = $1 AND state = 'PAID' GROUP BY season",
            (plan.to_owned(),),
        )
        .await?;
    let used_in = |season: &str| paid.iter().filter(|row| row.season == season).map(|row| row.used_minor).sum();
    let of_season = |row: SeasonRow| {
        let SeasonRow { plan_id: _, season, granted_minor, warned_80_at, warned_100_at } = row;
        let used = used_in(&season);
        (season, pot(granted_minor, warned_80_at, warned_100_at), used)
    };
    Ok(Uses {
        budget: budgets.into_iter().next().map(|(_, budget)| budget).unwrap_or_default(),
        used_minor: paid.iter().map(|row| row.used_minor).sum(),
        used_cost_minor: paid.iter().map(|row| row.used_cost_minor).sum(),
        seasons: seasons.into_iter().map(of_season).collect(),
    })
}

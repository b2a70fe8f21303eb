//! What a transaction has seen of its own and then rolled back is remembered by nobody.

use super::set_based::{PutInForce, means, terms};
use crate::{
    Reward,
    commands::means::Means,
    domain::{calculation::caps::OnExceed, refusal::Refusal, terms::PlanInForce},
};
use handsel_service::Clock as _;
use handsel_storage::{Command, Fault, Tx};
use handsel_testkit::{Lab, on_both_engines};
use std::sync::Arc;

/// Reads the plan, after it was put in force by the same transaction if that is given, which then fails.
struct Look(Means, Option<PutInForce>);

impl Command for Look {
    const NAME: &'static str = "test.look";
    type Output = Result<Arc<PlanInForce>, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Self(means, put_in_force) = self;
        if let Some(command) = put_in_force {
            command.apply(tx).await?;
        }
        let plan = means.plans.get(tx, "spring", 1).await?;
        if put_in_force.is_some() {
            assert!(plan.is_ok(), "its own activation is seen by it");
            return Err(Fault::Invalid("another command of the batch fails".into()));
        }
        Ok(plan)
    }
}

on_both_engines! {
    async fn a_plan_whose_activation_was_rolled_back_pays_nothing(lab: Lab) {
        let db = lab.migrated(Reward::NAME, &Reward::migrations()).await;
        let means = means(&lab, &db);
        let put_in_force = || PutInForce("spring".into(), terms(OnExceed::Reduce), lab.clock.now());
        assert!(db.transact(&Look(means.clone(), Some(put_in_force()))).await.is_err());
        let seen = db.transact(&Look(means.clone(), None)).await.unwrap();
        assert!(matches!(seen, Err(Refusal::NotFound(_))), "a plan that nobody activated is in force");

        db.transact(&put_in_force()).await.unwrap();
        let first = db.transact(&Look(means.clone(), None)).await.unwrap().unwrap();
        let second = db.transact(&Look(means, None)).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &second), "read once a process");
    }
}

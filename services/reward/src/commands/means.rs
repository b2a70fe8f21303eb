//! What commands bring along besides what was asked: ids, the outbox, the plans in force that were read before.

use super::latch::Gate;
use crate::{
    domain::{refusal::Refusal, terms::PlanInForce},
    store,
};
use handsel_outbox::Outbox;
use handsel_service::Ids;
use handsel_storage::{Db, Fault, Tx};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use uuid::Uuid;

/// Cheap to clone: every command holds one.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) outbox: Outbox,
    pub(crate) plans: PlansInForce,
    /// The bank's id in every end-to-end id.
    pub(crate) bank: Arc<str>,
    /// What every payout asks before it is decided and before it leaves.
    pub(crate) gate: Gate,
}

impl Means {
    pub(crate) fn next_id(&self) -> Uuid {
        self.ids.next()
    }
}

type PlanVersion = (String, i64);

/// Plan versions in force. They never change, so each is read once a process.
#[derive(Clone)]
pub(crate) struct PlansInForce {
    db: Db,
    known: Arc<RwLock<HashMap<PlanVersion, Arc<PlanInForce>>>>,
}

impl PlansInForce {
    /// None known yet.
    pub(crate) fn of(db: Db) -> Self {
        Self { db, known: Arc::default() }
    }

    /// A plan version, if it is in force.
    ///
    /// The inner error is [`Refusal::NotFound`] or [`Refusal::PlanNotActive`].
    pub(crate) async fn get(
        &self,
        tx: &mut Tx,
        id: &str,
        version: i64,
    ) -> Result<Result<Arc<PlanInForce>, Refusal>, Fault> {
        let key = (id.to_owned(), version);
        if let Some(plan) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Ok(Arc::clone(plan)));
        }
        let Some(plan) = store::plan::version(tx, id, version).await? else {
            return Ok(Err(Refusal::NotFound(format!("plans/{id} version {version}"))));
        };
        let plan = match PlanInForce::of(plan) {
            Ok(plan) => Arc::new(plan),
            Err(refusal) => return Ok(Err(refusal)),
        };
        // This transaction may have put it in force itself, with a command that shares it, and may yet be rolled back: what is
        // remembered is what others see.
        if matches!(store::plan::is_in_force(&self.db, id, version).await, Ok(true)) {
            self.known.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&plan));
        }
        Ok(Ok(plan))
    }
}

//! Begins an evaluation, or finds it begun: fixes who is evaluated, by what they had done, and the cut-offs that all of them are
//! scored by.

use super::{Act, Progress, evaluation_name, policy_name};
use crate::domain::evaluation::{Evaluation, may_begin, may_evaluate, window_start};
use crate::domain::policy::Policy;
use crate::domain::refusal::Refusal;
use crate::domain::scoring::{CutOffs, quintiles};
use crate::store;
use handsel_money::Timestamp;
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::json;

pub(crate) struct BeginEvaluation {
    /// The policy's id.
    pub(crate) policy: String,
    /// By what had happened before this instant; the tiers hold from it on.
    pub(crate) as_of: Timestamp,
    pub(crate) act: Act,
}

impl Command for BeginEvaluation {
    const NAME: &'static str = "tier.begin_evaluation";
    type Output = Result<Progress, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![store::evaluation::turn()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(policy) = store::policy::find(tx, &self.policy).await? else {
            return Ok(Err(Refusal::NotFound(policy_name(&self.policy))));
        };
        if let Err(refusal) = may_evaluate(&policy, self.as_of, self.act.now) {
            return Ok(Err(refusal));
        }
        if let Some(begun) = store::evaluation::find(tx, &self.policy, self.as_of).await? {
            return Ok(Ok(Progress::of(&begun)));
        }
        if let Err(refusal) = may_begin(store::evaluation::others(tx, self.as_of).await?) {
            return Ok(Err(refusal));
        }
        let evaluation = self.begin(tx, &policy).await?;
        self.act.owe(tx, vec![Owed::Audit(self.statement(&evaluation))]).await?;
        Ok(Ok(Progress::of(&evaluation)))
    }
}

impl BeginEvaluation {
    async fn begin(&self, tx: &mut Tx, policy: &Policy) -> Result<Evaluation, Fault> {
        let rules = &policy.rules;
        let from = window_start(rules.window_days, self.as_of);
        let total = store::evaluation_customer::insert(tx, self.as_of, from, rules.currency).await?;
        let cut_offs = match rules.fixed_cut_offs() {
            Some(fixed) => fixed,
            // Without customers there is nobody whom these would score.
            None => quintiles(&store::evaluation_customer::all(tx, self.as_of).await?).unwrap_or(NOBODY),
        };
        let (policy, reached) = (self.policy.clone(), String::new());
        let evaluation = Evaluation { policy, as_of: self.as_of, cut_offs, total, evaluated: 0, changed: 0, reached };
        store::evaluation::insert(tx, &evaluation).await?;
        Ok(evaluation)
    }

    fn statement(&self, evaluation: &Evaluation) -> Statement {
        let name = policy_name(&self.policy);
        let CutOffs { recency, frequency, monetary } = evaluation.cut_offs;
        let texts = |cut_offs: [i64; 4]| cut_offs.map(|one| one.to_string());
        Statement {
            subjects: vec![name.clone()],
            policy: Some(name),
            body: json!({
                "as_of": self.as_of.to_string(),
                "customers": evaluation.total.to_string(),
                "recency_days": texts(recency),
                "frequency": texts(frequency),
                "monetary_minor": texts(monetary),
            }),
            ..self.act.statement("tier.evaluation.begun", "evaluate", evaluation_name(&self.policy, self.as_of))
        }
    }
}

const NOBODY: CutOffs = CutOffs { recency: [0; 4], frequency: [0; 4], monetary: [0; 4] };

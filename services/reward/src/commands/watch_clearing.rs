//! Puts alarms over clearing up and takes them down, each once however many processes look.

use super::means::Means;
use crate::{
    domain::clearing::{self, Alarm},
    store::{self, clearing::Raised},
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;

/// What a look at clearing found wrong.
pub(crate) struct WatchClearing {
    pub(crate) means: Means,
    pub(crate) found: Vec<Alarm>,
    pub(crate) now: Timestamp,
}

/// What changed, and what is up now.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    pub(crate) raised: Vec<Alarm>,
    pub(crate) cleared: Vec<Alarm>,
    pub(crate) up: usize,
}

impl Command for WatchClearing {
    const NAME: &'static str = "ledger.watch_clearing";
    type Output = Watched;

    async fn apply(&self, tx: &mut Tx) -> Result<Watched, Fault> {
        let up = store::clearing::alarms(tx).await?;
        let known: Vec<Alarm> = up.iter().map(|raised| raised.alarm.clone()).collect();
        let (rise, fall) = clearing::changes(&self.found, &known);
        let mut owed = Vec::with_capacity(rise.len().saturating_add(fall.len()));
        for alarm in &rise {
            let raised = Raised { id: self.means.next_id(), alarm: (*alarm).clone(), at: self.now };
            store::clearing::raise(tx, &raised).await?;
            owed.push(self.said("ledger.clearing_alarm_raised", "raise", alarm));
        }
        let down: Vec<_> = up.iter().filter(|raised| fall.contains(&&raised.alarm)).map(|raised| raised.id).collect();
        if !down.is_empty() {
            store::clearing::take_down(tx, down, self.now).await?;
            owed.extend(fall.iter().map(|alarm| self.said("ledger.clearing_alarm_cleared", "clear", alarm)));
        }
        if !owed.is_empty() {
            self.means.outbox.owe(tx, self.now, owed).await?;
        }
        let owned = |alarms: Vec<&Alarm>| alarms.into_iter().cloned().collect();
        Ok(Watched { raised: owned(rise), cleared: owned(fall), up: self.found.len() })
    }
}

impl WatchClearing {
    fn said(&self, kind: &'static str, action: &'static str, alarm: &Alarm) -> Owed {
        let plan = format!("plans/{}", alarm.plan);
        Owed::Audit(Statement {
            kind,
            time: self.now,
            actor: Actor::system("reward/clearing-watch"),
            subjects: vec![plan.clone()],
            action,
            outcome: "success",
            reason: Some(alarm.kind.code().to_owned()),
            correlation: plan,
            amount: Some(alarm.balance),
            policy: None,
            body: json!({ "balance": alarm.balance.to_string(), "explained": alarm.explained.to_string() }),
        })
    }
}

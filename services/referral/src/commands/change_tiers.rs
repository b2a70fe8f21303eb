//! Takes what the tier service tells: customers' tiers from instants on.

use super::Act;
use crate::{domain::tier::TierFrom, store};
use handsel_outbox::{
    Origin, Owed, Statement,
    inbox::{Arrival, Inbox, InboxRefused, Verdict},
};
use handsel_proto::handsel::relay::v1::Receipt;
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use std::collections::BTreeMap;

/// A run of messages.
#[derive(Debug)]
pub(crate) struct ChangeTiers {
    /// Who delivers it.
    pub(crate) act: Act,
    /// Whose it is.
    pub(crate) origin: Origin,
    /// Its messages, in order.
    pub(crate) messages: Vec<TierMessage>,
}

/// One message: what identifies it, and what it says, or the reason why that makes no sense.
#[derive(Debug)]
pub(crate) struct TierMessage {
    /// Number and digest.
    pub(crate) arrival: Arrival,
    /// What it says.
    pub(crate) says: Result<Says, &'static str>,
}

/// What a message says.
#[derive(Debug)]
pub(crate) enum Says {
    /// A customer is of a tier from an instant on.
    Tier(TierFrom),
    /// Nothing: the sender has put the message aside.
    Nothing,
}

impl Command for ChangeTiers {
    const NAME: &'static str = "tier.change";
    type Output = Result<Vec<Receipt>, InboxRefused>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let arrivals: Vec<Arrival> = self.messages.iter().map(|message| message.arrival.clone()).collect();
        let inbox = match Inbox::begin(tx, &self.origin, &arrivals).await? {
            Ok(inbox) => inbox,
            Err(refused) => return Ok(Err(refused)),
        };
        let fresh = self.messages.get(inbox.taken()..).unwrap_or_default();
        // Of two changes for the same customer and instant, the later told holds.
        let mut tiers = BTreeMap::new();
        let mut verdicts = Vec::with_capacity(fresh.len());
        for message in fresh {
            verdicts.push(match &message.says {
                Ok(Says::Nothing) => Verdict::Applied { resource: String::new() },
                Ok(Says::Tier(tier)) => {
                    tiers.insert((tier.customer.clone(), tier.effective_at), tier.clone());
                    Verdict::Applied { resource: tier.customer.clone() }
                }
                Err(reason) => Verdict::Refused { reason: (*reason).to_owned() },
            });
        }
        store::tier::put(tx, &tiers.into_values().collect::<Vec<_>>()).await?;
        if !fresh.is_empty() {
            let statement = self.act.statement("tier.received", "receive", format!("sources/{}", self.origin.source));
            let statement = Statement { body: json!({"count": fresh.len()}), ..statement };
            self.act.owe(tx, vec![Owed::Audit(statement)]).await?;
        }
        Ok(Ok(inbox.finish(tx, verdicts).await?))
    }
}

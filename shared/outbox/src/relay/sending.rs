//! One run on its way: the call, and what each answer means for the stream.

use super::{
    Relay,
    commands::{Lost, Record},
    lease::Memory,
};
use crate::{DeliverFault, Delivered, Numbered, Origin};
use anyhow::{Context, anyhow};
use handsel_service::telemetry;

/// How a run ended.
pub(super) enum Ended {
    /// Delivered, and the answers kept.
    Delivered,
    /// The stream is not what it was: what comes next has to be looked up.
    Changed,
    /// Another relay sends now.
    Overtaken,
}

impl Relay {
    /// Sends a run. One message that the receiver cannot even read, or fails at, spoils the call for all: they are then sent one by
    /// one, so that those before it get through and it is known which one it is.
    pub(super) async fn hand_over(&self, epoch: i64, messages: &[Numbered]) -> anyhow::Result<Ended> {
        match self.send(epoch, messages).await {
            Err(DeliverFault::Rejected(_) | DeliverFault::Failing(_)) if messages.len() > 1 => {
                for message in messages.chunks(1) {
                    let answer = self.send(epoch, message).await;
                    match self.settle(epoch, message, answer).await? {
                        Ended::Delivered => {}
                        ended => return Ok(ended),
                    }
                }
                Ok(Ended::Delivered)
            }
            answer => self.settle(epoch, messages, answer).await,
        }
    }

    async fn send(&self, epoch: i64, messages: &[Numbered]) -> Result<Delivered, DeliverFault> {
        let origin = Origin { source: self.inner.source.clone(), epoch };
        // One call for many causes: it goes on in the trace of the first. Each message carries its own.
        let trace = messages.first().map(|message| message.traceparent.as_str());
        let call = telemetry::under(trace, "outbox.deliver", self.inner.deliver.deliver(origin, messages));
        let delivered = tokio::time::timeout(self.settings.call, call)
            .await
            .map_err(|_| DeliverFault::Failing("no answer in time".to_owned()))??;
        let asked = messages.iter().map(|message| message.sequence);
        if asked.eq(delivered.receipts.iter().map(|receipt| receipt.sequence)) {
            return Ok(delivered);
        }
        Err(DeliverFault::Transient("the receipts are not those of the messages".to_owned()))
    }

    /// What an answer means for the stream.
    async fn settle(
        &self,
        epoch: i64,
        messages: &[Numbered],
        answer: Result<Delivered, DeliverFault>,
    ) -> anyhow::Result<Ended> {
        let Some(head) = messages.first() else { return Ok(Ended::Delivered) };
        let first = head.sequence;
        match answer {
            Ok(delivered) => self.record(epoch, delivered).await,
            Err(DeliverFault::Fenced) => Ok(self.overtaken()),
            // One of the two databases is not the one that it was: they meet before anything else is sent.
            Err(fault @ (DeliverFault::Gap { .. } | DeliverFault::Conflict(_))) => {
                if self.meet().await? {
                    Ok(Ended::Changed)
                } else {
                    Err(self.blocked(first, &fault.to_string()))
                }
            }
            Err(fault @ DeliverFault::Transient(_)) => Err(anyhow!(fault).context(format!("from number {first} on"))),
            Err(fault @ (DeliverFault::Rejected(_) | DeliverFault::Failing(_))) => {
                self.failed_at(epoch, head, fault).await
            }
        }
    }

    async fn record(&self, epoch: i64, delivered: Delivered) -> anyhow::Result<Ended> {
        self.inner.gauges.delivered(&delivered.receipts);
        let record = Record { destination: self.inner.destination, epoch, lease: self.settings.lease, delivered };
        match self.inner.db.transact(&record).await.context("delivered, but the receipts could not be kept")? {
            Ok(()) => Ok(Ended::Delivered),
            Err(Lost) => Ok(self.overtaken()),
        }
    }

    /// The stream stands at this number until somebody has looked: an error for the log, a count for the alarm.
    pub(super) fn blocked(&self, sequence: i64, why: &str) -> anyhow::Error {
        self.inner.gauges.blocked();
        tracing::error!(
            source = self.inner.source,
            sequence,
            why,
            "a message cannot be delivered; the stream waits behind it"
        );
        anyhow!("number {sequence} cannot be delivered: {why}")
    }

    pub(super) fn overtaken(&self) -> Ended {
        tracing::info!(source = self.inner.source, "another relay has taken over");
        self.remember(Memory::Nothing);
        Ended::Overtaken
    }
}

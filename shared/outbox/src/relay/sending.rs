//! One run on its way: the call, and what each answer means for the stream.

use super::{
    Relay,
    commands::{Lost, NoWayBack, Record, Rewind},
    lease::Memory,
    numbering::Numbering,
};
use crate::{DeliverFault, Numbered, Origin, Receipt};
use anyhow::{Context, anyhow};
use handsel_service::telemetry;

/// How a run ended.
pub(super) enum Ended {
    /// Delivered, and the answers kept.
    Delivered,
    /// Another relay sends now.
    Overtaken,
}

impl Relay {
    /// Sends a run. One message that the receiver cannot even read spoils the call for all: they are then sent one by one, so
    /// that those before it get through and it is known which one it is.
    pub(super) async fn hand_over(&self, epoch: i64, messages: &[Numbered]) -> anyhow::Result<Ended> {
        match self.send(epoch, messages).await {
            Err(DeliverFault::Rejected(_)) if messages.len() > 1 => {
                for message in messages.chunks(1) {
                    let answer = self.send(epoch, message).await;
                    if let Ended::Overtaken = self.settle(epoch, message, answer).await? {
                        return Ok(Ended::Overtaken);
                    }
                }
                Ok(Ended::Delivered)
            }
            answer => self.settle(epoch, messages, answer).await,
        }
    }

    async fn send(&self, epoch: i64, messages: &[Numbered]) -> Result<Vec<Receipt>, DeliverFault> {
        let origin = Origin { source: self.inner.source.clone(), epoch };
        // One call for many causes: it goes on in the trace of the first. Each message carries its own.
        let trace = messages.first().map(|message| message.traceparent.as_str());
        let call = telemetry::under(trace, "outbox.deliver", self.inner.deliver.deliver(origin, messages));
        let receipts = tokio::time::timeout(self.settings.call, call)
            .await
            .map_err(|_| DeliverFault::Transient("no answer in time".to_owned()))??;
        let asked = messages.iter().map(|message| message.sequence);
        if asked.eq(receipts.iter().map(|receipt| receipt.sequence)) {
            return Ok(receipts);
        }
        Err(DeliverFault::Transient("the receipts are not those of the messages".to_owned()))
    }

    /// What an answer means for the stream.
    async fn settle(
        &self,
        epoch: i64,
        messages: &[Numbered],
        answer: Result<Vec<Receipt>, DeliverFault>,
    ) -> anyhow::Result<Ended> {
        let first = messages.first().map_or(0, |message| message.sequence);
        match answer {
            Ok(receipts) => self.record(epoch, receipts).await,
            Err(DeliverFault::Fenced) => Ok(self.overtaken()),
            Err(DeliverFault::Gap { expected }) => self.rewind(epoch, expected).await,
            Err(fault @ DeliverFault::Transient(_)) => Err(anyhow!(fault).context(format!("from number {first} on"))),
            Err(fault @ (DeliverFault::Rejected(_) | DeliverFault::Conflict(_))) => {
                Err(self.blocked(first, &fault.to_string()))
            }
        }
    }

    async fn record(&self, epoch: i64, receipts: Vec<Receipt>) -> anyhow::Result<Ended> {
        self.inner.gauges.delivered(&receipts);
        let record = Record { destination: self.inner.destination, epoch, lease: self.settings.lease, receipts };
        match self.inner.db.transact(&record).await.context("delivered, but the receipts could not be kept")? {
            Ok(()) => Ok(Ended::Delivered),
            Err(Lost) => Ok(self.overtaken()),
        }
    }

    /// The receiver expects an earlier number: its database was restored, and gets again what it has lost. The log is never
    /// filled up like that: a log that has lost its end is a finding, not a gap.
    async fn rewind(&self, epoch: i64, expected: i64) -> anyhow::Result<Ended> {
        if self.inner.numbering == Numbering::Statements {
            return Err(self.blocked(expected, "the log has lost statements that it had receipted"));
        }
        let rewind = Rewind { destination: self.inner.destination, epoch, expected };
        match self.inner.db.transact(&rewind).await? {
            Ok(()) => {
                let source = &self.inner.source;
                tracing::warn!(
                    source,
                    expected,
                    "the receiver has lost messages that it had taken; they are sent again"
                );
                Ok(Ended::Delivered)
            }
            Err(NoWayBack::Lost) => Ok(self.overtaken()),
            Err(NoWayBack::Gone) => {
                Err(self.blocked(expected, "the receiver expects a number that is not here to be sent"))
            }
        }
    }

    /// The stream stands at this number until somebody has looked: an error for the log, a count for the alarm.
    fn blocked(&self, sequence: i64, why: &str) -> anyhow::Error {
        self.inner.gauges.blocked();
        tracing::error!(
            source = self.inner.source,
            sequence,
            why,
            "a message cannot be delivered; the stream waits behind it"
        );
        anyhow!("number {sequence} cannot be delivered: {why}")
    }

    fn overtaken(&self) -> Ended {
        tracing::info!(source = self.inner.source, "another relay has taken over");
        self.remember(Memory::Nothing);
        Ended::Overtaken
    }
}

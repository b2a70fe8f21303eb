//! What an operator sees of a relay.

use crate::{Outcome, Pending, Receipt};
use opentelemetry::{
    KeyValue, global,
    metrics::{Counter, Gauge},
};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Counting what waits reads the table: not oftener than this.
const EVERY: Duration = Duration::from_secs(5);

/// The instruments of one relay. `outbox.age` is the one to set an alarm on.
pub(super) struct Gauges {
    source: KeyValue,
    pending: Gauge<u64>,
    age: Gauge<u64>,
    delivered: Counter<u64>,
    blocked: Counter<u64>,
    parked: Counter<u64>,
    last: Mutex<Option<Instant>>,
}

impl Gauges {
    pub(super) fn of(source: &str) -> Self {
        let meter = global::meter("handsel");
        Self {
            source: KeyValue::new("source", source.to_owned()),
            pending: meter
                .u64_gauge("outbox.pending")
                .with_description("Messages that the receiver has not answered yet")
                .build(),
            age: meter
                .u64_gauge("outbox.age")
                .with_unit("s")
                .with_description("How long the oldest of them has waited")
                .build(),
            delivered: meter.u64_counter("outbox.delivered").with_description("Messages answered, by outcome").build(),
            blocked: meter
                .u64_counter("outbox.blocked")
                .with_description("Tries at a message that can never be delivered as it is; the stream waits behind it")
                .build(),
            parked: meter
                .u64_counter("outbox.parked")
                .with_description(
                    "Messages put aside because their receiver failed at them; somebody has to release them",
                )
                .build(),
            last: Mutex::default(),
        }
    }

    pub(super) fn are_due(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= EVERY);
        if due {
            *last = Some(Instant::now());
        }
        due
    }

    pub(super) fn waiting(&self, waiting: Pending) {
        self.pending.record(waiting.count, std::slice::from_ref(&self.source));
        self.age.record(waiting.age.as_secs(), std::slice::from_ref(&self.source));
    }

    pub(super) fn delivered(&self, receipts: &[Receipt]) {
        let of = |name: &'static str, matches: fn(&Outcome) -> bool| {
            let count = receipts.iter().filter(|receipt| matches(&receipt.outcome)).count();
            if let Ok(count @ 1..) = u64::try_from(count) {
                self.delivered.add(count, &[self.source.clone(), KeyValue::new("outcome", name)]);
            }
        };
        of("applied", |outcome| matches!(outcome, Outcome::Applied { .. }));
        of("refused", |outcome| matches!(outcome, Outcome::Refused { .. }));
        of("sealed", |outcome| matches!(outcome, Outcome::Sealed { .. }));
    }

    pub(super) fn parked(&self) {
        self.parked.add(1, std::slice::from_ref(&self.source));
    }

    pub(super) fn blocked(&self) {
        self.blocked.add(1, std::slice::from_ref(&self.source));
    }
}

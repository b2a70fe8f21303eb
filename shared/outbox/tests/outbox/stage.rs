//! A sender and a receiver with a database each, and a line between them that a test can cut.

use futures::future::BoxFuture;
use handsel_money::Timestamp;
use handsel_outbox::{
    Deliver, DeliverFault, Delivered, Greeting, MIGRATIONS, Notice, Numbered, Origin, Outbox, Owed, Pseudonyms, Relay,
    RelaySettings, Standing, deliver_by,
    inbox::{self, Arrival, Inbox, InboxRefused, Verdict},
};
use handsel_proto::handsel::{
    relay::v1 as wire,
    reward::v1::{TierChange, deliver_request},
};
use handsel_service::World;
use handsel_storage::{Command, Db, Fault, Lock, Migration, Tx, row};
use handsel_testkit::Lab;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tonic::Status;

const TAKEN: Migration = Migration {
    version: 100,
    name: "taken",
    postgres: "CREATE TABLE taken (position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer TEXT NOT NULL)",
    sqlite: "CREATE TABLE taken (position INTEGER PRIMARY KEY, customer TEXT NOT NULL) STRICT",
};

/// The business refuses this customer.
pub(crate) const REFUSED: &str = "refused";
/// The receiver's transport refuses any run with this one in it, as an older contract would.
pub(crate) const UNREADABLE: &str = "unreadable";

/// The receiver panics at this one until it is mended.
pub(crate) const POISON: &str = "poison";

/// How long a lease lasts here: short, so that a test can wait for its end.
pub(crate) const LEASE: Duration = Duration::from_millis(200);

pub(crate) struct Stage {
    pub(crate) sender: Db,
    pub(crate) receiver: Db,
    pub(crate) outbox: Outbox,
    pub(crate) world: World,
    pub(crate) line: Arc<Line>,
}

impl Stage {
    pub(crate) async fn set(lab: &Lab) -> Self {
        let sender = lab.migrated("referral", MIGRATIONS).await;
        let receiver = receiver(lab, "reward").await;
        let outbox = Outbox::new("referral", lab.world(), Pseudonyms::from_key(&[1; 32]));
        let line = Line::to(receiver.clone());
        Self { sender, receiver, outbox, world: lab.world(), line }
    }

    /// A relay as another process would start it.
    pub(crate) fn relay(&self) -> Relay {
        self.relay_over(self.line.clone())
    }

    pub(crate) fn relay_over(&self, line: Arc<Line>) -> Relay {
        let settings = RelaySettings { lease: LEASE, call: Duration::from_secs(5), ..RelaySettings::default() };
        let notice = Arc::new(Notice::new(self.outbox.clone(), self.world.clone()));
        Relay::new(self.sender.clone(), "referral", "reward", line).watched_by(notice).paced(settings)
    }

    /// What the sender owes the log: the kinds of the statements.
    pub(crate) async fn stated(&self) -> Vec<String> {
        let sql = "SELECT content FROM outbox WHERE destination = 'audit' ORDER BY ordinal";
        let rows: Vec<(Vec<u8>,)> = self.sender.all(sql, ()).await.unwrap();
        let kind = |(content,): (Vec<u8>,)| {
            let statement: serde_json::Value = serde_json::from_slice(&content).unwrap();
            statement["type"].as_str().unwrap().to_owned()
        };
        rows.into_iter().map(kind).collect()
    }

    /// Owes a message for each customer, in one transaction.
    pub(crate) async fn owe(&self, customers: &[&str]) {
        let owed = customers.iter().map(|customer| tier_change(customer)).collect();
        self.sender.transact(&Owe { outbox: self.outbox.clone(), owed }).await.unwrap();
    }

    /// What the receiver has done, in order.
    pub(crate) async fn taken(&self) -> Vec<String> {
        taken(&self.receiver).await
    }

    pub(crate) async fn pending(&self) -> u64 {
        handsel_outbox::pending(&self.sender, "reward").await.unwrap().count
    }
}

/// The database of a receiver that has taken nothing.
pub(crate) async fn receiver(lab: &Lab, schema: &'static str) -> Db {
    lab.migrated(schema, &[MIGRATIONS, &[TAKEN]].concat()).await
}

pub(crate) async fn taken(receiver: &Db) -> Vec<String> {
    let rows: Vec<(String,)> = receiver.all("SELECT customer FROM taken ORDER BY position", ()).await.unwrap();
    rows.into_iter().map(|(customer,)| customer).collect()
}

/// Steps until nothing is left, as the job's loop would: a failed step is tried again.
pub(crate) async fn run(relay: &Relay) {
    for _ in 0..200 {
        let _failed = relay.step().await;
        if relay.pending().await.unwrap().count == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it is never delivered");
}

pub(crate) fn tier_change(customer: &str) -> Owed {
    let change = TierChange {
        customer: format!("customers/{customer}"),
        tier: "GOLD".to_owned(),
        effective_time: Some(prost_types::Timestamp { seconds: 1_750_000_000, nanos: 0 }),
    };
    let content = Some(deliver_request::message::Content::TierChange(change));
    let message = deliver_request::Message { sequence: 0, traceparent: String::new(), content };
    Owed::message("reward", format!("customers/{customer}"), &message).unwrap()
}

pub(crate) struct Owe {
    pub(crate) outbox: Outbox,
    pub(crate) owed: Vec<Owed>,
}

impl Command for Owe {
    const NAME: &'static str = "test.owe";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        self.outbox.owe(tx, Timestamp::from_micros(1_767_603_600_000_000), self.owed.clone()).await
    }
}

/// What happens to a call.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// The peer is down.
    LostBefore,
    /// The receiver commits, its answer is lost.
    LostAfter,
    /// The receiver commits, the answer does not come before the sender is killed.
    SilentAfter,
    /// It waits for this before it goes out.
    HeldBack(Arc<tokio::sync::Notify>),
}

/// A line to a receiver: the troubles come first, one a call.
pub(crate) struct Line {
    inner: Arc<dyn Deliver>,
    troubles: Mutex<VecDeque<Trouble>>,
    /// Every run of bytes ever seen under a number.
    pub(crate) seen: Mutex<BTreeMap<i64, BTreeSet<Vec<u8>>>>,
    /// The size of every call.
    pub(crate) calls: Mutex<Vec<usize>>,
    /// The receiver takes the poison.
    pub(crate) mended: Arc<AtomicBool>,
}

impl Line {
    pub(crate) fn to(receiver: Db) -> Arc<Self> {
        let mended = Arc::new(AtomicBool::new(false));
        let (greeted, cured) = (receiver.clone(), Arc::clone(&mended));
        let greet = move |greeting: wire::GreetRequest| {
            let greeted = greeted.clone();
            async move {
                let greet = Greet(greeting.into());
                greeted.transact(&greet).await.map(Into::into).map_err(handsel_service::status::fault)
            }
        };
        let inner = deliver_by(greet, move |origin: wire::Origin, messages: Vec<deliver_request::Message>| {
            let (receiver, mended) = (receiver.clone(), cured.load(Ordering::SeqCst));
            async move {
                if !mended && messages.iter().any(|message| customer(message) == format!("customers/{POISON}")) {
                    return Err(handsel_service::status::fault(Fault::Panicked));
                }
                if messages.iter().any(|message| customer(message) == format!("customers/{UNREADABLE}")) {
                    return Err(Status::invalid_argument("messages[0].content: required"));
                }
                let take = Take { origin: origin.into(), messages };
                let answered = receiver.transact(&take).await.map_err(handsel_service::status::fault)?;
                answered.map_err(Status::from)
            }
        });
        Self::mended_by(inner, mended)
    }

    pub(crate) fn over(inner: Arc<dyn Deliver>) -> Arc<Self> {
        Self::mended_by(inner, Arc::default())
    }

    fn mended_by(inner: Arc<dyn Deliver>, mended: Arc<AtomicBool>) -> Arc<Self> {
        let (troubles, seen, calls) = Default::default();
        Arc::new(Self { inner, troubles, seen, calls, mended })
    }

    pub(crate) fn troubled(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.troubles.lock().unwrap().extend(troubles);
    }

    /// Each number was only ever seen in one form.
    pub(crate) fn assert_identical(&self) {
        for (sequence, forms) in &*self.seen.lock().unwrap() {
            assert_eq!(forms.len(), 1, "number {sequence} was sent in {} forms", forms.len());
        }
    }
}

impl Deliver for Line {
    fn greet(&self, greeting: Greeting) -> BoxFuture<'_, Result<Standing, DeliverFault>> {
        self.inner.greet(greeting)
    }

    fn deliver<'a>(
        &'a self,
        origin: Origin,
        messages: &'a [Numbered],
    ) -> BoxFuture<'a, Result<Delivered, DeliverFault>> {
        self.calls.lock().unwrap().push(messages.len());
        for message in messages {
            let form = [message.bytes.as_slice(), &message.body, &message.body_salt].concat();
            self.seen.lock().unwrap().entry(message.sequence).or_default().insert(form);
        }
        let trouble = self.troubles.lock().unwrap().pop_front();
        Box::pin(async move {
            let lost = || DeliverFault::Transient("the line is cut".to_owned());
            match trouble {
                None => self.inner.deliver(origin, messages).await,
                Some(Trouble::LostBefore) => Err(lost()),
                Some(Trouble::LostAfter) => {
                    self.inner.deliver(origin, messages).await?;
                    Err(lost())
                }
                Some(Trouble::SilentAfter) => {
                    self.inner.deliver(origin, messages).await?;
                    std::future::pending().await
                }
                Some(Trouble::HeldBack(until)) => {
                    until.notified().await;
                    self.inner.deliver(origin, messages).await
                }
            }
        })
    }
}

/// Answers a greeting, as a service does.
struct Greet(Greeting);

impl Command for Greet {
    const NAME: &'static str = "test.greet";
    type Output = Standing;

    async fn apply(&self, tx: &mut Tx) -> Result<Standing, Fault> {
        let greeted = inbox::greet(tx, &self.0).await?;
        if let Some(finding) = greeted.finding {
            let found = finding.statement(Timestamp::MIN).reason.unwrap_or_default();
            tx.exec("INSERT INTO taken (customer) VALUES ($1)", (found,)).await?;
        }
        Ok(greeted.standing)
    }
}

/// A receiver's command, as a service writes it.
struct Take {
    origin: Origin,
    messages: Vec<deliver_request::Message>,
}

impl Command for Take {
    const NAME: &'static str = "test.take";
    type Output = Result<Vec<wire::Receipt>, InboxRefused>;

    fn locks(&self) -> Vec<Lock> {
        vec![inbox::lock(&self.origin)]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let arrivals: Vec<_> = self.messages.iter().map(|message| Arrival::of(message.sequence, message)).collect();
        let inbox = match Inbox::begin(tx, &self.origin, &arrivals).await? {
            Ok(inbox) => inbox,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut verdicts = Vec::new();
        for message in &self.messages[inbox.taken()..] {
            let customer = customer(message);
            if customer.is_empty() {
                verdicts.push(Verdict::Applied { resource: String::new() });
                continue;
            }
            if customer == format!("customers/{REFUSED}") {
                verdicts.push(Verdict::Refused { reason: "CUSTOMER_UNKNOWN".to_owned() });
                continue;
            }
            tx.exec("INSERT INTO taken (customer) VALUES ($1)", (customer.clone(),)).await?;
            verdicts.push(Verdict::Applied { resource: customer });
        }
        Ok(Ok(inbox.finish(tx, verdicts).await?))
    }
}

fn customer(message: &deliver_request::Message) -> String {
    match &message.content {
        Some(deliver_request::message::Content::TierChange(change)) => change.customer.clone(),
        _ => String::new(),
    }
}

row! {
    /// What the sender has kept of an answer.
    pub(crate) struct KeptRow {
        pub(crate) sequence: i64,
        pub(crate) outcome: String,
        pub(crate) reason: String,
        pub(crate) resource: String,
    }
}

impl Stage {
    /// What the sender has kept of the answers.
    pub(crate) async fn receipts(&self) -> Vec<String> {
        let sql = "SELECT sequence, outcome, reason, resource FROM outbox_receipt WHERE destination = 'reward' ORDER BY sequence";
        let rows: Vec<KeptRow> = self.sender.all(sql, ()).await.unwrap();
        let line = |row: KeptRow| format!("{} {} {}{}", row.sequence, row.outcome, row.reason, row.resource);
        rows.into_iter().map(line).collect()
    }
}

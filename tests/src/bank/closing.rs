//! Closing the books: what the services say, what the core bank paid and what the log proves must be one story.

use super::{Bank, Due, Fate, Registered, minor};
use crate::installation::Service;
use handsel_access::Role;
use handsel_proto::handsel::reward::v1::{
    GetTrialBalanceRequest, LedgerAccount, ledger_service_client::LedgerServiceClient, reward,
};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The services that owe others something: those with relays.
pub const OWING: [Service; 3] = [Service::Referral, Service::Reward, Service::Tier];

/// What a closing found, for whoever reads the test's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// Payments the core bank made.
    pub payments: usize,
    /// Payments it refused for good, and was asked for anew.
    pub refused: usize,
    /// What they come to, in hellers.
    pub sum_minor: i64,
    /// How often an order was asked for again.
    pub repeated: i64,
    /// Records in the log.
    pub records: u64,
}

/// What the log tells: statements by type, and the last number of each source.
#[derive(Debug, Default)]
struct Tally {
    kinds: BTreeMap<String, usize>,
    sources: BTreeMap<String, i64>,
}

impl Bank<'_> {
    /// Waits until every reward that must be paid is paid, approving what waits and having tried again what was refused; fails at
    /// once if one too many is granted.
    ///
    /// # Panics
    /// If it takes too long, or more is granted than is due.
    pub async fn wait_until_paid(&self, registered: &[Registered]) {
        let due = due(registered).len();
        let paid = async || {
            self.approve().await;
            self.retry().await;
            let rewards = self.rewards().await;
            assert!(rewards.len() <= due, "{} rewards are granted, {due} are due", rewards.len());
            let paid = rewards.iter().filter(|reward| reward.state() == reward::State::Paid).count();
            if paid == due { Ok(()) } else { Err(format!("{paid} of {due}")) }
        };
        self.patience.until("every reward is paid", paid).await;
    }

    /// Waits until every service has delivered what it owes the others and the log.
    ///
    /// # Panics
    /// If it takes too long.
    pub async fn wait_until_delivered(&self, services: &[Service]) {
        let delivered = async || services.iter().try_for_each(|service| self.owes_nothing(*service));
        self.patience.until("everything is delivered", delivered).await;
    }

    /// Closes the books. Everything has been paid and delivered.
    ///
    /// # Panics
    /// If any two of them disagree.
    pub async fn close(&self, registered: &[Registered]) -> Closing {
        let paid = self.rewards_are_those_due(registered).await;
        let closing = self.core_bank_paid(&paid);
        self.ledger_agrees(closing.sum_minor).await;
        Closing { records: self.log_is_complete(registered, closing).await, ..closing }
    }

    /// What the core bank's books say, by end-to-end id: how the order stands, and its hellers.
    ///
    /// # Panics
    /// If they cannot be read.
    #[must_use]
    pub fn orders(&self) -> BTreeMap<String, (String, i64)> {
        let rows = self.installation.query("SELECT end_to_end_id, standing, amount_minor FROM corebank.payment_order");
        let order = |row: Vec<String>| {
            let [id, standing, minor] = <[String; 3]>::try_from(row).expect("three columns");
            (id, (standing, minor.parse().expect("a number")))
        };
        rows.into_iter().map(order).collect()
    }

    /// Closes the books after a database was put back: each reward that is due was paid by one order of the core bank, and no order
    /// was paid for anything else. Returns how many.
    ///
    /// # Panics
    /// If any two disagree.
    pub async fn close_restored(&self, registered: &[Registered]) -> usize {
        let rewards = self.rewards_are_those_due(registered).await;
        let settled = self.installation.query("SELECT end_to_end_id FROM reward.attempt WHERE status = 'SETTLED'");
        let settled: BTreeSet<String> = settled.into_iter().flatten().collect();
        let paid = self.orders().into_iter().filter(|(_, (standing, _))| standing == "PAID");
        let paid: BTreeMap<String, i64> = paid.map(|(id, (_, minor))| (id, minor)).collect();
        assert_eq!(paid.keys().cloned().collect::<BTreeSet<_>>(), settled, "what was paid, and what is known to be");
        assert_eq!((paid.len(), paid.values().sum::<i64>()), (rewards.len(), rewards.values().sum::<i64>()));
        self.ledger_agrees(paid.values().sum()).await;
        self.installation.ask(Service::Audit, &["audit", "verify"]).expect("the log proves itself");
        paid.len()
    }

    /// Each qualified referral has exactly its rewards, nobody else has any. Returns what each reward was.
    async fn rewards_are_those_due(&self, registered: &[Registered]) -> BTreeMap<String, i64> {
        let rewards = self.rewards().await;
        let found: BTreeSet<(String, Due)> = rewards
            .iter()
            .map(|reward| {
                assert_eq!(reward.state(), reward::State::Paid, "{reward:?}");
                let minor = minor(reward.net_amount.as_ref());
                let due = Due { role: reward.role(), beneficiary: reward.beneficiary.clone(), minor };
                (reward.referral.clone(), due)
            })
            .collect();
        assert_eq!(found, due(registered));
        assert_eq!(found.len(), rewards.len(), "somebody has the same reward twice");
        rewards.into_iter().map(|reward| (reward.name, minor(reward.net_amount.as_ref()))).collect()
    }

    /// The core bank has paid each reward once, and nothing else.
    fn core_bank_paid(&self, rewards: &BTreeMap<String, i64>) -> Closing {
        let books = self.installation.ask(Service::Reward, &["simulator", "--books", "--json"]).expect("its books");
        let books: Value = serde_json::from_str(&books).expect("JSON");
        let mut payments = BTreeMap::new();
        let mut refused = 0;
        for order in books["orders"].as_array().expect("orders") {
            if order["standing"] == "REFUSED" {
                refused += 1;
                continue;
            }
            assert_eq!(order["standing"], "PAID", "{order}");
            let reward = order["reward"].as_str().expect("a reward").to_owned();
            let before = payments.insert(reward, order["amount_minor"].as_i64().expect("an amount"));
            assert_eq!(before, None, "paid twice: {order}");
        }
        assert_eq!(&payments, rewards, "what the core bank paid, and what is recorded as paid");
        let [total] = books["totals"].as_array().expect("totals").as_slice() else { panic!("one currency: {books}") };
        let number = |field: &str| total[field].as_i64().expect("a number");
        let sum_minor = payments.values().sum();
        assert_eq!((number("doubled"), number("sum_minor")), (0, sum_minor), "{total}");
        Closing { payments: payments.len(), refused, sum_minor, repeated: number("repeated"), records: 0 }
    }

    /// The ledger sums to zero, clearing is empty, and what is settled is what the core bank paid.
    async fn ledger_agrees(&self, paid_minor: i64) {
        let officer = self.caller(Service::Reward, (Role::ComplianceOfficer, "*", Some("karel")));
        let request = GetTrialBalanceRequest::default();
        let ask = async || LedgerServiceClient::new(officer.clone()).get_trial_balance(request.clone()).await;
        let lines = self.patience.answer("asking for the trial balance", ask).await.lines;
        let balance = |wanted: LedgerAccount| -> i64 {
            lines.iter().filter(|line| line.account() == wanted).map(|line| minor(line.balance.as_ref())).sum()
        };
        assert_eq!(lines.iter().map(|line| minor(line.balance.as_ref())).sum::<i64>(), 0, "{lines:?}");
        assert_eq!(balance(LedgerAccount::Clearing), 0, "{lines:?}");
        assert_eq!(balance(LedgerAccount::CustomerPayable), 0, "{lines:?}");
        assert_eq!(balance(LedgerAccount::Settled), -paid_minor, "{lines:?}");
        assert_eq!(balance(LedgerAccount::PlanExpense), paid_minor, "{lines:?}");
    }

    /// The log proves itself from a fresh checkpoint on, holds every statement of every source without a gap, and tells of every
    /// introduction. Returns its size.
    async fn log_is_complete(&self, registered: &[Registered], closing: Closing) -> u64 {
        let sent: Vec<(String, i64)> = OWING
            .iter()
            .map(|service| (format!("{}/audit", service.name()), self.delivered(*service, "audit")))
            .collect();
        let tally = RefCell::new(Tally::default());
        // What a busy log has taken, it signs within a second or so.
        let read = async || {
            let found = self.read_log();
            let whole = sent.iter().all(|(source, last)| found.sources.get(source) == Some(last));
            let sources = found.sources.clone();
            tally.replace(found);
            if whole { Ok(()) } else { Err(sources) }
        };
        self.patience.until(&format!("the signed log holds {sent:?}"), read).await;
        let verified = self.installation.ask(Service::Audit, &["audit", "verify", "--json"]).expect("the log holds");
        let proven: Value = serde_json::from_str(&verified).expect("JSON");
        assert_eq!(proven["verified"], true, "{proven}");

        let kinds = tally.into_inner().kinds;
        let of_fate =
            |wanted: fn(Fate) -> bool| registered.iter().filter(|one| wanted(one.introduction.fate())).count();
        let succeeded = of_fate(|fate| fate == Fate::Succeeds);
        for (kind, count) in [
            ("referral.registered", of_fate(|fate| fate != Fate::ComesTwice)),
            ("referral.rejected", of_fate(|fate| fate == Fate::ComesTwice)),
            ("referral.qualified", succeeded),
            ("reward.granted", 2 * succeeded),
            ("payout.instructed", closing.payments + closing.refused),
        ] {
            assert_eq!(kinds.get(kind).copied().unwrap_or_default(), count, "{kind}: {kinds:?}");
        }
        proven["tree_size"].as_u64().expect("a size")
    }

    /// Reads the log from its first record to its newest checkpoint, each record proven, the numbers of each source rising by one.
    fn read_log(&self) -> Tally {
        let told =
            self.installation.ask(Service::Audit, &["audit", "follow", "--once", "--json"]).expect("the log holds");
        let mut tally = Tally::default();
        for line in told.lines() {
            let record: Value = serde_json::from_str(line).expect("JSON");
            let text =
                |field: &str| record["statement"][field].as_str().unwrap_or_else(|| panic!("{record}")).to_owned();
            *tally.kinds.entry(text("type")).or_default() += 1;
            let last = tally.sources.entry(text("source")).or_default();
            *last += 1;
            assert_eq!(text("source_seq"), last.to_string(), "a gap: {record}");
        }
        tally
    }

    /// What was owed is numbered, sent and answered.
    fn owes_nothing(&self, service: Service) -> Result<(), String> {
        let schema = service.name();
        let count = format!("SELECT count(*) FROM {schema}.outbox");
        let relays = format!(
            "SELECT destination, next_sequence - 1 - delivered,
                    (SELECT count(*) FROM {schema}.outbox_sent s WHERE s.destination = p.destination
                     AND NOT EXISTS (SELECT 1 FROM {schema}.outbox_receipt r
                                     WHERE r.destination = s.destination AND r.sequence = s.sequence))
             FROM {schema}.outbox_relay p"
        );
        let rows = [self.installation.query(&count), self.installation.query(&relays)].concat();
        let open =
            rows.iter().any(|row| row.iter().any(|number| number.parse::<i64>().is_ok_and(|number| number != 0)));
        if open { Err(format!("{schema}: {rows:?}")) } else { Ok(()) }
    }

    /// How often the relays of a service were taken over by one process from another, or from itself before it died.
    #[must_use]
    pub fn take_overs(&self, service: Service) -> i64 {
        let sql = format!("SELECT sum(epoch) - count(*) FROM {}.outbox_relay", service.name());
        self.installation.query(&sql)[0][0].parse().expect("a number")
    }

    /// How many messages a service has delivered to a destination.
    fn delivered(&self, service: Service, destination: &str) -> i64 {
        let schema = service.name();
        let sql = format!("SELECT delivered FROM {schema}.outbox_relay WHERE destination = '{destination}'");
        self.installation.query(&sql)[0][0].parse().expect("a number")
    }
}

/// What every introduction must pay, by its referral.
fn due(registered: &[Registered]) -> BTreeSet<(String, Due)> {
    let each =
        |one: &Registered| one.introduction.due().into_iter().map(|due| (one.referral.name.clone(), due)).collect();
    registered.iter().flat_map::<Vec<_>, _>(each).collect()
}

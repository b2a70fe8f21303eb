//! What the desk can prove at any moment: the core bank has paid each reward at most once, and the ledger says of each reward what
//! its state says, and of what is not known that it is not known.

use super::Desk;
use crate::bank::minor;
use handsel_access::Role;
use handsel_proto::handsel::reward::v1::{
    GetTrialBalanceRequest, LedgerAccount, ListOpenClearingRequest, ListOpenClearingResponse,
    ledger_service_client::LedgerServiceClient,
};
use std::collections::BTreeMap;

/// What the books came to, for whoever reads the test's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Rewards that are paid.
    pub paid: usize,
    /// Rewards whose payment is under way: what became of it is not known.
    pub unknown: usize,
    /// All others.
    pub waiting: usize,
    /// Orders that the core bank has refused for good.
    pub refused: usize,
}

/// A reward as the database has it.
struct Row {
    name: String,
    state: String,
    net: i64,
    open: i64,
    open_number: i64,
}

impl Desk {
    /// Proves it; returns what it came to. Nothing moves meanwhile.
    ///
    /// # Panics
    /// If any two disagree.
    pub async fn books(&self) -> Standing {
        let rewards = self.rows();
        let paid_by_bank = self.paid_by_bank();
        let ledger = self.ledger_by_reward();
        let clearing = self.clearing().await;
        let mut standing = Standing::default();
        for reward in &rewards {
            let paid = paid_by_bank.get(&reward.name);
            let posted = |account: &str| ledger.get(&(reward.name.clone(), account.to_owned())).copied().unwrap_or(0);
            let unit = clearing.units.iter().find(|unit| unit.reward == reward.name);
            let (payable, in_clearing, settled) = match reward.state.as_str() {
                "PAID" => {
                    standing.paid += 1;
                    assert_eq!(paid, Some(&reward.net), "{}: paid, and the core bank has", reward.name);
                    (0, 0, -reward.net)
                }
                "PAYING" => {
                    standing.unknown += 1;
                    assert_eq!(reward.open_number, 1, "{}: one attempt under way", reward.name);
                    (0, -reward.net, 0)
                }
                _ => {
                    standing.waiting += 1;
                    assert_eq!(paid, None, "{} {}: and the core bank has paid", reward.name, reward.state);
                    (-reward.net, 0, 0)
                }
            };
            assert_eq!(posted("CUSTOMER_PAYABLE"), payable, "{} {}: payable", reward.name, reward.state);
            assert_eq!(posted("CLEARING"), in_clearing, "{} {}: clearing", reward.name, reward.state);
            assert_eq!(posted("SETTLED"), settled, "{} {}: settled", reward.name, reward.state);
            assert_eq!(posted("PLAN_EXPENSE"), reward.net, "{} {}: expense", reward.name, reward.state);
            assert_eq!(-reward.open, in_clearing, "{}: clearing is its open attempt", reward.name);
            let listed = unit.map_or(0, |unit| minor(unit.amount.as_ref()));
            assert_eq!(listed, reward.open, "{}: it is listed as open", reward.name);
        }
        assert_eq!(clearing.units.len(), standing.unknown, "{clearing:?}");
        assert!(clearing.alarms.is_empty(), "{:?}", clearing.alarms);
        self.trial_balance(rewards.iter().map(|reward| reward.open).sum()).await;
        let refused = self.query("SELECT COUNT(*) FROM corebank.payment_order WHERE standing = 'REFUSED'");
        standing.refused = refused[0][0].parse().expect("a number");
        standing
    }

    fn rows(&self) -> Vec<Row> {
        let sql = "SELECT r.id, r.state, r.net_minor,
                    COALESCE((SELECT SUM(a.amount_minor) FROM reward.attempt a
                              WHERE a.reward_id = r.id AND a.status IN ('UNKNOWN', 'ACCEPTED')), 0),
                    (SELECT COUNT(*) FROM reward.attempt a
                     WHERE a.reward_id = r.id AND a.status IN ('UNKNOWN', 'ACCEPTED'))
             FROM reward.reward r";
        let sql = self.with_text_ids(sql, "r.id");
        let row = |row: Vec<String>| {
            let [id, state, net, open, open_number] = <[String; 5]>::try_from(row).expect("five columns");
            let number = |text: String| text.parse().expect("a number");
            let (net, open, open_number) = (number(net), number(open), number(open_number));
            Row { name: format!("rewards/{id}"), state, net, open, open_number }
        };
        self.query(&sql).into_iter().map(row).collect()
    }

    /// What the core bank has paid, by reward.
    ///
    /// # Panics
    /// If it has paid one twice.
    fn paid_by_bank(&self) -> BTreeMap<String, i64> {
        let orders = self.query("SELECT reward, amount_minor FROM corebank.payment_order WHERE standing = 'PAID'");
        let mut paid = BTreeMap::new();
        for order in orders {
            let [reward, amount] = <[String; 2]>::try_from(order).expect("two columns");
            let before = paid.insert(reward.clone(), amount.parse().expect("a number"));
            assert_eq!(before, None, "{reward} was paid twice");
        }
        paid
    }

    /// The balance of each account by reward: debits less credits.
    fn ledger_by_reward(&self) -> BTreeMap<(String, String), i64> {
        let sql = "SELECT reward_id, account, SUM(minor) FROM (
                 SELECT reward_id, debit AS account, amount_minor AS minor FROM reward.transfer
                 UNION ALL SELECT reward_id, credit, -amount_minor FROM reward.transfer) AS sides
             GROUP BY reward_id, account";
        let sql = self.with_text_ids(sql, "reward_id");
        let balance = |row: Vec<String>| {
            let [reward, account, minor] = <[String; 3]>::try_from(row).expect("three columns");
            ((format!("rewards/{reward}"), account), minor.parse().expect("a number"))
        };
        self.query(&sql).into_iter().map(balance).collect()
    }

    /// Selects an id, the first column, as its text. Embedded, it is sixteen bytes.
    fn with_text_ids(&self, sql: &str, id: &str) -> String {
        if matches!(self.data.0, crate::Store::Postgres(_)) {
            return sql.to_owned();
        }
        let part = |from: usize, length: usize| format!("substr(lower(hex({id})), {from}, {length})");
        let parts = [part(1, 8), part(9, 4), part(13, 4), part(17, 4), part(21, 12)].join(" || '-' || ");
        sql.replacen(&format!("SELECT {id}"), &format!("SELECT {parts}"), 1)
    }

    async fn clearing(&self) -> ListOpenClearingResponse {
        let officer = self.caller(Role::ComplianceOfficer, Some("karel"));
        let request = ListOpenClearingRequest { page_size: 500, ..ListOpenClearingRequest::default() };
        let list = async || LedgerServiceClient::new(officer.clone()).list_open_clearing(request.clone()).await;
        self.patience.answer("listing what is in clearing", list).await
    }

    /// All accounts sum to zero, and clearing is what is under way.
    async fn trial_balance(&self, open: i64) {
        let officer = self.caller(Role::ComplianceOfficer, Some("karel"));
        let request = GetTrialBalanceRequest::default();
        let ask = async || LedgerServiceClient::new(officer.clone()).get_trial_balance(request.clone()).await;
        let lines = self.patience.answer("asking for the trial balance", ask).await.lines;
        assert_eq!(lines.iter().map(|line| minor(line.balance.as_ref())).sum::<i64>(), 0, "{lines:?}");
        let clearing = lines.iter().filter(|line| line.account() == LedgerAccount::Clearing);
        assert_eq!(clearing.map(|line| minor(line.balance.as_ref())).sum::<i64>(), -open, "{lines:?}");
    }
}

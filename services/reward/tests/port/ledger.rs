//! The ledger as finance and audit read it: statements, a beneficiary's account, the journal, what clearing holds.

use crate::bank::{Bank, DAY, introduction_plan, text};
use expect_test::expect;
use handsel_money::Timestamp;
use handsel_proto::handsel::{
    corebank::v1::payout_outcome::Status as Fate,
    reward::v1::{self as wire, LedgerAccount},
};
use handsel_service::{Clock as _, wire::to_timestamp};
use handsel_storage::{At, Command, Fault, Tx};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use std::{fmt::Write as _, time::Duration};
use uuid::Uuid;

fn account(account: LedgerAccount) -> &'static str {
    account.as_str_name().trim_start_matches("LEDGER_ACCOUNT_")
}

fn line(line: &wire::trial_balance::Line) -> String {
    let plan = if line.plan.is_empty() { String::new() } else { format!("{} ", line.plan) };
    let amounts = [&line.debits, &line.credits, &line.balance].map(|amount| text(amount.as_ref()));
    format!("{plan}{} {}", account(line.account()), amounts.join(" "))
}

fn lines(found: &[wire::trial_balance::Line]) -> String {
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A hand in the database: an instruction that nobody gave, on this reward.
struct ByHand(Uuid, Timestamp);

impl Command for ByHand {
    const NAME: &'static str = "test.by_hand";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        tx.exec(
            "INSERT INTO transfer (id, reward_id, event, number, debit, credit, currency, amount_minor, plan_id, customer,
                                   posted_at)
             VALUES ($1, $1, 'INSTRUCTION', 7, 'CUSTOMER_PAYABLE', 'CLEARING', 'CNY', 5, 'spring', 'customers/10', $2)",
            (self.0, At(self.1)),
        )
        .await
        .map(|_| ())
    }
}

impl Bank {
    fn auditor(&self) -> String {
        self.lab.token(Role::InternalAuditor, "*", None)
    }

    async fn statement(&self, request: wire::GetAccountStatementRequest) -> wire::AccountStatement {
        let request = self.lab.call(request, &self.auditor());
        self.ledger().get_account_statement(request).await.unwrap().into_inner()
    }

    async fn open_clearing(&self) -> String {
        let request = wire::ListOpenClearingRequest::default();
        let answer =
            self.ledger().list_open_clearing(self.lab.call(request, &self.auditor())).await.unwrap().into_inner();
        let mut said = String::new();
        for unit in answer.units {
            let (amount, age) = (text(unit.amount.as_ref()), unit.age.map_or(0, |age| age.seconds));
            let sent = if unit.first_send_time.is_some() { "sent" } else { "not sent" };
            writeln!(said, "{} attempt {} {amount} {} {sent} {age} s", unit.plan, unit.attempt, unit.status).unwrap();
        }
        for alarm in answer.alarms {
            let (balance, explained) = (text(alarm.balance.as_ref()), text(alarm.explained.as_ref()));
            writeln!(said, "{} {}: holds {balance}, explained {explained}", alarm.kind, alarm.plan).unwrap();
        }
        said
    }

    /// Statements to the audit log of this kind that wait to be sent or were.
    pub(crate) async fn said(&self, kind: &str) -> usize {
        let waiting: Vec<(Vec<u8>,)> = self.db.all("SELECT content FROM outbox", ()).await.unwrap();
        waiting.iter().filter(|(bytes,)| String::from_utf8_lossy(bytes).contains(kind)).count()
    }
}

on_both_engines! {
    async fn a_trial_balance_by_plan_and_currency(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap();
        let ask = async |plan: &str, currency: &str, by_plan: bool| {
            let request = wire::GetTrialBalanceRequest {
                as_of_time: None,
                plan: plan.into(),
                currency_code: currency.into(),
                by_plan,
            };
            bank.ledger().get_trial_balance(bank.lab.call(request, &bank.auditor())).await
        };
        let whole = lines(&ask("", "", true).await.unwrap().into_inner().lines);
        expect![[r#"
            plans/spring PLAN_EXPENSE 350.00 CNY 0.00 CNY 350.00 CNY
            plans/spring CUSTOMER_PAYABLE 0.00 CNY 280.00 CNY -280.00 CNY
            plans/spring TAX_PAYABLE 0.00 CNY 70.00 CNY -70.00 CNY"#]].assert_eq(&whole);
        assert_eq!(ask("plans/spring", "CNY", false).await.unwrap().into_inner().lines.len(), 3);
        assert!(ask("plans/summer", "", false).await.unwrap().into_inner().lines.is_empty());
        assert!(ask("", "EUR", false).await.unwrap().into_inner().lines.is_empty());
        assert_eq!(reason(&ask("", "QQQ", false).await.unwrap_err()), "FIELD_INVALID");
    }

    async fn an_account_over_a_period_page_by_page(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let start: Timestamp = bank.lab.clock.now();
        for number in 1..=3 {
            bank.grant(bank.qualification(number, "2000.00 CNY")).await.unwrap();
            bank.lab.clock.advance(DAY).unwrap();
        }
        bank.journal_is_complete().await;
        let at = |days: u32| Some(to_timestamp(start.checked_add(DAY * days).unwrap()));
        let request = wire::GetAccountStatementRequest {
            account: LedgerAccount::CustomerPayable.into(),
            currency_code: "CNY".into(),
            start_time: at(1),
            end_time: at(3),
            page_size: 3,
            ..wire::GetAccountStatementRequest::default()
        };
        let (mut said, mut page_token) = (String::new(), String::new());
        loop {
            let page = bank.statement(wire::GetAccountStatementRequest { page_token, ..request.clone() }).await;
            let sides = [&page.opening_balance, &page.closing_balance].map(|side| text(side.as_ref()));
            writeln!(said, "{}", sides.join(" to ")).unwrap();
            for one in &page.transfers {
                writeln!(said, "{} {} {}", one.event, text(one.amount.as_ref()), one.customer).unwrap();
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        expect![[r#"
            -56.00 CNY to -168.00 CNY
            ACCRUAL 16.00 CNY customers/10
            ACCRUAL 40.00 CNY customers/20
            ACCRUAL 16.00 CNY customers/10
            -56.00 CNY to -168.00 CNY
            ACCRUAL 40.00 CNY customers/20
        "#]].assert_eq(&said);

        let backwards = wire::GetAccountStatementRequest { start_time: at(3), end_time: at(1), ..request.clone() };
        let refused = bank.ledger().get_account_statement(bank.lab.call(backwards, &bank.auditor())).await.unwrap_err();
        assert_eq!(reason(&refused), "FIELD_INVALID");
        let other = wire::GetAccountStatementRequest { plan: "plans/summer".into(), ..request };
        let nothing = bank.statement(other).await;
        assert_eq!((text(nothing.closing_balance.as_ref()).as_str(), nothing.transfers.len()), ("0.00 CNY", 0));
    }

    async fn a_beneficiary_has_an_account_of_his_own(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        bank.grant(bank.qualification(1, "2000.00 CNY")).await.unwrap();
        bank.pass(DAY * 30).await;
        let ids = bank.instructions().await;
        let referee = ids.iter().find(|one| one.payee == "customers/20").unwrap();
        assert_eq!(bank.report(&referee.end_to_end_id, Fate::Settled, "B-1").await, "APPLIED PAID");
        let mut said = String::new();
        for customer in ["customers/10", "customers/20", "customers/30"] {
            let request = wire::GetCustomerAccountRequest { customer: customer.into(), as_of_time: None };
            let request = bank.lab.call(request, &bank.auditor());
            let found = bank.ledger().get_customer_account(request).await.unwrap().into_inner();
            writeln!(said, "{}\n{}", found.customer, lines(&found.lines)).unwrap();
        }
        expect![[r#"
            customers/10
            PLAN_EXPENSE 20.00 CNY 0.00 CNY 20.00 CNY
            CUSTOMER_PAYABLE 16.00 CNY 16.00 CNY 0.00 CNY
            TAX_PAYABLE 0.00 CNY 4.00 CNY -4.00 CNY
            CLEARING 0.00 CNY 16.00 CNY -16.00 CNY
            customers/20
            PLAN_EXPENSE 50.00 CNY 0.00 CNY 50.00 CNY
            CUSTOMER_PAYABLE 40.00 CNY 40.00 CNY 0.00 CNY
            TAX_PAYABLE 0.00 CNY 10.00 CNY -10.00 CNY
            CLEARING 40.00 CNY 40.00 CNY 0.00 CNY
            SETTLED 0.00 CNY 40.00 CNY -40.00 CNY
            customers/30

        "#]].assert_eq(&said);
    }

    async fn the_journal_is_read_in_order_and_gone_on_with(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let first = bank.grant(bank.qualification(1, "2000.00 CNY")).await.unwrap();
        bank.grant(bank.qualification(2, "2000.00 CNY")).await.unwrap();
        bank.journal_is_complete().await;
        let ask = async |request: wire::ListTransfersRequest| {
            bank.ledger().list_transfers(bank.lab.call(request, &bank.auditor())).await
        };
        let (mut seen, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = wire::ListTransfersRequest { page_size: 3, page_token, ..wire::ListTransfersRequest::default() };
            let page = ask(request).await.unwrap().into_inner();
            seen.extend(page.transfers);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen.len(), 8);
        assert!(seen.is_sorted_by(|one, next| one.ordinal < next.ordinal));

        let after_ordinal = seen.last().unwrap().ordinal;
        bank.grant(bank.qualification(3, "2000.00 CNY")).await.unwrap();
        bank.journal_is_complete().await;
        let rest = wire::ListTransfersRequest { after_ordinal, ..wire::ListTransfersRequest::default() };
        assert_eq!(ask(rest).await.unwrap().into_inner().transfers.len(), 4);

        let of_reward = wire::ListTransfersRequest { reward: first[0].name.clone(), ..wire::ListTransfersRequest::default() };
        assert_eq!(ask(of_reward.clone()).await.unwrap().into_inner().transfers.len(), 2);
        let of_customer = wire::ListTransfersRequest { customer: "customers/20".into(), ..wire::ListTransfersRequest::default() };
        assert_eq!(ask(of_customer.clone()).await.unwrap().into_inner().transfers.len(), 6);
        let both = wire::ListTransfersRequest { customer: of_customer.customer, ..of_reward };
        assert_eq!(reason(&ask(both).await.unwrap_err()), "FIELD_INVALID");
    }

    async fn clearing_is_explained_and_an_alarm_says_where_it_is_not(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let rewards = bank.grant(bank.qualification(1, "2000.00 CNY")).await.unwrap();
        bank.pass(DAY * 30).await;
        expect![[r#"
            plans/spring attempt 1 16.00 CNY UNKNOWN not sent 0 s
            plans/spring attempt 1 40.00 CNY UNKNOWN not sent 0 s
        "#]].assert_eq(&bank.open_clearing().await);
        let ids = bank.instructions().await;
        bank.report(&ids[0].end_to_end_id, Fate::Accepted, "").await;
        // Four days are not too long; a second more is.
        bank.pass(DAY * 4).await;
        assert!(!bank.open_clearing().await.contains("OVERDUE"));
        bank.pass(Duration::from_secs(1)).await;
        expect![[r#"
            plans/spring attempt 1 16.00 CNY ACCEPTED sent 345601 s
            plans/spring attempt 1 40.00 CNY UNKNOWN sent 345601 s
            OVERDUE plans/spring: holds 56.00 CNY, explained 56.00 CNY
        "#]].assert_eq(&bank.open_clearing().await);
        assert_eq!(bank.said("ledger.clearing_alarm_raised").await, 1);
        for (id, reference) in ids.iter().zip(["B-1", "B-2"]) {
            bank.report(&id.end_to_end_id, Fate::Settled, reference).await;
        }
        bank.run_jobs().await;
        assert_eq!(bank.open_clearing().await, "");
        assert_eq!(bank.said("ledger.clearing_alarm_cleared").await, 1);

        // Money in clearing that no payout explains.
        let id = rewards[0].name.trim_start_matches("rewards/").parse::<Uuid>().unwrap();
        bank.db.transact(&ByHand(id, bank.lab.clock.now())).await.unwrap();
        bank.run_jobs().await;
        bank.run_jobs().await;
        expect![[r#"
            UNEXPLAINED plans/spring: holds 0.05 CNY, explained 0.00 CNY
        "#]].assert_eq(&bank.open_clearing().await);
        assert_eq!(bank.said("ledger.clearing_alarm_raised").await, 2);
    }
}

on_both_engines! {
    async fn payouts_are_listed_as_the_log_is_told_of_them(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap();
        bank.pass(DAY * 30).await;
        let instruction = bank.instructions().await.remove(0);
        let (id, paid) = (instruction.end_to_end_id, text(instruction.amount.as_ref()));
        let from = bank.lab.clock.now();
        bank.report(&id, Fate::Settled, "TX-1").await;
        bank.lab.clock.advance(Duration::from_secs(60)).unwrap();
        bank.report(&id, Fate::Returned, "").await;
        bank.lab.clock.advance(Duration::from_secs(60)).unwrap();
        let to = bank.lab.clock.now();
        let list = async |page_token: &str, to: Timestamp| {
            let (start_time, end_time) = (Some(to_timestamp(from)), Some(to_timestamp(to)));
            let asked = wire::ListPayoutsRequest { start_time, end_time, page_size: 1, page_token: page_token.to_owned() };
            bank.ledger().list_payouts(bank.lab.call(asked, &bank.auditor())).await.unwrap().into_inner()
        };
        let first = list("", to).await;
        let second = list(&first.next_page_token, to).await;
        let flows = [&first, &second].map(|page| (page.payouts[0].flow().as_str_name(), text(page.payouts[0].amount.as_ref())));
        assert_eq!(flows, [("FLOW_PAID", paid.clone()), ("FLOW_RETURNED", paid)]);
        assert_eq!(second.next_page_token, "");
        assert!(list("", from).await.payouts.is_empty(), "the end is not in it");
        assert_eq!((bank.said("ledger.paid").await, bank.said("ledger.returned").await), (1, 1));
        // Nobody takes the statements here: nothing since the first is said to be in the log.
        let stated = first.stated_time.unwrap();
        assert!(stated.seconds < to_timestamp(from).seconds, "{stated:?}");
    }
}

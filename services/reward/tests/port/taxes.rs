//! What beneficiaries were paid in a year, and whose rewards are to be reported.

use crate::bank::{Bank, DAY, introduction_plan, money, request_id, text};
use expect_test::expect;
use handsel_proto::handsel::{
    corebank::v1::payout_outcome::Status as Fate,
    reward::v1::{
        self as wire, get_beneficiary_statement_request::Format, tax_remittance::State,
        tax_service_client::TaxServiceClient,
    },
};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use tonic::{Response, Status, transport::Channel};

impl Bank {
    async fn totals(&self, beneficiary: &str, year: i32) -> Vec<wire::TaxTotal> {
        let token = self.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::GetTaxTotalsRequest { beneficiary: beneficiary.into(), year };
        let answer = TaxServiceClient::new(self.channel()).get_tax_totals(self.lab.call(request, &token)).await;
        answer.unwrap().into_inner().totals
    }

    async fn reportable(&self, year: i32) -> Vec<wire::TaxTotal> {
        let token = self.lab.token(Role::FinanceApprover, "*", "fay");
        let request = wire::ListReportableRequest { year, page_size: 1, ..Default::default() };
        let answer = TaxServiceClient::new(self.channel()).list_reportable(self.lab.call(request, &token)).await;
        answer.unwrap().into_inner().totals
    }

    fn taxes(&self) -> TaxServiceClient<Channel> {
        TaxServiceClient::new(self.channel())
    }

    /// The statement of customer 20, its rewards as #1, #2 in the order of `rewards`.
    async fn tax_statement(&self, year: i32, format: Format, language: &str, rewards: &[&str]) -> String {
        let request = wire::GetBeneficiaryStatementRequest {
            beneficiary: "customers/20".into(),
            year,
            format: format.into(),
            language_code: language.into(),
        };
        let token = self.lab.token(Role::ComplianceOfficer, "*", "ida");
        let ask = || self.lab.call(request.clone(), &token);
        let answer = self.taxes().get_beneficiary_statement(ask()).await.unwrap().into_inner();
        let again = self.taxes().get_beneficiary_statement(ask()).await.unwrap().into_inner();
        assert_eq!(answer, again, "the same books give the same bytes");
        assert_eq!(answer.digest.len(), 64);
        let mut file = String::from_utf8(answer.content).unwrap();
        for (at, name) in rewards.iter().enumerate() {
            file = file.replace(name, &format!("#{}", at + 1));
        }
        file
    }

    async fn propose_remittance(
        &self,
        number: u32,
        amount: &str,
        reference: &str,
    ) -> Result<wire::TaxRemittance, Status> {
        let request = wire::ProposeTaxRemittanceRequest {
            request_id: request_id(number),
            amount: money(amount),
            period: "2026-Q1".into(),
            reference: reference.into(),
        };
        let answer = self.taxes().propose_tax_remittance(self.lab.call(request, &self.approver("fay"))).await;
        answer.map(Response::into_inner)
    }

    async fn confirm_remittance(&self, person: &str, number: u32, name: &str) -> Result<wire::TaxRemittance, Status> {
        let request = wire::ConfirmTaxRemittanceRequest { request_id: request_id(number), name: name.into() };
        let answer = self.taxes().confirm_tax_remittance(self.lab.call(request, &self.approver(person))).await;
        answer.map(Response::into_inner)
    }

    async fn remittances(&self) -> Vec<wire::TaxRemittance> {
        let token = self.lab.token(Role::InternalAuditor, "*", None);
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = wire::ListTaxRemittancesRequest { page_size: 1, page_token };
            let page = self.taxes().list_tax_remittances(self.lab.call(request, &token)).await.unwrap().into_inner();
            all.extend(page.tax_remittances);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }

    fn year_in_a_month(&self) -> i32 {
        let now = handsel_service::Clock::now(&*self.lab.clock).checked_add(DAY * 30).unwrap();
        i32::try_from(now.date_in(&"Asia/Shanghai".parse().unwrap()).year()).unwrap()
    }

    /// Pays everything that waits, and tells the taxes of it.
    async fn pay(&self, reference: &str) {
        self.pass(DAY * 30).await;
        for (at, instruction) in self.instructions().await.iter().enumerate() {
            let said = self.report(&instruction.end_to_end_id, Fate::Settled, &format!("{reference}-{at}")).await;
            assert_eq!(said, "APPLIED PAID");
        }
        self.journal_is_complete().await;
        self.run_jobs().await;
    }
}

on_both_engines! {
    async fn the_payout_that_exceeds_the_threshold_is_flagged(lab: Lab) {
        let plan = wire::Plan { reporting_threshold: money("80.00 CNY"), approval_bands: Vec::new(), ..introduction_plan() };
        let bank = Bank::with_plan(lab, plan).await;
        let year = bank.year_in_a_month();
        bank.grant(bank.qualification(1, "2000.00 CNY")).await.unwrap();
        assert!(bank.totals("customers/20", year).await.is_empty(), "what is accrued is not paid");
        bank.pay("A").await;
        let total = bank.totals("customers/20", year).await.remove(0);
        let amounts = [&total.reward_amount, &total.tax_amount, &total.net_amount].map(|amount| text(amount.as_ref()));
        assert_eq!(amounts, ["50.00 CNY", "10.00 CNY", "40.00 CNY"]);
        assert!(!total.reportable && bank.reportable(year).await.is_empty());

        let second = bank.grant(bank.qualification(2, "2000.00 CNY")).await.unwrap();
        bank.pay("B").await;
        let listed = bank.reportable(year).await;
        assert_eq!(listed.len(), 1, "{listed:?}");
        let referee = second.iter().find(|one| one.beneficiary == "customers/20").unwrap();
        assert_eq!(listed[0].reportable_reward, referee.name);
        assert_eq!(text(listed[0].threshold.as_ref()), "80.00 CNY");
        assert_eq!(text(listed[0].reward_amount.as_ref()), "100.00 CNY");
        assert!(bank.totals("customers/20", year - 1).await.is_empty());
    }

    async fn a_statement_tells_of_each_reward_what_was_paid_and_what_came_back(lab: Lab) {
        let plan = wire::Plan { reporting_threshold: money("80.00 CNY"), approval_bands: Vec::new(), ..introduction_plan() };
        let bank = Bank::with_plan(lab, plan).await;
        let year = bank.year_in_a_month();
        assert_eq!(bank.tax_statement(year, Format::Csv, "", &[]).await.lines().count(), 1, "headings alone");
        let first = bank.grant(bank.qualification(1, "2000.00 CNY")).await.unwrap();
        let second = bank.grant(bank.qualification(2, "2000.00 CNY")).await.unwrap();
        bank.pass(DAY * 30).await;
        let of_referee = |rewards: &[wire::Reward]| {
            rewards.iter().find(|one| one.beneficiary == "customers/20").unwrap().name.clone()
        };
        let names = [of_referee(&first), of_referee(&second)];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut returned = String::new();
        let place = |reward: &str| names.iter().position(|name| *name == reward);
        let mut instructions = bank.instructions().await;
        instructions.sort_by_key(|instruction| place(&instruction.reward).unwrap_or(names.len()));
        for instruction in instructions {
            let at = place(&instruction.reward);
            let reference = at.map_or_else(|| "OTHER".to_owned(), |at| format!("-TX-{}", at + 1));
            bank.report(&instruction.end_to_end_id, Fate::Settled, &reference).await;
            bank.pass(DAY / 24).await;
            if at == Some(1) {
                returned = instruction.end_to_end_id;
            }
        }
        bank.journal_is_complete().await;
        bank.run_jobs().await;
        let told = bank.report(&returned, Fate::Returned, "-TX-2").await;
        bank.journal_is_complete().await;
        bank.run_jobs().await;
        assert_eq!(told, "APPLIED RETURNED");
        let table = bank.tax_statement(year, Format::Csv, "", &names).await;
        assert!(table.ends_with("\r\n"));
        expect![[r#"
            Line,Date,Reward,Plan,Kind,Jurisdiction,Currency,Paid before tax,Reversed,Tax,Net received,To be reported,Payout reference
            REWARD,2026-02-04,#1,plans/spring,CASH,open,CNY,50.00,0.00,10.00,40.00,,'-TX-1
            REWARD,2026-02-04,#2,plans/spring,CASH,open,CNY,50.00,50.00,0.00,0.00,YES,'-TX-2
            TOTAL,,,,,open,CNY,100.00,50.00,10.00,40.00,YES,
        "#]].assert_eq(&table.replace("\r\n", "\n"));
        let chinese = bank.tax_statement(year, Format::Csv, "zh-Hans", &names).await;
        assert!(chinese.starts_with("行别,日期,奖励,"), "{chinese}");
        assert_eq!(chinese.lines().skip(1).collect::<Vec<_>>(), table.lines().skip(1).collect::<Vec<_>>());
        expect![[r##"
            {
              "beneficiary": "customers/20",
              "year": 2026,
              "rewards": [
                {
                  "reward": "#1",
                  "plan": "plans/spring",
                  "kind": "CASH",
                  "jurisdiction": "open",
                  "date": "2026-02-04",
                  "currency": "CNY",
                  "amounts": {
                    "paid_before_tax": "50.00",
                    "reversed": "0.00",
                    "tax": "10.00",
                    "net_received": "40.00"
                  },
                  "exceeded_threshold": false,
                  "payout_reference": "-TX-1"
                },
                {
                  "reward": "#2",
                  "plan": "plans/spring",
                  "kind": "CASH",
                  "jurisdiction": "open",
                  "date": "2026-02-04",
                  "currency": "CNY",
                  "amounts": {
                    "paid_before_tax": "50.00",
                    "reversed": "50.00",
                    "tax": "0.00",
                    "net_received": "0.00"
                  },
                  "exceeded_threshold": true,
                  "payout_reference": "-TX-2"
                }
              ],
              "totals": [
                {
                  "jurisdiction": "open",
                  "currency": "CNY",
                  "amounts": {
                    "paid_before_tax": "100.00",
                    "reversed": "50.00",
                    "tax": "10.00",
                    "net_received": "40.00"
                  },
                  "reportable": true,
                  "threshold": "80.00",
                  "exceed_time": "2026-02-04T10:00:00.000000Z"
                }
              ]
            }
        "##]].assert_eq(&bank.tax_statement(year, Format::Json, "", &names).await);
        let total = bank.totals("customers/20", year).await.remove(0);
        assert_eq!(text(total.reward_amount.as_ref()), "50.00 CNY");
    }

    async fn two_people_remit_tax_and_never_more_than_is_owed(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        assert_eq!(reason(&bank.propose_remittance(20, "0.01 CNY", "R-0").await.unwrap_err()), "TAX_PAYABLE_EXCEEDED");
        // The tax on both rewards is 14.00.
        bank.grant(bank.qualification(1, "2000.00 CNY")).await.unwrap();
        assert_eq!(reason(&bank.propose_remittance(21, "0.00 CNY", "R-0").await.unwrap_err()), "FIELD_INVALID");
        assert_eq!(reason(&bank.propose_remittance(22, "14.01 CNY", "R-0").await.unwrap_err()), "TAX_PAYABLE_EXCEEDED");
        assert_eq!(reason(&bank.propose_remittance(23, "1.00 USD", "R-0").await.unwrap_err()), "TAX_PAYABLE_EXCEEDED");
        let first = bank.propose_remittance(24, "10.00 CNY", "R-1").await.unwrap();
        assert_eq!(bank.propose_remittance(24, "10.00 CNY", "R-1").await.unwrap(), first, "the same call again");
        let twice = bank.propose_remittance(25, "1.00 CNY", "R-1").await.unwrap();
        let second = bank.propose_remittance(26, "4.01 CNY", "R-2").await.unwrap();
        assert!(!bank.books().await.contains("TAX_REMITTANCE"), "a proposal moves nothing");

        assert_eq!(reason(&bank.confirm_remittance("fay", 30, &first.name).await.unwrap_err()), "MAKER_IS_CHECKER");
        let confirmed = bank.confirm_remittance("gus", 31, &first.name).await.unwrap();
        assert_eq!((confirmed.state(), confirmed.confirmed_by.as_str()), (State::Confirmed, "gus"));
        assert_eq!(bank.confirm_remittance("gus", 31, &first.name).await.unwrap(), confirmed, "the same call again");
        assert_eq!(reason(&bank.confirm_remittance("gus", 32, &first.name).await.unwrap_err()), "STATE_CONFLICT");
        assert_eq!(reason(&bank.confirm_remittance("gus", 33, &twice.name).await.unwrap_err()), "ALREADY_EXISTS");
        assert_eq!(reason(&bank.confirm_remittance("gus", 34, &second.name).await.unwrap_err()), "TAX_PAYABLE_EXCEEDED");
        let nobodys = "tax-remittances/00000000-0000-4000-8000-000000000000";
        assert_eq!(reason(&bank.confirm_remittance("gus", 35, nobodys).await.unwrap_err()), "NOT_FOUND");

        let books = bank.books().await;
        assert!(books.contains("TAX_REMITTANCE TAX_PAYABLE → SETTLED 10.00 CNY"), "{books}");
        assert!(books.contains("= TAX_PAYABLE -4.00 CNY"), "{books}");
        let listed = bank.remittances().await;
        assert_eq!(listed.len(), 3);
        let token = bank.lab.token(Role::FinanceApprover, "*", "fay");
        let request = wire::GetTaxRemittanceRequest { name: first.name.clone() };
        let read = bank.taxes().get_tax_remittance(bank.lab.call(request, &token)).await.unwrap().into_inner();
        assert!(read == confirmed && listed.contains(&confirmed));
        assert_eq!(bank.said("tax.remittance_proposed").await, 3);
        assert_eq!(bank.said("tax.remittance_confirmed").await, 1);
    }
}

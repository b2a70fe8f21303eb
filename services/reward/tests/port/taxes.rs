//! What beneficiaries were paid in a year, and whose rewards are to be reported.

use crate::bank::{Bank, DAY, introduction_plan, money, text};
use handsel_proto::handsel::{
    corebank::v1::payout_outcome::Status as Fate,
    reward::v1::{self as wire, tax_service_client::TaxServiceClient},
};
use handsel_testkit::{Lab, Role, on_both_engines};

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
        let year = {
            let now = handsel_service::Clock::now(&*bank.lab.clock).checked_add(DAY * 30).unwrap();
            let zone = "Asia/Shanghai".parse().unwrap();
            i32::try_from(now.date_in(&zone).year()).unwrap()
        };
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
}

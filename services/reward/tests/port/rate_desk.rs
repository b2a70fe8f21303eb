//! Short words for what a test says about rates.

use crate::bank::{Bank, decimal, money, request_id};
use handsel_proto::{
    google::r#type::Date,
    handsel::{
        corebank::v1::{RateInstruction, RateReceipt, rate_receipt},
        reward::v1::{
            self as wire, rate_product_service_client::RateProductServiceClient, rate_service_client::RateServiceClient,
        },
    },
};
use handsel_testkit::Role;
use tonic::{Response, Status, transport::Channel};

pub(crate) fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

/// A deposit at 2 percent, from a year on at 3, from 2026-01-01; from 2026-07-01 at 3.5. Simple interest by days over 365.
pub(crate) fn term_deposit() -> wire::RateProduct {
    let term = |from_months, rate: &str| wire::rate_product::TermRate { from_months, rate: decimal(rate) };
    wire::RateProduct {
        display_name: "Term deposit".into(),
        currency_code: "CNY".into(),
        time_zone: "Asia/Shanghai".into(),
        rounding: wire::Rounding::HalfUp.into(),
        effective_date: date(2026, 1, 1),
        kind: Some(wire::rate_product::Kind::Deposit(wire::rate_product::DepositTerms {
            day_count: wire::DayCount::Act365f.into(),
            accrual: wire::Accrual::Simple.into(),
        })),
        base_rates: vec![
            wire::rate_product::BaseRates {
                from_date: date(2026, 1, 1),
                terms: vec![term(3, "0.02"), term(12, "0.03")],
            },
            wire::rate_product::BaseRates { from_date: date(2026, 7, 1), terms: vec![term(3, "0.035")] },
        ],
        ..wire::RateProduct::default()
    }
}

/// Half a percent on new deposits of `term`, offered for 30 days, valued by 10,000.00 over a year.
pub(crate) fn half_a_percent() -> wire::RateRule {
    wire::RateRule {
        product: "rate-products/term".into(),
        change: Some(wire::rate_rule::Change::UpliftBps(decimal("50").unwrap())),
        principal_cap: None,
        term_months: 0,
        start_rule: wire::rate_rule::StartRule::NewContract.into(),
        stacking_group: "REFERRAL".into(),
        rate_limit: None,
        expiry_days: 30,
        estimate: Some(wire::rate_rule::Estimate { principal: money("10000.00 CNY"), term_months: 12 }),
    }
}

/// A contract of so much, that begins on a day and lasts a year.
pub(crate) fn contract(reference: &str, principal: &str, start: Option<Date>) -> wire::RateContract {
    wire::RateContract {
        reference: reference.into(),
        principal: money(principal),
        start_date: start,
        term_months: 12,
        maturity_date: None,
    }
}

impl Bank {
    pub(crate) fn rate_products(&self) -> RateProductServiceClient<Channel> {
        RateProductServiceClient::new(self.channel())
    }
    pub(crate) fn rates(&self) -> RateServiceClient<Channel> {
        RateServiceClient::new(self.channel())
    }

    pub(crate) async fn create_product(
        &self,
        person: &str,
        request: u32,
        id: &str,
        product: wire::RateProduct,
    ) -> Result<wire::RateProduct, Status> {
        let request = wire::CreateRateProductRequest {
            request_id: request_id(request),
            rate_product_id: id.into(),
            rate_product: Some(product),
        };
        let token = self.lab.token(Role::ProgramAdmin, "*", person);
        let answer = self.rate_products().create_rate_product(self.lab.call(request, &token)).await;
        answer.map(Response::into_inner)
    }

    pub(crate) async fn submit_product(
        &self,
        person: &str,
        request: u32,
        id: &str,
    ) -> Result<wire::RateProduct, Status> {
        let request = wire::SubmitRateProductRequest {
            request_id: request_id(request),
            name: format!("rate-products/{id}"),
            etag: String::new(),
        };
        let token = self.lab.token(Role::ProgramAdmin, "*", person);
        let answer = self.rate_products().submit_rate_product(self.lab.call(request, &token)).await;
        answer.map(Response::into_inner)
    }

    pub(crate) async fn activate_product(
        &self,
        person: &str,
        request: u32,
        id: &str,
    ) -> Result<wire::RateProduct, Status> {
        let request = wire::ActivateRateProductRequest {
            request_id: request_id(request),
            name: format!("rate-products/{id}"),
            etag: String::new(),
        };
        let token = self.lab.token(Role::ProgramAdmin, "*", person);
        let answer = self.rate_products().activate_rate_product(self.lab.call(request, &token)).await;
        answer.map(Response::into_inner)
    }

    /// Made and submitted by mia, activated by chen.
    pub(crate) async fn product_in_force(&self, id: &str, product: wire::RateProduct) {
        self.create_product("mia", 901, id, product).await.unwrap();
        self.submit_product("mia", 902, id).await.unwrap();
        self.activate_product("chen", 903, id).await.unwrap();
    }

    pub(crate) async fn product(&self, id: &str, version: i32) -> Result<wire::RateProduct, Status> {
        let request = wire::GetRateProductRequest { name: format!("rate-products/{id}"), version };
        let token = self.lab.token(Role::InternalAuditor, "*", None);
        let answer = self.rate_products().get_rate_product(self.lab.call(request, &token)).await;
        answer.map(Response::into_inner)
    }

    /// Every rate grant, oldest first.
    pub(crate) async fn rate_grants(&self) -> Vec<wire::RateGrant> {
        let token = self.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::ListRateGrantsRequest { page_size: 500, ..wire::ListRateGrantsRequest::default() };
        let mut grants =
            self.rates().list_rate_grants(self.lab.call(request, &token)).await.unwrap().into_inner().rate_grants;
        grants.reverse();
        grants
    }

    pub(crate) async fn rate_grant(&self, name: &str) -> wire::RateGrant {
        let token = self.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::GetRateGrantRequest { name: name.into() };
        self.rates().get_rate_grant(self.lab.call(request, &token)).await.unwrap().into_inner()
    }

    pub(crate) async fn take_rate(&self, name: &str, contract: wire::RateContract) -> Result<wire::RateGrant, Status> {
        let token = self.lab.token(Role::CoreBanking, "", None);
        let request = wire::ActivateRateGrantRequest { name: name.into(), contract: Some(contract) };
        self.rates().activate_rate_grant(self.lab.call(request, &token)).await.map(Response::into_inner)
    }

    pub(crate) async fn revoke_rate(&self, person: &str, request: u32, name: &str) -> Result<wire::RateGrant, Status> {
        let request = wire::RevokeRateGrantRequest {
            request_id: request_id(request),
            name: name.into(),
            etag: String::new(),
            reason: "FRAUD".into(),
        };
        self.rates().revoke_rate_grant(self.lab.call(request, &self.approver(person))).await.map(Response::into_inner)
    }

    pub(crate) async fn effective_rate(&self, customer: &str, principal: &str) -> Result<wire::EffectiveRate, Status> {
        let token = self.lab.token(Role::BranchStaff, "0101", None);
        let request = wire::GetEffectiveRateRequest {
            customer: customer.into(),
            product: "rate-products/term".into(),
            at_time: None,
            principal: money(principal),
            term_months: 12,
        };
        self.rates().get_effective_rate(self.lab.call(request, &token)).await.map(Response::into_inner)
    }

    /// Every instruction on rates without an answer, as core banking pulls them.
    pub(crate) async fn rate_instructions(&self) -> Vec<RateInstruction> {
        let token = self.lab.token(Role::CoreBanking, "", None);
        let request = wire::ListRateInstructionsRequest::default();
        let answer = self.rates().list_rate_instructions(self.lab.call(request, &token)).await.unwrap();
        answer.into_inner().instructions
    }

    /// What core banking did with an instruction: `"APPLIED"`, `"REFUSED OUTCOME_CONFLICT"`.
    pub(crate) async fn answer_rate(&self, id: &str, result: rate_receipt::Result) -> String {
        let token = self.lab.token(Role::CoreBanking, "", None);
        let receipt = RateReceipt { instruction_id: id.into(), result: result.into(), reason_code: String::new() };
        let request = wire::ReportRateInstructionsRequest { receipts: vec![receipt] };
        let answer = self.rates().report_rate_instructions(self.lab.call(request, &token)).await.unwrap();
        let answer = answer.into_inner().answers.remove(0);
        let result = answer.result().as_str_name().trim_start_matches("RESULT_").to_owned();
        format!("{result} {}", answer.reason).trim_end().to_owned()
    }
}

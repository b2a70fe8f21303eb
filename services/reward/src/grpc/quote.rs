//! `QuoteService`: every calculation, computed and nothing kept. Only a plan by its name is read.

use super::{
    Api,
    refusal::{Invalid, refused},
};
use crate::{
    domain::{
        calculation::{
            allocation, cash,
            choice::{self, Worth},
            deposit,
            error::CalculationError,
            explanation::Language,
            loan, milestones, noncash, reporting, reversal, series, tax,
        },
        refusal::Refusal,
        terms::{PlanInForce, RewardTerms},
    },
    queries,
    wire::{
        qualification::after,
        quote::{
            self, AnyTerms, Decided, RewardAsked, TermsAndWindow, allocation_answer, allocation_asked, answer_reward,
            choice_answer, dates_answer, deposit_answer, deposit_from, inline_terms_from, language_from, loan_answer,
            loan_from, milestones_answer, milestones_asked, reporting_answer, reporting_asked, reversal_answer,
            reversal_asked, reward_asked, series_answer, series_asked, tax_answer, tax_asked,
        },
        terms::shared_reason,
    },
};
use handsel_money::Currency;
use handsel_proto::handsel::reward::v1::{
    AllocationQuote, ChoiceQuote, DatesQuote, DepositQuote, LoanQuote, MilestonesQuote, QuoteAllocationRequest,
    QuoteChoiceRequest, QuoteDatesRequest, QuoteDepositRequest, QuoteLoanRequest, QuoteMilestonesRequest,
    QuoteReportingRequest, QuoteReversalRequest, QuoteRewardRequest, QuoteSeriesRequest, QuoteTaxRequest,
    ReportingQuote, ReversalQuote, RewardQuote, SeriesQuote, TaxQuote, choice_quote, quote_choice_request,
    quote_reward_request, quote_service_server::QuoteService,
};
use handsel_service::status::{FIELD_INVALID, Violation, fault, refuse};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl QuoteService for Api {
    async fn quote_reward(&self, request: Request<QuoteRewardRequest>) -> Result<Response<RewardQuote>, Status> {
        let (quote, _) = self.reward_quote(&request.into_inner()).await?;
        Ok(Response::new(quote))
    }

    async fn quote_tax(&self, request: Request<QuoteTaxRequest>) -> Result<Response<TaxQuote>, Status> {
        let asked = tax_asked(&request.into_inner()).map_err(invalid)?;
        let taxed = tax::decide(&asked.tax, asked.reward, asked.rounding).map_err(not_computed)?;
        Ok(Response::new(tax_answer(taxed, asked.language)))
    }

    async fn quote_deposit(&self, request: Request<QuoteDepositRequest>) -> Result<Response<DepositQuote>, Status> {
        let (deposit, language) = deposit_from(&request.into_inner())?;
        let granted = deposit::decide(&deposit).map_err(not_computed)?;
        Ok(Response::new(deposit_answer(granted, language)))
    }

    async fn quote_loan(&self, request: Request<QuoteLoanRequest>) -> Result<Response<LoanQuote>, Status> {
        let (loan, language) = loan_from(&request.into_inner())?;
        let granted = loan::decide(&loan).map_err(not_computed)?;
        Ok(Response::new(loan_answer(granted, language)))
    }

    async fn quote_choice(&self, request: Request<QuoteChoiceRequest>) -> Result<Response<ChoiceQuote>, Status> {
        let request = request.into_inner();
        let language = language_from(&request.language_code)?;
        let cash = QuoteRewardRequest { language_code: request.language_code, ..request.cash.unwrap_or_default() };
        let (cash, worth) = self.reward_quote(&cash).await?;
        let answer = match request.rate {
            None => return Err(Violation::new("rate", "one of deposit and loan is required").into()),
            Some(quote_choice_request::Rate::Deposit(said)) => against_deposit(cash, worth, &said, language)?,
            Some(quote_choice_request::Rate::Loan(said)) => against_loan(cash, worth, &said, language)?,
        };
        Ok(Response::new(answer))
    }

    async fn quote_reversal(&self, request: Request<QuoteReversalRequest>) -> Result<Response<ReversalQuote>, Status> {
        let asked = reversal_asked(&request.into_inner())?;
        let taken = reversal::decide(asked.clawback, &asked.settled, asked.triggered_at, &asked.zone, asked.rounding)
            .map_err(not_computed)?;
        Ok(Response::new(reversal_answer(taken, asked.language)))
    }

    async fn quote_allocation(
        &self,
        request: Request<QuoteAllocationRequest>,
    ) -> Result<Response<AllocationQuote>, Status> {
        let (total, weights, language) = allocation_asked(&request.into_inner())?;
        let allocation = allocation::decide(total, &weights).map_err(not_computed)?;
        Ok(Response::new(allocation_answer(allocation, language)))
    }

    async fn quote_series(&self, request: Request<QuoteSeriesRequest>) -> Result<Response<SeriesQuote>, Status> {
        let asked = series_asked(&request.into_inner()).map_err(invalid)?;
        let series = series::decide(&asked.terms, &asked.events).map_err(not_computed)?;
        Ok(Response::new(series_answer(series, asked.language)))
    }

    async fn quote_milestones(
        &self,
        request: Request<QuoteMilestonesRequest>,
    ) -> Result<Response<MilestonesQuote>, Status> {
        let asked = milestones_asked(&request.into_inner()).map_err(invalid)?;
        let plan = asked.plan().map_err(not_computed)?;
        let row = milestones::decide(&plan, asked.payment.as_ref(), asked.events).map_err(not_computed)?;
        Ok(Response::new(milestones_answer(row, asked.language)))
    }

    async fn quote_reporting(
        &self,
        request: Request<QuoteReportingRequest>,
    ) -> Result<Response<ReportingQuote>, Status> {
        let (threshold, payouts, language) = reporting_asked(&request.into_inner())?;
        let reporting = reporting::decide(&threshold, &payouts).map_err(not_computed)?;
        Ok(Response::new(reporting_answer(reporting, language)))
    }

    async fn quote_dates(&self, request: Request<QuoteDatesRequest>) -> Result<Response<DatesQuote>, Status> {
        Ok(Response::new(dates_answer(&request.into_inner())?))
    }
}

impl Api {
    /// The answer to a reward question, and what the reward is worth.
    async fn reward_quote(&self, said: &QuoteRewardRequest) -> Result<(RewardQuote, Worth), Status> {
        let TermsAndWindow { terms, zone, window } = match &said.terms {
            None => return Err(Violation::new("terms", "one of inline_terms and plan is required").into()),
            Some(quote_reward_request::Terms::InlineTerms(terms)) => inline_terms_from(terms).map_err(invalid)?,
            // Boxed: its queries would make the future of every quote as large as they are, and most need none.
            Some(quote_reward_request::Terms::Plan(name)) => Box::pin(self.terms_of_plan(name, said)).await?,
        };
        let RewardAsked { input, language } = reward_asked(said, currency_of(&terms), &zone, window)?;
        let decided = match &terms {
            AnyTerms::Cash(terms) => cash::decide(terms, &input).map(Decided::Cash),
            AnyTerms::NonCash(terms) => {
                noncash::decide(terms, &input).map(|reward| Decided::NonCash(terms.kind, reward))
            }
        };
        let decided = decided.map_err(not_computed)?;
        let worth = match &decided {
            Decided::Cash(reward) => Worth { benefit: reward.net, cost: reward.cost },
            Decided::NonCash(_, reward) => Worth { benefit: reward.net, cost: reward.cost },
        };
        Ok((answer_reward(decided, input.window, language), worth))
    }

    /// What a plan in force says of the role asked for.
    async fn terms_of_plan(&self, name: &str, said: &QuoteRewardRequest) -> Result<TermsAndWindow, Status> {
        let found = queries::plans::get(&self.service.db, &after("plans/", name), 0).await.map_err(fault)?;
        let Some((plan, _)) = found else { return Err(refused(Refusal::NotFound(name.to_owned()))) };
        let plan = PlanInForce::of(plan).map_err(refused)?;
        let role = quote::role_from(said)?;
        let (zone, window) = (plan.plan.terms.zone.clone(), plan.plan.terms.window);
        let terms = plan.roles.into_iter().find(|one| one.role == role && one.stage == said.stage).map(|one| match one
            .gift
            .terms
        {
            RewardTerms::Cash(terms) => AnyTerms::Cash(terms),
            RewardTerms::NonCash(terms) => AnyTerms::NonCash(terms),
        });
        let terms = terms.ok_or_else(|| Violation::new("role", "the plan pays this role nothing"))?;
        Ok(TermsAndWindow { terms, zone, window })
    }
}

fn against_deposit(
    cash: RewardQuote,
    worth: Worth,
    said: &QuoteDepositRequest,
    language: Language,
) -> Result<ChoiceQuote, Status> {
    let (deposit, _) = deposit_from(said)?;
    let sides = choice::deposit_sides(&deposit).map_err(not_computed)?;
    let comparison = choice::compare(worth, Some(sides.with.benefit), None).map_err(not_computed)?;
    let with = choice_quote::WithRate::Deposit(deposit_answer(sides.with, language));
    let without = choice_quote::WithoutRate::DepositWithout(deposit_answer(sides.without, language));
    Ok(choice_answer(cash, with, Some(without), comparison, language))
}

fn against_loan(
    cash: RewardQuote,
    worth: Worth,
    said: &QuoteLoanRequest,
    language: Language,
) -> Result<ChoiceQuote, Status> {
    let (loan, _) = loan_from(said)?;
    let sides = choice::loan_sides(&loan).map_err(not_computed)?;
    let cost_without = sides.without.as_ref().map(|without| without.effective_yearly_cost);
    let yearly_costs = Some((sides.with.effective_yearly_cost, cost_without));
    let comparison = choice::compare(worth, sides.with.saving, yearly_costs).map_err(not_computed)?;
    let with = choice_quote::WithRate::Loan(loan_answer(sides.with, language));
    let without = sides.without.map(|without| loan_answer(without, language));
    Ok(choice_answer(cash, with, without.map(choice_quote::WithoutRate::LoanWithout), comparison, language))
}

fn currency_of(terms: &AnyTerms) -> Currency {
    match terms {
        AnyTerms::Cash(terms) => terms.currency,
        AnyTerms::NonCash(terms) => terms.currency,
    }
}

fn not_computed(error: CalculationError) -> Status {
    refuse(&error)
}

fn invalid(violations: Vec<Violation>) -> Status {
    let reason = if violations.is_empty() { FIELD_INVALID } else { shared_reason(&violations) };
    refuse(&Invalid { reason, violations })
}

//! `LedgerService`.

use super::{
    Api,
    call::PageSize,
    refusal::{Invalid, refused},
};
use crate::{
    queries::{
        self,
        ledger::{Movements, Which, Whose},
    },
    wire::{
        ledger::{account_from, to_alarm, to_line, to_payout, to_transfer, to_unit},
        qualification::after,
    },
};
use handsel_money::{Currency, Timestamp};
use handsel_proto::handsel::reward::v1::{
    AccountStatement, CustomerAccount, GetAccountStatementRequest, GetCustomerAccountRequest, GetTrialBalanceRequest,
    ListOpenClearingRequest, ListOpenClearingResponse, ListPayoutsRequest, ListPayoutsResponse, ListTransfersRequest,
    ListTransfersResponse, TrialBalance, ledger_service_server::LedgerService,
};
use handsel_service::{
    page,
    status::{Violation, fault, refuse},
    wire::{id_from_name, timestamp_from, to_money, to_timestamp},
};
use tonic::{Request, Response, Status};

/// Lines of a page where the request names no number.
const DEFAULT_LINES: usize = 100;

#[tonic::async_trait]
impl LedgerService for Api {
    async fn get_trial_balance(
        &self,
        request: Request<GetTrialBalanceRequest>,
    ) -> Result<Response<TrialBalance>, Status> {
        let request = request.into_inner();
        let as_of = self.instant(request.as_of_time.as_ref())?;
        let currency = match request.currency_code.as_str() {
            "" => None,
            code => Some(currency_from(code)?),
        };
        let which = Which { plan: plan_from(&request.plan), currency, by_plan: request.by_plan };
        let balances =
            queries::ledger::trial_balance(&self.service.db, as_of, which).await.map_err(fault)?.map_err(refused)?;
        let lines = balances.iter().map(to_line).collect();
        Ok(Response::new(TrialBalance { as_of_time: Some(to_timestamp(as_of)), lines }))
    }

    async fn get_account_statement(
        &self,
        request: Request<GetAccountStatementRequest>,
    ) -> Result<Response<AccountStatement>, Status> {
        let request = request.into_inner();
        let filters = GetAccountStatementRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let movements = movements_from(&request)?;
        let size = PageSize::of(request.page_size, DEFAULT_LINES);
        let cursor: Option<(i64, i64)> = page::cursor(&filters, &request.page_token)?;
        let mut statement = queries::ledger::statement(&self.service.db, movements, cursor, size.limit())
            .await
            .map_err(fault)?
            .map_err(refused)?;
        let through = statement.through;
        let next_page_token = size.cut(&mut statement.lines, &filters, |last| (through, last.ordinal))?;
        Ok(Response::new(AccountStatement {
            opening_balance: Some(to_money(statement.opening)),
            transfers: statement.lines.iter().map(to_transfer).collect(),
            closing_balance: Some(to_money(statement.closing)),
            next_page_token,
        }))
    }

    async fn get_customer_account(
        &self,
        request: Request<GetCustomerAccountRequest>,
    ) -> Result<Response<CustomerAccount>, Status> {
        let GetCustomerAccountRequest { customer, as_of_time } = request.into_inner();
        let as_of = self.instant(as_of_time.as_ref())?;
        let found = queries::ledger::customer_account(&self.service.db, &customer, as_of).await;
        let lines = found.map_err(fault)?.map_err(refused)?.iter().map(to_line).collect();
        Ok(Response::new(CustomerAccount { customer, as_of_time: Some(to_timestamp(as_of)), lines }))
    }

    async fn list_payouts(
        &self,
        request: Request<ListPayoutsRequest>,
    ) -> Result<Response<ListPayoutsResponse>, Status> {
        let request = request.into_inner();
        let filters = ListPayoutsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let from = timestamp_from(request.start_time.as_ref(), "start_time")?;
        let to = timestamp_from(request.end_time.as_ref(), "end_time")?;
        let size = PageSize::of(request.page_size, DEFAULT_LINES);
        let after: Option<i64> = page::cursor(&filters, &request.page_token)?;
        let found =
            queries::ledger::payouts(&self.service.db, (from, to), after.unwrap_or(0), size.limit(), self.now()).await;
        let queries::ledger::Payouts { mut lines, stated } = found.map_err(fault)?;
        let next_page_token = size.cut(&mut lines, &filters, |line| line.ordinal)?;
        let payouts = lines.iter().filter_map(to_payout).collect();
        Ok(Response::new(ListPayoutsResponse { payouts, next_page_token, stated_time: Some(to_timestamp(stated)) }))
    }

    async fn list_transfers(
        &self,
        request: Request<ListTransfersRequest>,
    ) -> Result<Response<ListTransfersResponse>, Status> {
        let request = request.into_inner();
        let filters = ListTransfersRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let whose = whose_from(&request)?;
        let size = PageSize::of(request.page_size, DEFAULT_LINES);
        let cursor: Option<i64> = page::cursor(&filters, &request.page_token)?;
        let after = cursor.unwrap_or(request.after_ordinal);
        let mut lines =
            queries::ledger::transfers(&self.service.db, whose, after, size.limit()).await.map_err(fault)?;
        let next_page_token = size.cut(&mut lines, &filters, |last| last.ordinal)?;
        let transfers = lines.iter().map(to_transfer).collect();
        Ok(Response::new(ListTransfersResponse { transfers, next_page_token }))
    }

    async fn list_open_clearing(
        &self,
        request: Request<ListOpenClearingRequest>,
    ) -> Result<Response<ListOpenClearingResponse>, Status> {
        let request = request.into_inner();
        let filters = ListOpenClearingRequest { page_size: 0, page_token: String::new() };
        let size = PageSize::of(request.page_size, DEFAULT_LINES);
        let cursor: Option<(Timestamp, String)> = page::cursor(&filters, &request.page_token)?;
        let (mut units, alarms) =
            queries::clearing::open(&self.service.db, cursor, size.limit()).await.map_err(fault)?;
        let next_page_token =
            size.cut(&mut units, &filters, |last| (last.instructed_at, last.end_to_end_id.clone()))?;
        let now = self.now();
        Ok(Response::new(ListOpenClearingResponse {
            units: units.iter().map(|unit| to_unit(unit, now)).collect(),
            alarms: alarms.iter().map(to_alarm).collect(),
            next_page_token,
        }))
    }
}

impl Api {
    /// The instant asked for; now where none is.
    fn instant(&self, asked: Option<&prost_types::Timestamp>) -> Result<Timestamp, Status> {
        match asked {
            Some(instant) => Ok(timestamp_from(Some(instant), "as_of_time")?),
            None => Ok(self.now()),
        }
    }
}

fn plan_from(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| after("plans/", name))
}

fn currency_from(code: &str) -> Result<Currency, Status> {
    code.parse().map_err(|_| invalid("currency_code", "this currency is not known"))
}

/// One faulty field.
pub(super) fn invalid(field: &str, description: &str) -> Status {
    refuse(&Invalid { reason: "FIELD_INVALID", violations: vec![Violation::new(field, description)] })
}

fn movements_from(request: &GetAccountStatementRequest) -> Result<Movements, Status> {
    let from = timestamp_from(request.start_time.as_ref(), "start_time")?;
    let to = timestamp_from(request.end_time.as_ref(), "end_time")?;
    if to < from {
        return Err(invalid("end_time", "a period ends after it begins"));
    }
    let account = account_from(request.account()).ok_or_else(|| invalid("account", "there is no such account"))?;
    Ok(Movements {
        account,
        currency: currency_from(&request.currency_code)?,
        plan: plan_from(&request.plan),
        from,
        to,
    })
}

fn whose_from(request: &ListTransfersRequest) -> Result<Whose, Status> {
    match (request.reward.as_str(), request.customer.as_str()) {
        ("", "") => Ok(Whose::Everybody),
        ("", customer) => Ok(Whose::Customer(customer.to_owned())),
        (reward, "") => Ok(Whose::Reward(id_from_name("rewards/", reward, "reward")?)),
        _ => Err(invalid("customer", "a reward has one beneficiary: name either")),
    }
}

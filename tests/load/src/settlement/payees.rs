//! The bank's side of a file: where beneficiaries are paid.

use anyhow::Result;
use handsel_iso20022::Iban;
use handsel_proto::handsel::corebank::v1::{
    CheckPayoutsRequest, CheckPayoutsResponse, ExecuteInstructionsRequest, ExecuteInstructionsResponse, Payee,
    PayeeQuestion, ResolvePayeesRequest, ResolvePayeesResponse,
    core_banking_service_server::{CoreBankingService, CoreBankingServiceServer},
    payee::Account,
};
use std::net::Ipv4Addr;
use tokio::{net::TcpListener, task::JoinHandle};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

/// A bank that answers until it is dropped.
pub(super) struct Payees {
    pub(super) address: String,
    serving: JoinHandle<()>,
}

impl Drop for Payees {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Answers at an address of its own.
///
/// # Errors
/// No address can be had.
pub(super) async fn serve() -> Result<Payees> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let server = Server::builder().add_service(CoreBankingServiceServer::new(Accounts));
    let serving = tokio::spawn(async move {
        if let Err(error) = server.serve_with_incoming(TcpIncoming::from(listener)).await {
            anstream::eprintln!("the bank that knows accounts has ended: {error}");
        }
    });
    Ok(Payees { address, serving })
}

struct Accounts;

#[tonic::async_trait]
impl CoreBankingService for Accounts {
    async fn check_payouts(&self, _: Request<CheckPayoutsRequest>) -> Result<Response<CheckPayoutsResponse>, Status> {
        Err(Status::failed_precondition("no plan of the run asks"))
    }

    async fn execute_instructions(
        &self,
        _: Request<ExecuteInstructionsRequest>,
    ) -> Result<Response<ExecuteInstructionsResponse>, Status> {
        Err(Status::failed_precondition("payouts of the run leave in a file"))
    }

    async fn resolve_payees(
        &self,
        request: Request<ResolvePayeesRequest>,
    ) -> Result<Response<ResolvePayeesResponse>, Status> {
        let payees = request.into_inner().questions.into_iter().filter_map(account).collect();
        Ok(Response::new(ResolvePayeesResponse { payees }))
    }
}

/// An account made from the digits of the beneficiary's name.
fn account(question: PayeeQuestion) -> Option<Payee> {
    let PayeeQuestion { payee, payee_account } = question;
    let digits: String = payee.chars().filter(char::is_ascii_digit).collect();
    let iban = Iban::complete("CZ", &format!("0800{digits:0>16}")).ok()?;
    Some(Payee {
        display_name: format!("Customer {digits}"),
        account: Some(Account::Iban(iban.as_str().to_owned())),
        payee,
        payee_account,
        ..Payee::default()
    })
}

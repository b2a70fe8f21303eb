//! A bank that settles by files: what it knows of its customers, its folder, and short words for its answers.

use crate::bank::{Bank, DAY, fixed, request_id};
use futures::future::join_all;
use handsel_iso20022::{
    CharacterSet, ChargeBearer, ControlSum, Debtor, Direction, Iban, Limits, Line, OrderReader, Ordered,
    bank::{EntryOf, ReportOf, StatementOf, TransferStatus, write_report, write_statement},
};
use handsel_money::{Money, Timestamp};
use handsel_proto::handsel::{
    corebank::v1::{
        ExecuteInstructionsRequest, ExecuteInstructionsResponse, Payee, PayeeQuestion, PostalAddress,
        ResolvePayeesRequest, ResolvePayeesResponse,
        core_banking_service_server::{CoreBankingService, CoreBankingServiceServer},
        payee::Account,
    },
    reward::v1::{self as wire, settlement_file_service_client::SettlementFileServiceClient},
};
use handsel_reward::{FileSettlement, Settlement, domain::reconciliation::SettledBy};
use handsel_service::{Clock as _, Job, Part, Routes};
use handsel_testkit::{Lab, Role, Server, reason};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tonic::{Request, Response, Status, transport::Channel};

/// The account that payouts leave from.
pub(crate) const DEBTOR: &str = "CZ6508000000192000145399";

/// What the bank says of customers: each has the accounts that are asked for, but what it does not know, or all while it does not answer.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    pub(crate) unknown: Arc<Mutex<BTreeSet<String>>>,
    /// How many more questions are answered; none: all.
    pub(crate) answers: Arc<Mutex<Option<u32>>>,
}

#[tonic::async_trait]
impl CoreBankingService for Registry {
    async fn check_payouts(
        &self,
        _: Request<handsel_proto::handsel::corebank::v1::CheckPayoutsRequest>,
    ) -> Result<Response<handsel_proto::handsel::corebank::v1::CheckPayoutsResponse>, Status> {
        Ok(Response::new(handsel_proto::handsel::corebank::v1::CheckPayoutsResponse::default()))
    }

    async fn execute_instructions(
        &self,
        _: Request<ExecuteInstructionsRequest>,
    ) -> Result<Response<ExecuteInstructionsResponse>, Status> {
        Err(Status::failed_precondition("a payout that leaves in a file is sent to nobody"))
    }

    async fn resolve_payees(
        &self,
        request: Request<ResolvePayeesRequest>,
    ) -> Result<Response<ResolvePayeesResponse>, Status> {
        if let Some(left) = self.answers.lock().unwrap().as_mut() {
            *left = left.checked_sub(1).ok_or_else(|| Status::unavailable("maintenance"))?;
        }
        let unknown = self.unknown.lock().unwrap().clone();
        let asked = request.into_inner().questions.into_iter();
        let known =
            asked.filter(|one| !unknown.contains(&one.payee) && !unknown.contains(&one.payee_account)).map(payee);
        Ok(Response::new(ResolvePayeesResponse { payees: known.collect() }))
    }
}

/// The account that ends in these digits.
pub(crate) fn iban(digits: &str) -> String {
    Iban::complete("CZ", &format!("0800{digits:0>16}")).unwrap().as_str().to_owned()
}

/// A customer's account ends in his number, or in the digits of its reference.
fn payee(question: PayeeQuestion) -> Payee {
    let PayeeQuestion { payee, payee_account } = question;
    let of = if payee_account.is_empty() { &payee } else { &payee_account };
    let digits: String = of.chars().filter(char::is_ascii_digit).collect();
    let account = match digits.as_str() {
        // Customer 13 has said something that nobody can pay to.
        "13" => Account::Iban("CZ0008000000192000145399".into()),
        "14" => Account::AccountNumber("19-2000145399/0800".into()),
        digits => Account::Iban(iban(digits)),
    };
    let address = (digits == "15").then(|| PostalAddress {
        street_name: "Dlouha".into(),
        building_number: "12".into(),
        post_code: "110 00".into(),
        town_name: "Praha".into(),
        country_code: "CZ".into(),
    });
    let display_name = format!("Customer {digits}");
    Payee { payee, payee_account, account: Some(account), display_name, bic: String::new(), address }
}

impl Part for Registry {
    fn name(&self) -> &'static str {
        "corebank"
    }
    fn add_to(&self, routes: &mut Routes) {
        routes.add_service(CoreBankingServiceServer::new(self.clone()));
    }
    fn jobs(&self) -> Vec<Job> {
        Vec::new()
    }
    fn drain(&self) -> futures::future::BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

pub(crate) struct FileBank {
    pub(crate) bank: Bank,
    pub(crate) registry: Registry,
    pub(crate) folder: TempDir,
    settlement: Arc<FileSettlement>,
    _core: Server,
}

impl FileBank {
    /// A bank whose plan pays every referee 10.20 after 30 days, nobody asked.
    pub(crate) async fn open(lab: Lab) -> Self {
        Self::settling(lab, SettledBy::Statement).await
    }

    pub(crate) async fn settling(lab: Lab, settled_by: SettledBy) -> Self {
        let registry = Registry::default();
        let core = lab.serve(registry.clone()).await;
        let folder = tempfile::tempdir().unwrap();
        let settlement = Arc::new(FileSettlement {
            bank: lab.peer(core.address()),
            folder: folder.path().join("out"),
            spool: folder.path().join("spool"),
            debtor: Debtor {
                name: Line::new("Banka", CharacterSet::Sepa).unwrap(),
                account: handsel_iso20022::Account::Iban(DEBTOR.parse().unwrap()),
                agent: None,
                service_level: None,
                charges: ChargeBearer::Shared,
            },
            characters: CharacterSet::Sepa,
            zone: "Europe/Prague".parse().unwrap(),
            settled_by,
            limits: Limits::default(),
        });
        let bank = Bank::settling(lab, Settlement::File(Arc::clone(&settlement))).await;
        let plan = wire::Plan {
            display_name: "Files".into(),
            currency_code: "EUR".into(),
            time_zone: "Europe/Prague".into(),
            role_rules: vec![fixed(wire::BeneficiaryRole::Referee, "10.20 EUR")],
            holding_days: 30,
            ..wire::Plan::default()
        };
        bank.put_in_force("spring", plan).await;
        Self { bank, registry, folder, settlement, _core: core }
    }

    /// A second process with the same database and folders.
    pub(crate) async fn second(&self) -> Bank {
        Bank::settling(self.bank.lab.clone(), Settlement::File(Arc::clone(&self.settlement))).await
    }

    /// So many payouts wait, to customers from `first` on; their rewards' names.
    pub(crate) async fn waiting(&self, first: u32, count: u32) -> Vec<String> {
        let mut names = Vec::new();
        let numbers: Vec<u32> = (first..first + count).collect();
        for numbers in numbers.chunks(250) {
            let granted = join_all(numbers.iter().map(|number| {
                let qualification = wire::Qualification {
                    referee: format!("customers/{number}"),
                    ..self.bank.qualification(*number, "1.00 EUR")
                };
                self.bank.grant(qualification)
            }));
            names.extend(granted.await.into_iter().map(|rewards| rewards.unwrap().remove(0).name));
        }
        self.bank.pass(DAY * 30).await;
        names
    }

    pub(crate) fn client(&self) -> SettlementFileServiceClient<Channel> {
        SettlementFileServiceClient::new(self.bank.channel())
    }

    /// Writes what waits; every message of the stream.
    pub(crate) async fn write_telling(&self, request: u32) -> Result<Vec<wire::WritePaymentFileResponse>, Status> {
        let request = wire::WritePaymentFileRequest { request_id: request_id(request), currency_code: "EUR".into() };
        let token = self.bank.approver("fiona");
        let mut stream = self.client().write_payment_file(self.bank.lab.call(request, &token)).await?.into_inner();
        let mut told = Vec::new();
        while let Some(message) = stream.message().await? {
            told.push(message);
        }
        Ok(told)
    }

    /// Writes what waits; how the file stands then.
    pub(crate) async fn write(&self, request: u32) -> Result<wire::PaymentFile, String> {
        let told = self.write_telling(request).await.map_err(|status| reason(&status))?;
        Ok(told.last().unwrap().file.clone().unwrap())
    }

    pub(crate) fn path(&self, file: &wire::PaymentFile) -> PathBuf {
        self.folder.path().join("out").join(format!("{}.xml", file.message_id))
    }

    /// What is in a file, as the bank reads it.
    pub(crate) fn ordered(&self, file: &wire::PaymentFile) -> Vec<Ordered> {
        let bytes = std::fs::read(self.path(file)).unwrap();
        let mut reader = OrderReader::open(bytes.as_slice(), Limits::default()).unwrap();
        let mut ordered = Vec::new();
        while let Some(one) = reader.next().unwrap() {
            ordered.push(one);
        }
        ordered
    }

    /// A report on our file: its own status, and that of the transfers it lists.
    pub(crate) fn report(
        &self,
        id: &str,
        file: &wire::PaymentFile,
        whole: Option<&str>,
        listed: &[(&str, &str, Option<&str>, Option<&str>)],
    ) -> Vec<u8> {
        let sum = handsel_service::wire::money_from(file.control_sum.as_ref(), "sum").unwrap();
        let said = ReportOf {
            version: 1,
            message_id: id,
            created_at: self.now(),
            original_message_id: &file.message_id,
            original_count: u64::try_from(file.payout_count).unwrap(),
            original_sum: ControlSum::of(sum),
            status: whole,
        };
        let transfers = listed.iter().map(|(end_to_end_id, status, reason, bank_reference)| TransferStatus {
            end_to_end_id,
            status,
            reason: *reason,
            bank_reference: *bank_reference,
            amount: "10.20 EUR".parse().unwrap(),
        });
        let mut out = Vec::new();
        write_report(&mut out, &said, transfers).unwrap();
        out
    }

    /// A statement of what was booked on our account: each out, or back with its reason.
    pub(crate) fn statement(&self, id: &str, entries: &[(&str, &str, &str, Option<&str>)]) -> Vec<u8> {
        let booked: Vec<EntryOf<'_>> = entries
            .iter()
            .map(|(end_to_end_id, amount, bank_reference, returned)| EntryOf {
                end_to_end_id,
                amount: amount.parse().unwrap(),
                direction: if returned.is_some() { Direction::Credit } else { Direction::Debit },
                bank_reference,
                returned: *returned,
            })
            .collect();
        let opening: Money = "1000000.00 EUR".parse().unwrap();
        let closing = booked.iter().fold(opening, |balance, one| match one.direction {
            Direction::Credit => balance.checked_add(one.amount).unwrap_or(balance),
            Direction::Debit => balance.checked_sub(one.amount).unwrap_or(balance),
        });
        let said = StatementOf {
            version: 1,
            message_id: id,
            created_at: self.now(),
            account: DEBTOR,
            iban: true,
            day: self.now().date_in(&"Europe/Prague".parse().unwrap()),
            opening,
            closing,
        };
        let mut out = Vec::new();
        write_statement(&mut out, &said, booked).unwrap();
        out
    }

    /// Hands a status report over, in pieces; what became of it in short, or why it was refused.
    pub(crate) async fn import_report(&self, bytes: &[u8]) -> Result<String, String> {
        let token = self.bank.lab.token(Role::CoreBanking, "", None);
        let pieces: Vec<_> =
            bytes.chunks(700).map(|data| wire::ImportStatusReportRequest { data: data.to_vec() }).collect();
        let request = self.bank.lab.call(futures::stream::iter(pieces), &token);
        let answer = self.client().import_status_report(request).await;
        answer.map(|answer| short(&answer.into_inner())).map_err(|status| reason(&status))
    }

    /// Hands a statement over.
    pub(crate) async fn import_statement(&self, bytes: &[u8]) -> Result<String, String> {
        self.import_statement_at(&self.bank, bytes).await
    }

    /// Hands a statement over to one process.
    pub(crate) async fn import_statement_at(&self, bank: &Bank, bytes: &[u8]) -> Result<String, String> {
        let token = self.bank.lab.token(Role::CoreBanking, "", None);
        let pieces: Vec<_> =
            bytes.chunks(700).map(|data| wire::ImportStatementRequest { data: data.to_vec() }).collect();
        let request = self.bank.lab.call(futures::stream::iter(pieces), &token);
        let answer = SettlementFileServiceClient::new(bank.channel()).import_statement(request).await;
        answer.map(|answer| short(&answer.into_inner())).map_err(|status| reason(&status))
    }

    /// Every difference: its reason, what the bank says, and the amounts.
    pub(crate) async fn differences(&self) -> Vec<String> {
        let token = self.bank.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::ListDifferencesRequest { page_size: 500, ..wire::ListDifferencesRequest::default() };
        let answer = self.client().list_differences(self.bank.lab.call(request, &token)).await.unwrap();
        let amount = |money: Option<&handsel_proto::google::r#type::Money>| {
            money.map_or_else(|| "-".to_owned(), |money| crate::bank::text(Some(money)))
        };
        let each = answer.into_inner().differences.into_iter().map(|one| {
            let (said, ours) = (amount(one.amount.as_ref()), amount(one.expected_amount.as_ref()));
            format!("{} {} {said} {ours}", one.reason, one.said)
        });
        each.collect()
    }

    pub(crate) async fn states(&self, names: &[String]) -> Vec<String> {
        let rewards = join_all(names.iter().map(|name| self.bank.reward(name))).await;
        let each =
            rewards.into_iter().map(|reward| reward.state().as_str_name().trim_start_matches("STATE_").to_owned());
        each.collect()
    }

    /// The end-to-end id of each reward's newest attempt.
    pub(crate) async fn ids(&self, names: &[String]) -> Vec<String> {
        let rewards = join_all(names.iter().map(|name| self.bank.reward(name))).await;
        rewards.into_iter().map(|reward| reward.attempts.last().unwrap().end_to_end_id.clone()).collect()
    }

    fn now(&self) -> Timestamp {
        self.bank.lab.clock.now()
    }
}

fn short(file: &wire::BankFile) -> String {
    format!(
        "said {} applied {} duplicate {} ignored {} differences {}",
        file.said_count, file.applied_count, file.duplicate_count, file.ignored_count, file.difference_count
    )
}

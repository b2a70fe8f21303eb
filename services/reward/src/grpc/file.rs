//! `SettlementFileService`.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::refused,
};
use crate::{
    commands::begin_file::BeginFile,
    config::{FileSettlement, Settlement},
    domain::file_refusal::FileRefusal,
    files::{self, FILES, Progress, Spooled, Trouble},
    queries::{self, files::Left},
    wire::bank_file::{to_bank_file, to_payment_file},
};
use futures::{Stream, stream};
use handsel_money::Currency;
use handsel_outbox::Actor;
use handsel_proto::handsel::reward::v1::{
    BankFile, ConfirmDifferenceResolutionRequest, ConfirmFileWithdrawalRequest, Difference, GetPaymentFileRequest,
    ImportStatementRequest, ImportStatusReportRequest, ListDifferencesRequest, ListDifferencesResponse,
    ListPaymentFilesRequest, ListPaymentFilesResponse, PaymentFile, ProposeDifferenceResolutionRequest,
    ProposeFileWithdrawalRequest, WritePaymentFileRequest, WritePaymentFileResponse,
    settlement_file_service_server::SettlementFileService,
};
use handsel_service::{
    page,
    status::{Refused, Violation, fault, refuse},
};
use std::{pin::Pin, sync::Arc};
use tokio::sync::mpsc;
use tonic::{Code, Request, Response, Status, Streaming};
use uuid::Uuid;

/// Messages of progress that may wait for whoever reads them.
const WAITING: usize = 16;

#[tonic::async_trait]
impl SettlementFileService for Api {
    type WritePaymentFileStream = Pin<Box<dyn Stream<Item = Result<WritePaymentFileResponse, Status>> + Send>>;

    async fn write_payment_file(
        &self,
        request: Request<WritePaymentFileRequest>,
    ) -> Result<Response<Self::WritePaymentFileStream>, Status> {
        let call = Call::of(request)?;
        let settlement = self.file_settlement()?;
        let currency: Currency = call
            .message
            .currency_code
            .parse()
            .map_err(|_| Violation::new("currency_code", "it is no currency of ISO 4217 with a minor unit"))?;
        let now = self.now();
        let command = BeginFile {
            means: self.service.means.clone(),
            currency,
            execution_date: now.date_in(&settlement.zone),
            by: call.by(),
            actor: call.actor(),
            now,
        };
        let content = WritePaymentFileRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.WritePaymentFile", request_id: &call.message.request_id, content };
        let name = self.once(FILES, &call, again, command).await?;
        Ok(Response::new(self.write(settlement, number_from(&name)?, call.actor())))
    }

    async fn propose_file_withdrawal(
        &self,
        request: Request<ProposeFileWithdrawalRequest>,
    ) -> Result<Response<PaymentFile>, Status> {
        self.proposed_withdrawal(request).await
    }

    async fn confirm_file_withdrawal(
        &self,
        request: Request<ConfirmFileWithdrawalRequest>,
    ) -> Result<Response<PaymentFile>, Status> {
        self.confirmed_withdrawal(request).await
    }

    async fn get_payment_file(&self, request: Request<GetPaymentFileRequest>) -> Result<Response<PaymentFile>, Status> {
        let number = number_from(&request.into_inner().name)?;
        self.payment_file(number).await.map(Response::new)
    }

    async fn list_payment_files(
        &self,
        request: Request<ListPaymentFilesRequest>,
    ) -> Result<Response<ListPaymentFilesResponse>, Status> {
        let asked = request.into_inner();
        let filters = ListPaymentFilesRequest::default();
        let size = PageSize::of(asked.page_size, page::DEFAULT_SIZE);
        let before: Option<i64> = page::cursor(&filters, &asked.page_token)?;
        let mut files = queries::files::payment_files(&self.service.db, before, size.limit()).await.map_err(fault)?;
        let next_page_token = size.cut(&mut files, &filters, |file| file.number)?;
        let payment_files = files.iter().map(|file| to_payment_file(file, None)).collect();
        Ok(Response::new(ListPaymentFilesResponse { payment_files, next_page_token }))
    }

    async fn import_status_report(
        &self,
        request: Request<Streaming<ImportStatusReportRequest>>,
    ) -> Result<Response<BankFile>, Status> {
        let settlement = self.file_settlement()?;
        let call = Call::of(request)?;
        let (by, actor) = (call.by(), call.actor());
        let mut pieces = call.message;
        let mut spooled = self.spool(&settlement).await?;
        while let Some(piece) = pieces.message().await? {
            spooled.add(&piece.data).await.map_err(ended)?;
        }
        let id = files::report(&self.service, &settlement, spooled, by, &actor).await.map_err(ended)?;
        self.bank_file(id).await
    }

    async fn import_statement(
        &self,
        request: Request<Streaming<ImportStatementRequest>>,
    ) -> Result<Response<BankFile>, Status> {
        let settlement = self.file_settlement()?;
        let call = Call::of(request)?;
        let (by, actor) = (call.by(), call.actor());
        let mut pieces = call.message;
        let mut spooled = self.spool(&settlement).await?;
        while let Some(piece) = pieces.message().await? {
            spooled.add(&piece.data).await.map_err(ended)?;
        }
        let id = files::statement(&self.service, &settlement, spooled, by, &actor).await.map_err(ended)?;
        self.bank_file(id).await
    }

    async fn list_differences(
        &self,
        request: Request<ListDifferencesRequest>,
    ) -> Result<Response<ListDifferencesResponse>, Status> {
        self.differences(request.into_inner()).await
    }

    async fn propose_difference_resolution(
        &self,
        request: Request<ProposeDifferenceResolutionRequest>,
    ) -> Result<Response<Difference>, Status> {
        self.proposed_resolution(request).await
    }

    async fn confirm_difference_resolution(
        &self,
        request: Request<ConfirmDifferenceResolutionRequest>,
    ) -> Result<Response<Difference>, Status> {
        self.confirmed_resolution(request).await
    }
}

impl Api {
    pub(super) fn file_settlement(&self) -> Result<Arc<FileSettlement>, Status> {
        match &self.service.config.settlement {
            Settlement::File(settlement) => Ok(Arc::clone(settlement)),
            Settlement::Pull | Settlement::Push(_) => Err(refuse(&FileRefusal::ChannelNotInUse)),
        }
    }

    /// Writes in a task of its own: whoever asked may go, and finds the file when he comes back.
    fn write(
        &self,
        settlement: Arc<FileSettlement>,
        number: i64,
        actor: Actor,
    ) -> <Self as SettlementFileService>::WritePaymentFileStream {
        let (sender, receiver) = mpsc::channel(WAITING);
        let api = self.clone();
        let done = tokio::spawn(async move {
            let progress = Progress(sender);
            files::write(&api.service, &settlement, number, &actor, &progress).await.map_err(ended)?;
            api.payment_file(number).await
        });
        let steps = stream::unfold(receiver, |mut receiver| async move {
            let (file, written) = receiver.recv().await?;
            let file = Some(to_payment_file(&file, None));
            Some((Ok(WritePaymentFileResponse { file, written }), receiver))
        });
        let last = stream::once(async move {
            let file = done.await.map_err(|_| fault(handsel_storage::Fault::Panicked))??;
            let written = file.payout_count;
            Ok(WritePaymentFileResponse { file: Some(file), written })
        });
        Box::pin(futures::StreamExt::chain(steps, last))
    }

    pub(super) async fn payment_file(&self, number: i64) -> Result<PaymentFile, Status> {
        let db = &self.service.db;
        let Some(file) = queries::files::payment_file(db, number).await.map_err(fault)? else {
            return Err(refuse(&FileRefusal::NotFound(format!("paymentFiles/{number}"))));
        };
        let left: Left = queries::files::left(db, number).await.map_err(fault)?;
        Ok(to_payment_file(&file, Some(&left)))
    }

    async fn bank_file(&self, id: Uuid) -> Result<Response<BankFile>, Status> {
        match queries::files::imported(&self.service.db, id).await.map_err(fault)? {
            Some(imported) => Ok(Response::new(to_bank_file(&imported))),
            None => Err(refuse(&FileRefusal::NotFound(format!("bankFiles/{id}")))),
        }
    }

    async fn spool(&self, settlement: &FileSettlement) -> Result<Spooled, Status> {
        Spooled::create(settlement, self.service.means.next_id()).await.map_err(ended)
    }
}

pub(super) fn number_from(name: &str) -> Result<i64, Violation> {
    let number = name.strip_prefix("paymentFiles/").and_then(|number| number.parse().ok());
    number.ok_or_else(|| Violation::new("name", "it is no file's name"))
}

pub(super) fn ended(trouble: Trouble) -> Status {
    match trouble {
        Trouble::File(refusal) => refuse(&refusal),
        Trouble::Refused(refusal) => refused(refusal),
        Trouble::Stored(error) => fault(error),
    }
}

impl Refused for FileRefusal {
    fn code(&self) -> Code {
        match self {
            Self::ChannelNotInUse
            | Self::Stopped(_)
            | Self::OrderUnknown(_)
            | Self::OrderMismatch { .. }
            | Self::OtherAccount(_)
            | Self::Changed(_)
            | Self::PayoutEnded(_)
            | Self::InPlace(_) => Code::FailedPrecondition,
            Self::NotFound(_) => Code::NotFound,
            Self::Malformed { reason: "FILE_TOO_LARGE", .. } => Code::ResourceExhausted,
            Self::Malformed { reason: "FILE_UNREADABLE", .. } | Self::Unwritable => Code::Internal,
            Self::Malformed { .. } => Code::InvalidArgument,
            Self::AlreadyImported(_) | Self::MessageIdReused(_) => Code::AlreadyExists,
            Self::PayeesUnavailable => Code::Unavailable,
        }
    }

    fn reason(&self) -> &'static str {
        Self::reason(self)
    }

    fn message(&self) -> String {
        self.to_string()
    }
}

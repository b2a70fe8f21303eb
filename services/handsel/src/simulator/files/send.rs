//! An answer handed over to the reward service, in pieces as it lies on the disk.

use super::answer::{Answer, Kind};
use crate::bearer::Caller;
use anyhow::{Result, bail};
use futures::{Stream, stream};
use handsel_proto::handsel::reward::v1::{
    BankFile, ImportStatementRequest, ImportStatusReportRequest,
    settlement_file_service_client::SettlementFileServiceClient,
};
use std::path::PathBuf;
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, BufReader},
};
use tonic::Code;

/// Bytes of one piece.
const PIECE: usize = 256 * 1024;

/// Hands a file over; in words, what became of it. A refusal is an answer: it is said, and the bank goes on.
///
/// # Errors
/// The service cannot be reached, or fails.
pub(super) async fn hand_over(caller: &Caller, answer: &Answer) -> Result<String> {
    let mut client = SettlementFileServiceClient::new(caller.clone());
    let pieces = pieces(answer.path.clone()).await?;
    let taken = match answer.kind {
        Kind::Report => {
            client.import_status_report(to_message(pieces, |data| ImportStatusReportRequest { data })).await
        }
        Kind::Statement => client.import_statement(to_message(pieces, |data| ImportStatementRequest { data })).await,
    };
    match taken {
        Ok(taken) => Ok(told(&answer.message_id, &taken.into_inner())),
        Err(status)
            if matches!(status.code(), Code::InvalidArgument | Code::FailedPrecondition | Code::AlreadyExists) =>
        {
            Ok(format!("{} was refused: {}", answer.message_id, status.message()))
        }
        Err(status) => bail!("handing over {}: {status}", answer.message_id),
    }
}

fn told(message_id: &str, taken: &BankFile) -> String {
    let BankFile { said_count, applied_count, duplicate_count, ignored_count, difference_count, .. } = taken;
    format!(
        "{message_id} was taken: {said_count} said, {applied_count} applied, {duplicate_count} known before, {ignored_count} \
         ignored, {difference_count} differences"
    )
}

/// A file that ends in the middle because its medium failed is found out by who reads it.
async fn pieces(path: PathBuf) -> Result<impl Stream<Item = Vec<u8>> + Send + 'static> {
    let file = BufReader::with_capacity(PIECE, File::open(path).await?);
    Ok(stream::unfold(file, async |mut file| {
        let mut piece = Vec::with_capacity(PIECE);
        let mut limited = (&mut file).take(u64::try_from(PIECE).unwrap_or(u64::MAX));
        match limited.read_to_end(&mut piece).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some((piece, file)),
        }
    }))
}

fn to_message<Message>(
    pieces: impl Stream<Item = Vec<u8>> + Send + 'static,
    message: impl Fn(Vec<u8>) -> Message + Send + 'static,
) -> impl Stream<Item = Message> + Send + 'static {
    futures::StreamExt::map(pieces, message)
}

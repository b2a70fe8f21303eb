//! `AuditService`: the log as an officer uses it.

use super::{messages, refused, search, stream};
use crate::{
    log::Log,
    queries::{
        checkpoint::{self, Signed},
        proof,
        record::{self, RecordRow},
        witnessed::{self, Policy},
    },
    tlog::{Hash, LogProof, Question},
};
use handsel_access::Caller;
use handsel_proto::handsel::audit::v1 as proto;
use handsel_proto::handsel::audit::v1::audit_service_server::AuditService;
use handsel_service::status::fault;
use serde_json::json;
use std::sync::Arc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

/// Serves `AuditService`.
pub(crate) struct AuditApi {
    log: Arc<Log>,
}

impl AuditApi {
    pub(crate) fn new(log: Arc<Log>) -> Self {
        Self { log }
    }

    async fn newest(&self) -> Result<Signed, Status> {
        match checkpoint::newest(&self.log.db).await.map_err(fault)? {
            Some(signed) => Ok(signed),
            None => self.log.empty_checkpoint().map_err(fault),
        }
    }

    /// The newest checkpoint that enough witnesses have cosigned.
    async fn witnessed(&self) -> Result<Option<Signed>, Status> {
        match witnessed::size(&self.log.db, &self.log.policy).await.map_err(fault)? {
            0 => Ok(None),
            size => checkpoint::of_size(&self.log.db, size).await.map_err(fault),
        }
    }

    /// The record at an index.
    async fn row(&self, index: u64) -> Result<RecordRow, Status> {
        let found = record::at(&self.log.db, index).await.map_err(fault)?;
        found.ok_or_else(|| refused::not_found("the log has no record of that index"))
    }

    /// Leaves a record of somebody's reading one record, before it is shown.
    async fn is_read(&self, caller: &Caller, index: u64, mode: &'static str) -> Result<(), Status> {
        stream::record_reading(&self.log, caller, (format!("records/{index}"), json!({ "mode": mode }))).await
    }

    /// The size asked for, 0 meaning that of the newest checkpoint. Nothing is proven of a tree that nobody has signed for.
    async fn size(&self, asked: i64) -> Result<u64, Status> {
        let signed = self.newest().await?.size;
        match u64::try_from(asked) {
            Ok(0) => Ok(signed),
            Ok(asked) if asked <= signed => Ok(asked),
            _ => Err(refused::beyond("no checkpoint covers a tree of that size yet")),
        }
    }
}

#[tonic::async_trait]
impl AuditService for AuditApi {
    type StreamRecordsStream = ReceiverStream<Result<proto::StreamRecordsResponse, Status>>;

    async fn get_log(&self, _: Request<proto::GetLogRequest>) -> Result<Response<proto::Log>, Status> {
        let Policy { keys, quorum } = &self.log.policy;
        Ok(Response::new(proto::Log {
            origin: self.log.origin().to_owned(),
            verifier_key: self.log.key.verifier().to_string(),
            retiring_key: self.log.retiring.as_ref().map(|key| key.verifier().to_string()).unwrap_or_default(),
            witness_keys: keys.iter().map(ToString::to_string).collect(),
            witness_quorum: i32::try_from(*quorum).unwrap_or(i32::MAX),
        }))
    }

    async fn get_checkpoint(
        &self,
        request: Request<proto::GetCheckpointRequest>,
    ) -> Result<Response<proto::Checkpoint>, Status> {
        let proto::GetCheckpointRequest { witnessed } = request.into_inner();
        let signed = if witnessed {
            let found = self.witnessed().await?;
            found.ok_or_else(|| refused::not_found("no checkpoint has been cosigned by enough witnesses yet"))?
        } else {
            self.newest().await?
        };
        Ok(Response::new(messages::with_cosignatures(&self.log, &signed).await?))
    }

    async fn get_record(&self, request: Request<proto::GetRecordRequest>) -> Result<Response<proto::Record>, Status> {
        let caller = Caller::of(&request)?.clone();
        let index = request.into_inner().index.cast_unsigned();
        let row = self.row(index).await?;
        self.is_read(&caller, index, "RECORD").await?;
        Ok(Response::new(messages::record(row)))
    }

    async fn get_evidence(
        &self,
        request: Request<proto::GetEvidenceRequest>,
    ) -> Result<Response<proto::Evidence>, Status> {
        let caller = Caller::of(&request)?.clone();
        let index = request.into_inner().index.cast_unsigned();
        let row = self.row(index).await?;
        self.is_read(&caller, index, "EVIDENCE").await?;
        let signed = match self.witnessed().await?.filter(|signed| signed.size > index) {
            Some(signed) => signed,
            None => self.newest().await?,
        };
        let question = Question::Inclusion { index, size: signed.size };
        let hashes = proof::answer(&self.log.db, question).await.map_err(refused::not_proven)?;
        let note = messages::with_cosignatures(&self.log, &signed).await?.note;
        let proof = LogProof { extra: Some(row.content.to_vec()), index, hashes, note };
        let proto::Record { index, leaf: _, body, body_salt, body_withheld: _, pruned_by: _ } = messages::record(row);
        Ok(Response::new(proto::Evidence { index, proof: proof.to_text().into_bytes(), body, body_salt }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<proto::GetInclusionProofRequest>,
    ) -> Result<Response<proto::InclusionProof>, Status> {
        let proto::GetInclusionProofRequest { index, tree_size } = request.into_inner();
        let size = self.size(tree_size).await?;
        let question = Question::Inclusion { index: index.cast_unsigned(), size };
        let hashes = proof::answer(&self.log.db, question).await.map_err(refused::not_proven)?;
        let row = record::at(&self.log.db, index.cast_unsigned()).await.map_err(fault)?;
        let row = row.ok_or_else(|| refused::beyond("the log has no record of that index"))?;
        let checkpoint = match checkpoint::of_size(&self.log.db, size).await.map_err(fault)? {
            Some(signed) => Some(messages::with_cosignatures(&self.log, &signed).await?),
            None => None,
        };
        Ok(Response::new(proto::InclusionProof {
            index,
            tree_size: size.cast_signed(),
            leaf_hash: Hash::of_leaf(&row.content).to_vec(),
            hashes: messages::hashes(hashes),
            checkpoint,
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<proto::GetConsistencyProofRequest>,
    ) -> Result<Response<proto::ConsistencyProof>, Status> {
        let proto::GetConsistencyProofRequest { from_size, to_size } = request.into_inner();
        let to = self.size(to_size).await?;
        let question = Question::Consistency { from: from_size.cast_unsigned(), to };
        let hashes = proof::answer(&self.log.db, question).await.map_err(refused::not_proven)?;
        let hashes = messages::hashes(hashes);
        Ok(Response::new(proto::ConsistencyProof { from_size, to_size: to.cast_signed(), hashes }))
    }

    async fn search_records(
        &self,
        request: Request<proto::SearchRecordsRequest>,
    ) -> Result<Response<proto::SearchRecordsResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let newest = self.newest().await?;
        Ok(Response::new(search::page(&self.log, &caller, request.into_inner(), &newest).await?))
    }

    async fn stream_records(
        &self,
        request: Request<proto::StreamRecordsRequest>,
    ) -> Result<Response<Self::StreamRecordsStream>, Status> {
        let newest = self.newest().await?;
        Ok(Response::new(stream::open(Arc::clone(&self.log), request, newest).await?))
    }
}

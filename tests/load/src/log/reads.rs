//! What the log proves and reads again: the way of any record to the root, a round over everything, and what hashing alone takes.

use super::Filled;
use crate::{
    latency::{Latency, Waits},
    runs::Used,
    service::{Service, Token, authorized},
    settings::Settings,
};
use anyhow::{Context as _, Result, ensure};
use handsel_access::Role;
use handsel_audit::{
    client::Follower,
    tlog::{CompactRange, Hash, TILE_WIDTH, TreeHead, VerifierKey, check_inclusion, hashes_from, tile_root},
};
use handsel_proto::handsel::audit::v1::{
    GetInclusionProofRequest, GetLogRequest, InclusionProof, StreamRecordsRequest, VerifyNowRequest,
    audit_service_client::AuditServiceClient, integrity_service_client::IntegrityServiceClient,
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use tonic::transport::Channel;

/// Spreads consecutive numbers evenly (Knuth's multiplicative hashing).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
/// Leaves that are hashed again in memory.
const LEAVES: usize = 65_536;
/// Rounds of which the fastest counts: whatever else the machine does only makes one slower.
const ROUNDS: u32 = 5;

/// An officer of the bank, and the key that he trusts.
pub(super) struct Officer {
    client: AuditServiceClient<Channel>,
    token: Token,
    key: VerifierKey,
}

impl Officer {
    /// Connects, and asks the log for its key.
    pub(super) async fn of(service: &Service) -> Result<Self> {
        let token = service.token(Role::ComplianceOfficer, Some("karel"))?;
        let mut client = AuditServiceClient::new(service.connect().await?);
        let log = client.get_log(authorized(GetLogRequest {}, &token)).await?.into_inner();
        Ok(Self { client, token, key: VerifierKey::parse(&log.verifier_key)? })
    }

    /// Proves records that receipts were given for: each under the newest checkpoint, which the log's key has signed.
    pub(super) async fn prove(&mut self, filled: &Filled) -> Result<()> {
        for (index, leaf) in &filled.samples {
            let proof = self.proof(*index).await?;
            let note = &proof.checkpoint.as_ref().context("a proof without its checkpoint")?.note;
            let head = TreeHead::open(note, &self.key)?;
            let hashes = hashes_from(&proof.hashes)?;
            check_inclusion(&hashes, head.size, head.root, index.cast_unsigned(), Hash::of_leaf(leaf))
                .with_context(|| format!("record {index}, for which a receipt was given"))?;
        }
        Ok(())
    }

    /// How long the way of any record to the root takes, one call at a time.
    pub(super) async fn proofs(&mut self, records: u64, settings: &Settings) -> Result<Latency> {
        let from = Instant::now() + settings.warm_up();
        let until = from + settings.measure();
        let (mut waits, mut number) = (Waits::default(), 0_u64);
        while Instant::now() < until {
            let index = (number.wrapping_mul(SPREAD) >> 16) % records.max(1);
            let sent = Instant::now();
            self.proof(index.cast_signed()).await?;
            let answered = Instant::now();
            if from <= answered {
                waits.note(answered - sent);
            }
            number += 1;
        }
        Ok(waits.summary())
    }

    async fn proof(&mut self, index: i64) -> Result<InclusionProof> {
        let request = GetInclusionProofRequest { index, tree_size: 0 };
        Ok(self.client.get_inclusion_proof(authorized(request, &self.token)).await?.into_inner())
    }

    /// Reads the first leaves, proven.
    pub(super) async fn leaves(&mut self) -> Result<Vec<Vec<u8>>> {
        let mut follower = Follower::new(self.key.clone(), None)?;
        let request = StreamRecordsRequest {
            cursor: Some(follower.cursor()),
            batch_size: 1_000,
            ..StreamRecordsRequest::default()
        };
        let mut stream = self.client.stream_records(authorized(request, &self.token)).await?.into_inner();
        let mut leaves = Vec::new();
        while leaves.len() < LEAVES
            && let Some(batch) = stream.message().await?
        {
            leaves.extend(follower.accept(batch)?.into_iter().map(|record| record.leaf));
        }
        leaves.truncate(LEAVES);
        Ok(leaves)
    }
}

/// A round over everything, as far as it comes in the time of a measurement: records a second of the clock, and of one processor's
/// time, the service's and its database's.
pub(super) async fn round(
    service: &Service,
    server: Option<&crate::postgres::Postgres>,
    settings: &Settings,
) -> Result<(u64, u64)> {
    let token = service.token(Role::ComplianceOfficer, Some("karel"))?;
    let mut client = IntegrityServiceClient::new(service.connect().await?);
    let (before, began) = (Used::now(service, server)?, Instant::now());
    let mut stream = client.verify_now(authorized(VerifyNowRequest {}, &token)).await?.into_inner();
    let mut checked = 0;
    while began.elapsed() < settings.measure()
        && let Some(message) = stream.message().await?
    {
        ensure!(message.findings.is_empty(), "the log is not what it should be: {:?}", message.findings);
        checked = u64::try_from(message.checked)?;
    }
    let (took, used) = (began.elapsed(), Used::now(service, server)?.since(before));
    Ok((rate(checked, took), rate(checked, used.service + used.database)))
}

/// What one processor hashes a second: leaves from their bytes, the tiles over them, the root over those.
pub(super) fn hashing(leaves: &[Vec<u8>]) -> Result<u64> {
    let width = usize::try_from(TILE_WIDTH)?;
    let fastest = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        let mut root = CompactRange::new();
        for tile in black_box(leaves).chunks(width) {
            let hashes: Vec<Hash> = tile.iter().map(|leaf| Hash::of_leaf(leaf)).collect();
            root.push(tile_root(&hashes));
        }
        black_box(root.root());
        began.elapsed()
    });
    Ok(rate(u64::try_from(leaves.len())?, fastest.min().context("a round")?))
}

/// So many in that time, a second.
pub(super) fn rate(many: u64, time: Duration) -> u64 {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
    many.saturating_mul(1_000_000) / micros
}

//! Somebody outside who believes nothing: he keeps every receipt that a source was given and every checkpoint that was signed, as the
//! log showed them, and holds the log to all of them.

use crate::installation::{Caller, Installation, Service};
use crate::patience::Patience;
use handsel_audit::client::{Follower, VerifiedRecord, verify_stream};
use handsel_audit::tlog::{CompactRange, Hash, TreeHead, VerifierKey, check_consistency, check_inclusion, hashes_from};
use handsel_proto::handsel::audit::v1::{
    AppendReceipt, Checkpoint, GetCheckpointRequest, GetConsistencyProofRequest, GetInclusionProofRequest,
    GetLogRequest, StreamRecordsRequest, audit_service_client::AuditServiceClient,
};
use std::collections::BTreeMap;
use std::time::Duration;
use tonic::Status;

/// How long the log is given until it is asked again for a newer checkpoint: busy, it signs one a second.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The newest checkpoint, if the log answers.
pub async fn newest_checkpoint(officer: &Caller) -> Option<Checkpoint> {
    let request = GetCheckpointRequest { witnessed: false };
    let shown = AuditServiceClient::new(officer.clone()).get_checkpoint(request).await;
    shown.ok().map(tonic::Response::into_inner)
}

fn away() -> Status {
    Status::unavailable("the log does not answer")
}

/// One of so many records is proven by itself.
const PROVEN: usize = 97;

/// What he has seen.
#[derive(Debug)]
pub struct Onlooker {
    officer: Caller,
    key: VerifierKey,
    receipts: BTreeMap<(String, i64), i64>,
    leaves: BTreeMap<i64, Vec<u8>>,
    checkpoints: BTreeMap<u64, TreeHead>,
}

/// What a log was held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Records that somebody was given a receipt for.
    pub receipts: usize,
    /// Checkpoints of different sizes.
    pub checkpoints: usize,
    /// Records in the log.
    pub records: usize,
}

impl Onlooker {
    /// Looks on as the officer, who trusts the key that the log names at the beginning.
    ///
    /// # Panics
    /// If the log names none.
    pub async fn of(officer: Caller, patience: &Patience) -> Self {
        let ask = async || AuditServiceClient::new(officer.clone()).get_log(GetLogRequest {}).await;
        let log = patience.answer("asking for the log's key", ask).await;
        let key = VerifierKey::parse(&log.verifier_key).expect("a key");
        let (receipts, leaves, checkpoints) = Default::default();
        Self { officer, key, receipts, leaves, checkpoints }
    }

    /// The key that he trusts.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Records up to the last that anybody was given a receipt for.
    #[must_use]
    pub fn acknowledged(&self) -> i64 {
        self.leaves.keys().next_back().map_or(0, |index| index + 1)
    }

    /// Records under the newest checkpoint that he was shown.
    #[must_use]
    pub fn covered(&self) -> i64 {
        self.checkpoints.keys().next_back().map_or(0, |size| size.cast_signed())
    }

    /// A source was given a receipt.
    ///
    /// # Panics
    /// If it had another for that statement, or the index holds another leaf: a place was given twice.
    pub fn was_answered(&mut self, source: &str, receipt: &AppendReceipt) {
        let AppendReceipt { sequence, index, leaf } = receipt;
        let before = self.receipts.insert((source.to_owned(), *sequence), *index);
        assert!(before.is_none_or(|before| before == *index), "{source} {sequence}: at {before:?}, now at {index}");
        let before = self.leaves.insert(*index, leaf.clone());
        assert!(before.is_none_or(|before| before == *leaf), "index {index} holds another leaf");
    }

    /// A checkpoint was shown.
    ///
    /// # Panics
    /// If it is not signed, or the log has signed another of its size.
    pub fn was_shown(&mut self, checkpoint: &Checkpoint) {
        let head = TreeHead::open(&checkpoint.note, &self.key).expect("signed by the log");
        let root = head.root;
        let before = self.checkpoints.insert(head.size, head);
        assert!(before.is_none_or(|before| before.root == root), "two checkpoints of one size");
    }

    /// Takes over the receipts that a service keeps in its outbox for what it has handed in: they stand there until long after a
    /// checkpoint covers them.
    ///
    /// # Panics
    /// If one contradicts another; if they cannot be read.
    pub fn was_told_by(&mut self, installation: &Installation, service: Service) {
        let name = service.name();
        let rows = installation.query(&format!(
            "SELECT sequence, log_index, lower({hex}) FROM {name}.outbox_receipt WHERE outcome = 'SEALED'",
            hex = installation.in_hex("leaf"),
        ));
        for row in rows {
            let [sequence, index, leaf] = <[String; 3]>::try_from(row).expect("three columns");
            let number = |text: &str| text.parse().expect("a number");
            let leaf = hex::decode(leaf).expect("in hex");
            let receipt = AppendReceipt { sequence: number(&sequence), index: number(&index), leaf };
            self.was_answered(&format!("{name}/audit"), &receipt);
        }
    }

    /// Reads the whole log, proven, once a checkpoint covers whatever anybody was given a receipt for. Its leaves.
    ///
    /// # Panics
    /// If it cannot be proven.
    pub async fn read(&mut self, patience: &Patience) -> Vec<Vec<u8>> {
        let mut client = AuditServiceClient::new(self.officer.clone());
        loop {
            let ask = async || Ok(tonic::Response::new(newest_checkpoint(&self.officer).await.ok_or_else(away)?));
            let newest = patience.answer("asking for a checkpoint", ask).await;
            self.was_shown(&newest);
            if newest.tree_size < self.acknowledged() {
                tokio::time::sleep(LOOK_AGAIN).await;
                continue;
            }
            let mut follower = Follower::new(self.key.clone(), None).expect("from the beginning");
            let request = StreamRecordsRequest { cursor: Some(follower.cursor()), ..StreamRecordsRequest::default() };
            let stream = client.stream_records(request).await.expect("nobody is killed any more").into_inner();
            let mut leaves = Vec::new();
            let keep = |batch: Vec<VerifiedRecord>| leaves.extend(batch.into_iter().map(|record| record.leaf));
            verify_stream(&mut follower, stream, keep).await.expect("proven");
            return leaves;
        }
    }

    /// Holds the log, which is whole in `leaves`, to everything: each receipt's leaf lies where it was promised, each checkpoint was
    /// signed for the beginning of this log, and the log's own tiles prove that each continues the one before.
    ///
    /// # Panics
    /// At the first thing that does not hold.
    pub async fn hold(&self, leaves: &[Vec<u8>], patience: &Patience) -> Held {
        for (index, leaf) in &self.leaves {
            let place = usize::try_from(*index).expect("an index");
            assert_eq!(leaves.get(place), Some(leaf), "the record that was acknowledged at {index}");
        }
        let mut tree = CompactRange::new();
        for size in 0..=leaves.len() {
            if let Some(head) = self.checkpoints.get(&tree.size()) {
                assert_eq!(head.root, tree.root(), "the checkpoint of {size} is of another tree");
            }
            if let Some(leaf) = leaves.get(size) {
                tree.push(Hash::of_leaf(leaf));
            }
        }
        let heads: Vec<&TreeHead> = self.checkpoints.values().filter(|head| head.size > 0).collect();
        for pair in heads.windows(2) {
            let [from, to] = pair else { continue };
            self.continues(from, to, patience).await;
        }
        if let Some((newest, earlier)) = heads.split_last() {
            for from in earlier {
                self.continues(from, newest, patience).await;
            }
            for index in self.leaves.keys().step_by(PROVEN) {
                self.includes(newest, *index, patience).await;
            }
        }
        Held { receipts: self.receipts.len(), checkpoints: self.checkpoints.len(), records: leaves.len() }
    }

    async fn continues(&self, from: &TreeHead, to: &TreeHead, patience: &Patience) {
        let request = GetConsistencyProofRequest { from_size: from.size.cast_signed(), to_size: to.size.cast_signed() };
        let ask = async || AuditServiceClient::new(self.officer.clone()).get_consistency_proof(request).await;
        let proof = patience.answer("asking how two checkpoints hang together", ask).await;
        let hashes = hashes_from(&proof.hashes).expect("hashes");
        let held = check_consistency(&hashes, from.size, from.root, to.size, to.root);
        assert_eq!(held, Ok(()), "{} does not continue {}", to.size, from.size);
    }

    async fn includes(&self, head: &TreeHead, index: i64, patience: &Patience) {
        let request = GetInclusionProofRequest { index, tree_size: head.size.cast_signed() };
        let ask = async || AuditServiceClient::new(self.officer.clone()).get_inclusion_proof(request).await;
        let proof = patience.answer("asking for the way to the root", ask).await;
        let hashes = hashes_from(&proof.hashes).expect("hashes");
        let leaf = Hash::of_leaf(&self.leaves[&index]);
        let held = check_inclusion(&hashes, head.size, head.root, index.cast_unsigned(), leaf);
        assert_eq!(held, Ok(()), "record {index} under {}", head.size);
    }
}

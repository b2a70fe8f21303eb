//! Rows and decisions as messages of the contract.

use crate::{
    commands::Receipt,
    domain::admission::Source,
    queries::{checkpoint::Signed, record::RecordRow},
    tlog::Hash,
};
use handsel_proto::handsel::{audit::v1 as proto, relay::v1::GreetResponse};
use handsel_service::wire::to_timestamp;

pub(super) fn checkpoint(signed: &Signed) -> proto::Checkpoint {
    let Signed { size, root, note, signed_at } = signed;
    proto::Checkpoint {
        note: note.clone(),
        tree_size: size.cast_signed(),
        root_hash: root.to_vec(),
        sign_time: Some(to_timestamp(*signed_at)),
    }
}

pub(super) fn record(row: RecordRow) -> proto::Record {
    let RecordRow { leaf_index, content, body, salt } = row;
    proto::Record {
        index: leaf_index,
        leaf: content,
        body: body.unwrap_or_default(),
        body_salt: salt.unwrap_or_default(),
    }
}

pub(super) fn receipt(receipt: Receipt) -> proto::AppendReceipt {
    let Receipt { sequence, index, leaf } = receipt;
    proto::AppendReceipt { sequence, index, leaf }
}

/// A source that never came is known by nothing.
pub(super) fn known(source: Option<Source>) -> GreetResponse {
    let Some(Source { epoch, last_sequence, last_digest }) = source else { return GreetResponse::default() };
    GreetResponse { epoch, last_sequence, last_digest: last_digest.to_vec() }
}

pub(super) fn hashes(hashes: Vec<Hash>) -> Vec<Vec<u8>> {
    hashes.into_iter().map(Hash::to_vec).collect()
}

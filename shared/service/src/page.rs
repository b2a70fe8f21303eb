//! Pages of a list (AIP-158): an opaque token says where the next page begins, and holds for the same filters only.
//!
//! A token is a position in what its bearer may list anyway, so it needs no secret: the digest in it catches a token that was cut,
//! changed, or brought to another list.

use crate::status::Refused;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use prost::{Message, Name};
use serde::{Serialize, de::DeserializeOwned};
use tonic::{Code, Status};

/// Rows of a page when the request names no number.
pub const DEFAULT_SIZE: usize = 50;
/// The most rows of a page; a request for more gets this many.
pub const MAX_SIZE: usize = 1000;
/// Bytes of digest that a token carries.
const SEAL: usize = 16;

/// The token was not made by this list with these filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidPageToken;

impl Refused for InvalidPageToken {
    fn code(&self) -> Code {
        Code::InvalidArgument
    }
    fn reason(&self) -> &'static str {
        "INVALID_PAGE_TOKEN"
    }
    fn message(&self) -> String {
        "the page token is not of this list with these filters; begin again without one".into()
    }
}

impl From<InvalidPageToken> for Status {
    fn from(refusal: InvalidPageToken) -> Self {
        crate::status::refuse(&refusal)
    }
}

/// How many rows to read for a request's `page_size`: 0 and less mean the default.
#[must_use]
pub fn size(requested: i32) -> usize {
    match usize::try_from(requested) {
        Ok(0) | Err(_) => DEFAULT_SIZE,
        Ok(wanted) => wanted.min(MAX_SIZE),
    }
}

/// The token of the page that begins after `cursor`. `filters` is the request with `page_token` and `page_size` cleared, and
/// whatever else decides what is listed (the caller's branch) set in it.
///
/// # Errors
/// `INTERNAL` where the cursor cannot be written as JSON.
pub fn token<F: Message + Name, C: Serialize>(filters: &F, cursor: &C) -> Result<String, Status> {
    let cursor = serde_json::to_vec(cursor).map_err(|error| {
        tracing::error!(%error, list = F::full_name(), "a page token could not be written");
        Status::internal("the next page cannot be named")
    })?;
    let mut bytes = seal(filters, &cursor).to_vec();
    bytes.extend_from_slice(&cursor);
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Where the page that `token` names begins; `None` for the first page, which has no token.
///
/// # Errors
/// [`InvalidPageToken`] for a token of another list, other filters, or no list at all.
pub fn cursor<F: Message + Name, C: DeserializeOwned>(filters: &F, token: &str) -> Result<Option<C>, InvalidPageToken> {
    if token.is_empty() {
        return Ok(None);
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| InvalidPageToken)?;
    let (sealed, cursor) = bytes.split_at_checked(SEAL).ok_or(InvalidPageToken)?;
    if sealed != seal(filters, cursor) {
        return Err(InvalidPageToken);
    }
    serde_json::from_slice(cursor).map(Some).map_err(|_| InvalidPageToken)
}

fn seal<F: Message + Name>(filters: &F, cursor: &[u8]) -> [u8; SEAL] {
    let filters = filters.encode_to_vec();
    let length = filters.len().to_be_bytes();
    let whole = digest(&SHA256, &[F::full_name().as_bytes(), &[0], &length, &filters, cursor].concat());
    let mut short = [0; SEAL];
    short.copy_from_slice(&whole.as_ref()[..SEAL]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use handsel_proto::handsel::{referral::v1::ListReferralsRequest, reward::v1::ListRewardsRequest};

    #[test]
    fn a_token_is_read_back_by_its_own_list_only() {
        let filters = ListReferralsRequest::default();
        let other = ListReferralsRequest { page_size: 7, ..filters.clone() };
        let token = token(&filters, &(5_i64, "x")).unwrap();
        assert_eq!(cursor(&filters, &token), Ok(Some((5_i64, "x".to_owned()))));
        assert_eq!(cursor::<_, (i64, String)>(&other, &token), Err(InvalidPageToken));
        assert_eq!(cursor::<_, (i64, String)>(&ListRewardsRequest::default(), &token), Err(InvalidPageToken));
        assert_eq!(cursor::<_, (i64, String)>(&filters, ""), Ok(None));
    }

    #[test]
    fn a_changed_or_cut_token_is_refused() {
        let filters = ListReferralsRequest::default();
        let token = token(&filters, &(5_i64, "x")).unwrap();
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(cursor::<_, (i64, String)>(&filters, &changed), Err(InvalidPageToken), "changed at {place}");
            if place > 0 {
                assert_eq!(
                    cursor::<_, (i64, String)>(&filters, &token[..place]),
                    Err(InvalidPageToken),
                    "cut at {place}"
                );
            }
        }
    }

    #[test]
    fn sizes_are_bounded() {
        assert_eq!([-1, 0, 1, 1000, 1001, i32::MAX].map(size), [50, 50, 1, 1000, 1000, 1000]);
    }
}

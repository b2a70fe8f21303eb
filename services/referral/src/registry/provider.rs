//! Who wraps people's keys: a file of this installation's for a first look, a key service of the bank's in production.

use super::seal::KEY_BYTES;
use futures::future::BoxFuture;
use handsel_service::Entropy;

/// A data key as it is kept: of no use without the provider that wrapped it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// Names the wrapping key, so that it can be replaced without wrapping everything again.
    pub wrapping_key: String,
    /// The data key under it.
    pub bytes: Vec<u8>,
}

/// Why a key could not be wrapped or unwrapped.
#[derive(Debug, thiserror::Error)]
pub enum KeyProviderError {
    /// The provider does not have this wrapping key.
    #[error("wrapping key {0} is missing")]
    Missing(String),
    /// The wrapped key was changed, or belongs to something else.
    #[error("a wrapped key does not open")]
    Broken,
    /// The provider cannot be asked now.
    #[error("the key provider does not answer: {0}")]
    Unavailable(String),
}

/// Wraps and unwraps data keys. `bound_to` says whose key it is and what for, and is authenticated: a wrapped key moved to
/// another person or purpose does not open.
pub trait KeyProvider: Send + Sync + 'static {
    /// Wraps a key under the provider's newest wrapping key. `entropy` is for providers that draw a nonce themselves.
    ///
    /// # Errors
    /// See [`KeyProviderError`].
    fn wrap<'a>(
        &'a self,
        key: &'a [u8; KEY_BYTES],
        bound_to: &'a [u8],
        entropy: &'a dyn Entropy,
    ) -> BoxFuture<'a, Result<Wrapped, KeyProviderError>>;

    /// Unwraps a key that this provider wrapped.
    ///
    /// # Errors
    /// See [`KeyProviderError`].
    fn unwrap<'a>(
        &'a self,
        wrapped: &'a Wrapped,
        bound_to: &'a [u8],
    ) -> BoxFuture<'a, Result<[u8; KEY_BYTES], KeyProviderError>>;
}

//! Where a service's own token comes from when it calls a peer.

use anyhow::Context as _;
use http::HeaderValue;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

/// A source of bearer tokens. Clones share what they have read.
#[derive(Clone)]
pub struct TokenSource(Arc<dyn Fn() -> anyhow::Result<Option<HeaderValue>> + Send + Sync>);

/// A token file as it was when it was last read.
#[derive(Default)]
struct Seen {
    changed_at: Option<SystemTime>,
    header: Option<HeaderValue>,
}

impl TokenSource {
    /// No token: the peer knows us by our certificate, or asks nobody.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(|| Ok(None)))
    }

    /// Always the same token: for tests.
    #[must_use]
    pub fn fixed(token: &str) -> Self {
        let token = token.to_owned();
        Self::made_by(move || Ok(token.clone()))
    }

    /// The token that `make` gives at each call: a development issuer.
    #[must_use]
    pub fn made_by(make: impl Fn() -> anyhow::Result<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(move || bearer(&make()?).map(Some)))
    }

    /// The token in a file that somebody else keeps fresh (Kubernetes projects service-account tokens so). It is read again
    /// when the file has changed.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        let path = path.to_owned();
        let seen = Mutex::new(Seen::default());
        Self(Arc::new(move || seen.lock().unwrap_or_else(PoisonError::into_inner).look(&path).map(Some)))
    }

    /// The `authorization` header of the next call.
    pub(crate) fn header(&self) -> anyhow::Result<Option<HeaderValue>> {
        (self.0)()
    }
}

impl Seen {
    fn look(&mut self, path: &PathBuf) -> anyhow::Result<HeaderValue> {
        let changed_at = fs::metadata(path).and_then(|data| data.modified());
        let changed_at = changed_at.with_context(|| format!("token file {}", path.display()))?;
        if let (Some(header), Some(seen_at)) = (&self.header, self.changed_at)
            && seen_at == changed_at
        {
            return Ok(header.clone());
        }
        let text = fs::read_to_string(path).with_context(|| format!("token file {}", path.display()))?;
        let header = bearer(text.trim()).with_context(|| format!("token file {}", path.display()))?;
        *self = Self { changed_at: Some(changed_at), header: Some(header.clone()) };
        Ok(header)
    }
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenSource")
    }
}

fn bearer(token: &str) -> anyhow::Result<HeaderValue> {
    anyhow::ensure!(!token.is_empty(), "the token is empty");
    let mut header = HeaderValue::try_from(format!("Bearer {token}")).context("the token is no header value")?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_token_file_is_read_again_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let source = TokenSource::file(&path);
        assert!(source.header().is_err());
        fs::write(&path, "one\n").unwrap();
        assert_eq!(source.header().unwrap().unwrap(), "Bearer one");
        fs::write(&path, "two").unwrap();
        let later = fs::metadata(&path).unwrap().modified().unwrap() + Duration::from_secs(1);
        fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        assert_eq!(source.header().unwrap().unwrap(), "Bearer two");
        assert!(!format!("{:?}", source.header().unwrap()).contains("two"), "a header must not show its token");
    }
}

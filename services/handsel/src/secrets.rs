//! The folder of an installation's key files.

use anyhow::{Context as _, Result};
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

/// Makes the folder, which only its owner may look into.
///
/// # Errors
/// As the file system says.
pub(crate) fn folder(path: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| format!("making {}", path.display()))
}

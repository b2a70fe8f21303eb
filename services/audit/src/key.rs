//! The key that signs checkpoints, kept in a file.

use crate::tlog::SigningKey;
use anyhow::{Context as _, bail, ensure};
use handsel_service::Entropy;
use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Nobody but the owner reads or writes it.
const OWNER_ONLY: u32 = 0o600;
const OTHERS: u32 = 0o077;

impl SigningKey {
    /// Reads the key of a log from a file; where there is none, makes one. The file holds one line, as Go's `note` tool writes
    /// it. Whoever has it can sign in the log's name.
    ///
    /// # Errors
    /// The file cannot be read or written, others may read it, it holds no key, or another log's.
    pub fn from_file_or_create(path: &Path, origin: &str, entropy: &dyn Entropy) -> anyhow::Result<Self> {
        let shown = path.display();
        match read(path, origin).with_context(|| format!("the audit log's signing key in {shown}"))? {
            Some(key) => Ok(key),
            None => create(path, origin, entropy).with_context(|| format!("cannot make a signing key in {shown}")),
        }
    }
}

fn read(path: &Path, origin: &str) -> anyhow::Result<Option<SigningKey>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mode = fs::metadata(path)?.permissions().mode();
    ensure!(mode & OTHERS == 0, "others may read it: chmod 600 it, and consider whether it is still a secret");
    let key = SigningKey::parse(text.trim_end_matches('\n'))?;
    ensure!(key.verifier().name() == origin, "it is the key of {}, not of {origin}", key.verifier().name());
    Ok(Some(key))
}

/// Writes it whole beside its place and links it in: a crash leaves no half of a key, and a key that is there already stays.
fn create(path: &Path, origin: &str, entropy: &dyn Entropy) -> anyhow::Result<SigningKey> {
    let mut seed = [0; 32];
    entropy.fill(&mut seed);
    let key = SigningKey::from_seed(origin, &seed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&draft)?;
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    writeln!(file, "{}", key.secret())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    File::open(folder)?.sync_all()?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match read(path, origin)? {
            Some(key) => Ok(key),
            None => bail!("it was there and is gone"),
        },
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handsel_service::SeededEntropy;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys").join("audit.key");
        let of = |origin, seed| SigningKey::from_file_or_create(&path, origin, &SeededEntropy::new(seed));
        let made = of("handsel.example/audit", 1).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
        assert_eq!(of("handsel.example/audit", 2).unwrap().secret(), made.secret());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        let refused = format!("{:#}", of("handsel.other/audit", 1).unwrap_err());
        assert!(refused.contains("the key of handsel.example/audit, not of handsel.other/audit"), "{refused}");
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        let of = || SigningKey::from_file_or_create(&path, "handsel.example/audit", &SeededEntropy::new(1));
        of().unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(format!("{:#}", of().unwrap_err()).contains("others may read it"));
        fs::set_permissions(&path, Permissions::from_mode(OWNER_ONLY)).unwrap();
        fs::write(&path, "PRIVATE+KEY+half").unwrap();
        assert!(of().is_err());
    }
}

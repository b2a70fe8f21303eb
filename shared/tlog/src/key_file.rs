//! Keys kept in files: one line each, for their owner alone.

use crate::{CosigningKey, SigningKey};
use anyhow::{Context as _, bail, ensure};
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
    /// Reads the key of a log from a file; where there is none, makes one of `seed`, which must come from good chance. The file
    /// holds one line, as Go's `note` tool writes it. Whoever has it can sign in the log's name.
    ///
    /// # Errors
    /// The file cannot be read or written, others may read it, it holds no key, or another log's.
    pub fn from_file_or_create(path: &Path, origin: &str, seed: &[u8; 32]) -> anyhow::Result<Self> {
        let made = Self::from_seed(origin, seed)?;
        let key = Self::parse(&line(path, made.secret())?).with_context(|| path.display().to_string())?;
        belongs(path, key.verifier().name(), origin)?;
        Ok(key)
    }
}

impl CosigningKey {
    /// Reads the key of a witness from a file; where there is none, makes one of `seed`, which must come from good chance.
    /// Whoever has it can say in the witness's name what it has not seen.
    ///
    /// # Errors
    /// The file cannot be read or written, others may read it, it holds no key, or another witness's.
    pub fn from_file_or_create(path: &Path, name: &str, seed: &[u8; 32]) -> anyhow::Result<Self> {
        let made = Self::from_seed(name, seed)?;
        let key = Self::parse(&line(path, made.secret())?).with_context(|| path.display().to_string())?;
        belongs(path, key.verifier().name(), name)?;
        Ok(key)
    }
}

fn belongs(path: &Path, found: &str, wanted: &str) -> anyhow::Result<()> {
    ensure!(found == wanted, "{} is the key of {found}, not of {wanted}", path.display());
    Ok(())
}

/// The line in a key's file; where there is no file, one with this line in it.
fn line(path: &Path, otherwise: &str) -> anyhow::Result<String> {
    let shown = path.display();
    match read(path).with_context(|| format!("the key in {shown}"))? {
        Some(line) => Ok(line),
        None => create(path, otherwise).with_context(|| format!("cannot make a key in {shown}")),
    }
}

fn read(path: &Path) -> anyhow::Result<Option<String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mode = fs::metadata(path)?.permissions().mode();
    ensure!(mode & OTHERS == 0, "others may read it: chmod 600 it, and consider whether it is still a secret");
    Ok(Some(text.trim_end_matches('\n').to_owned()))
}

/// Writes it whole beside its place and links it in: a crash leaves no half of a key, and a key that is there already stays.
fn create(path: &Path, secret: &str) -> anyhow::Result<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&draft)?;
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    writeln!(file, "{secret}")?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    File::open(folder)?.sync_all()?;
    match linked {
        Ok(()) => Ok(secret.to_owned()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match read(path)? {
            Some(line) => Ok(line),
            None => bail!("it was there and is gone"),
        },
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys").join("audit.key");
        let of = |origin, seed| SigningKey::from_file_or_create(&path, origin, &[seed; 32]);
        let made = of("handsel.example/audit", 1).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
        assert_eq!(of("handsel.example/audit", 2).unwrap().secret(), made.secret());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        let refused = format!("{:#}", of("handsel.other/audit", 1).unwrap_err());
        assert!(refused.contains("the key of handsel.example/audit, not of handsel.other/audit"), "{refused}");
        assert!(CosigningKey::from_file_or_create(&path, "handsel.example/audit", &[1; 32]).is_err());
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("witness.key");
        let of = || CosigningKey::from_file_or_create(&path, "witness.example/w1", &[1; 32]);
        of().unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(format!("{:#}", of().unwrap_err()).contains("others may read it"));
        fs::set_permissions(&path, Permissions::from_mode(OWNER_ONLY)).unwrap();
        fs::write(&path, "PRIVATE+KEY+half").unwrap();
        assert!(of().is_err());
    }
}

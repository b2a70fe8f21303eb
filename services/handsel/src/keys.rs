//! The log's signing keys in their folder: the one that signs, the one that it replaces, and those that signed before.

use crate::paint::good;
use anstream::println;
use anyhow::{Context as _, Result, ensure};
use handsel_audit::tlog::{SigningKey, VerifierKey};
use handsel_service::World;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// The key that signs.
pub(crate) const SIGNING: &str = "audit-signing.key";
/// The one that it replaces, while both sign.
const RETIRING: &str = "audit-signing.retiring.key";
/// The public halves of those that signed before, one a line.
const RETIRED: &str = "audit-retired.keys";

/// The key that is being replaced, and those that were.
///
/// # Errors
/// A file that cannot be read, or holds no key.
pub(crate) fn others(folder: &Path) -> Result<(Option<SigningKey>, Vec<VerifierKey>)> {
    let retired = read(&folder.join(RETIRED))?.unwrap_or_default();
    let retired = retired.lines().map(|line| VerifierKey::parse(line).with_context(|| format!("{RETIRED}: {line}")));
    Ok((signing(&folder.join(RETIRING))?, retired.collect::<Result<_>>()?))
}

/// Makes a new key beside the old one.
///
/// # Errors
/// There is no key to replace, or one is being replaced already.
pub(crate) fn rotate(folder: &Path, world: &World) -> Result<()> {
    let (current, retiring) = (folder.join(SIGNING), folder.join(RETIRING));
    ensure!(!retiring.exists(), "a key is being replaced already: `audit retire-key` ends that");
    let old = signing(&current)?.with_context(|| format!("there is no {}", current.display()))?;
    let mut seed = [0; 32];
    world.entropy.fill(&mut seed);
    // The old key has its second name before it loses the first: whatever dies in between, none is lost.
    fs::hard_link(&current, &retiring)?;
    fs::remove_file(&current)?;
    let new = SigningKey::from_file_or_create(&current, old.verifier().name(), &seed)?;
    println!("{} {}", good("new key:"), new.verifier());
    println!("old key  {}", old.verifier());
    println!("restart the audit service; give the new key to witnesses and readers, then `audit retire-key`");
    Ok(())
}

/// Destroys the old key's secret, and keeps its public half.
///
/// # Errors
/// No key is being replaced.
pub(crate) fn retire(folder: &Path) -> Result<()> {
    let path = folder.join(RETIRING);
    let old = signing(&path)?.with_context(|| format!("there is no {}", path.display()))?;
    let mut file = OpenOptions::new().create(true).append(true).open(folder.join(RETIRED))?;
    writeln!(file, "{}", old.verifier())?;
    file.sync_all()?;
    fs::remove_file(&path)?;
    File::open(folder)?.sync_all()?;
    println!("{} {}", good("retired:"), old.verifier());
    Ok(())
}

fn signing(path: &Path) -> Result<Option<SigningKey>> {
    let Some(text) = read(path)? else { return Ok(None) };
    SigningKey::parse(text.trim_end_matches('\n')).map(Some).with_context(|| path.display().to_string())
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_replaced_and_retired_and_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let world = World::real();
        assert!(rotate(folder.path(), &world).is_err(), "there is none");
        let first =
            SigningKey::from_file_or_create(&folder.path().join(SIGNING), "handsel.example/audit", &[1; 32]).unwrap();
        rotate(folder.path(), &world).unwrap();
        assert!(rotate(folder.path(), &world).is_err(), "one at a time");
        let (retiring, retired) = others(folder.path()).unwrap();
        assert_eq!((retiring.unwrap().secret(), retired.len()), (first.secret(), 0));
        let second = signing(&folder.path().join(SIGNING)).unwrap().unwrap();
        assert_ne!(second.secret(), first.secret());
        retire(folder.path()).unwrap();
        let (retiring, retired) = others(folder.path()).unwrap();
        assert!(retiring.is_none());
        assert_eq!(retired[0].to_string(), first.verifier().to_string());
        assert!(retire(folder.path()).is_err());
    }
}

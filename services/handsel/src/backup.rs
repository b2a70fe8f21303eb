//! Copies of an embedded installation's databases as of one moment, putting one back, and saying that one was put back.
//!
//! A copy that is put back does not know what was paid since, so payouts stop in it until two people have reconciled.

use crate::cli::{BackupArguments, RestoreArguments, RestoredArguments};
use crate::place::{Place, data_and_pseudonyms};
use anstream::println;
use anyhow::{Context as _, Result, bail, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use handsel_audit::Audit;
use handsel_outbox::{Actor, Outbox, Pseudonyms};
use handsel_referral::Referral;
use handsel_reward::Reward;
use handsel_service::World;
use handsel_storage::{Db, FolderLock, Location, ToCopy, back_up, check_copy, embedded_file};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The databases of an installation, but that of its people's keys, which lies apart. The simulated core bank's is none of them: it is
/// the bank's.
const SCHEMAS: [&str; 4] = [Referral::NAME, Reward::NAME, handsel_tier::NAME, Audit::NAME];
/// In a copy, the keys of personal data lie by themselves: their copies end sooner.
const SUBJECT_KEYS: &str = "subject-keys";
/// What says of a copy what it is.
const ABOUT: &str = "backup.json";
/// Where a copy that is put back is made ready. As long as it is there, nothing may start.
const RESTORING: &str = "restoring";
/// Where what it replaces is kept.
const REPLACED: &str = "replaced";

const ONLY_EMBEDDED: &str = "this copies embedded files. A PostgreSQL database is copied by its own means, pg_dump or pg_basebackup, \
                             and put back by them; after that `handsel restored` stops payouts until two people have reconciled";

/// What a copy says of itself.
#[derive(Serialize, Deserialize)]
struct About {
    /// The program that took it.
    program: String,
    /// When.
    taken_at: String,
    /// SHA-256 of each file, in hexadecimal digits, by its path in the copy.
    files: BTreeMap<PathBuf, String>,
}

/// Copies every database of an embedded installation, which may be in use.
///
/// # Errors
/// Another engine; a folder that is not empty; as the database says.
pub(crate) async fn backup(arguments: &BackupArguments) -> Result<()> {
    let place = Place::new(&arguments.place, crate::DATA);
    let data = embedded(place.location())?;
    let into = &arguments.folder;
    let mut parts: Vec<(PathBuf, PathBuf)> =
        SCHEMAS.into_iter().map(|schema| (embedded_file(data, schema), in_copy(schema))).collect();
    parts.push((keys_of(&place)?, in_copy(Referral::KEYS_NAME)));
    parts.retain(|(from, _)| from.exists());
    let rewards = embedded_file(data, Reward::NAME);
    ensure!(rewards.exists(), "there is no {}", rewards.display());
    owners_folder(into)?;
    ensure!(fs::read_dir(into)?.next().is_none(), "{} is not empty: a copy has a folder of its own", into.display());
    owners_folder(&into.join(SUBJECT_KEYS))?;
    // Whoever finds it half made finds no word about it.
    let taken_at = World::real().system.now().to_string();
    let to_copy = |(from, file): &(PathBuf, PathBuf)| ToCopy { from: from.clone(), into: into.join(file) };
    back_up(&parts.iter().map(to_copy).collect::<Vec<_>>()).await?;
    let mut files = BTreeMap::new();
    for (_, file) in parts {
        files.insert(file.clone(), digest_of(&into.join(file))?);
    }
    let about = About { program: env!("CARGO_PKG_VERSION").to_owned(), taken_at, files };
    fs::write(into.join(ABOUT), serde_json::to_vec_pretty(&about)?)?;
    File::open(into.join(ABOUT))?.sync_all()?;
    File::open(into)?.sync_all()?;
    println!("{} databases as of {} in {}", about.files.len(), about.taken_at, into.display());
    println!("not in it: the folder of keys, {}", place.folder().join("secrets").display());
    Ok(())
}

/// Puts a copy in the place of an installation that does not run. What it replaces is kept beside it.
///
/// # Errors
/// Another engine; a process that runs; a copy that is not whole.
pub(crate) async fn restore(arguments: &RestoreArguments) -> Result<()> {
    let place = Place::new(&arguments.place, crate::DATA);
    let (data, from) = (embedded(place.location())?, &arguments.folder);
    let about = about(from)?;
    for (file, digest) in &about.files {
        let path = from.join(file);
        ensure!(digest_of(&path)? == *digest, "{} is not the file that was copied", path.display());
        check_copy(&path).await?;
    }
    let pseudonyms = place.secret(crate::place::PSEUDONYMS);
    ensure!(
        pseudonyms.exists(),
        "there is no {}: put the installation's folder of keys back first",
        pseudonyms.display()
    );
    let _alone = FolderLock::take(data)?;
    let ready = data.join(RESTORING);
    if ready.exists() {
        fs::remove_dir_all(&ready)?;
    }
    owners_folder(&ready)?;
    put_keys_back(&keys_of(&place)?, from, &about)?;
    let schemas: Vec<&str> = SCHEMAS.into_iter().filter(|schema| about.files.contains_key(&in_copy(schema))).collect();
    for schema in &schemas {
        fs::copy(from.join(in_copy(schema)), embedded_file(&ready, schema))?;
    }
    let detail = format!("a copy of {} was put back", about.taken_at);
    stop_payouts(&Location::Sqlite { folder: ready.clone() }, &pseudonyms, detail, &arguments.person).await?;
    let replaced = swap(data, &ready, &schemas)?;
    println!("{} is as of {}; what was there before is in {}", data.display(), about.taken_at, replaced.display());
    println!("payouts are stopped until two people have reconciled with the bank what it has paid since");
    Ok(())
}

/// Takes note that the reward service's database was put back by other means.
///
/// # Errors
/// A database of another version; as the database says.
pub(crate) async fn restored(arguments: &RestoredArguments) -> Result<()> {
    let (location, pseudonyms) = data_and_pseudonyms(arguments.config.as_deref(), &arguments.place)?;
    ensure!(pseudonyms.exists(), "there is no {}: whose installation is this?", pseudonyms.display());
    let detail = format!("a copy was put back: {}", arguments.detail);
    stop_payouts(&location, &pseudonyms, detail, &arguments.person).await?;
    println!("payouts are stopped until two people have reconciled with the bank what it has paid since");
    Ok(())
}

/// Refuses to start over data that is neither the old nor what was to be put in its place.
///
/// # Errors
/// That it is so.
pub(crate) fn no_restore_is_under_way(location: &Location) -> Result<()> {
    match location {
        Location::Sqlite { folder } if folder.join(RESTORING).exists() => {
            bail!("a copy was being put back into {}: run `handsel restore` again", folder.display())
        }
        _ => Ok(()),
    }
}

async fn stop_payouts(location: &Location, pseudonyms: &Path, detail: String, person: &str) -> Result<()> {
    let world = World::real();
    let db = Db::open(location, Reward::NAME).await?;
    if matches!(location, Location::Sqlite { .. }) {
        db.migrate(&Reward::migrations()).await?;
    }
    db.is_current(&Reward::migrations()).await?;
    let pseudonyms = Pseudonyms::from_file_or_create(pseudonyms, &*world.entropy)?;
    let outbox = Outbox::new(Reward::NAME, world.clone(), pseudonyms);
    let actor = Actor { person: Some(person.to_owned()), ..Actor::system("operator") };
    Reward::restored(&db, outbox, detail, actor, world.business.now()).await?;
    db.close().await;
    Ok(())
}

fn embedded(location: &Location) -> Result<&Path> {
    match location {
        Location::Sqlite { folder } => Ok(folder),
        Location::Postgres { .. } => bail!(ONLY_EMBEDDED),
    }
}

fn about(copy: &Path) -> Result<About> {
    let path = copy.join(ABOUT);
    let text = fs::read(&path).with_context(|| format!("{}: is this a finished copy?", path.display()))?;
    let about: About = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
    ensure!(about.files.contains_key(&in_copy(Reward::NAME)), "{} holds no rewards", copy.display());
    Ok(about)
}

/// Where a schema lies in a copy.
fn in_copy(schema: &str) -> PathBuf {
    let folder = if schema == Referral::KEYS_NAME { Path::new(SUBJECT_KEYS) } else { Path::new("") };
    embedded_file(folder, schema)
}

/// The database of people's keys.
fn keys_of(place: &Place) -> Result<PathBuf> {
    Ok(embedded_file(embedded(&place.key_store())?, Referral::KEYS_NAME))
}

/// People's keys are put back only where there are none: one that was destroyed since stays destroyed.
fn put_keys_back(keys: &Path, from: &Path, about: &About) -> Result<()> {
    let file = in_copy(Referral::KEYS_NAME);
    if keys.exists() || !about.files.contains_key(&file) {
        return Ok(());
    }
    let folder = keys.parent().context("keys lie in a folder")?;
    let _alone = FolderLock::take(folder)?;
    let ready = folder.join(RESTORING);
    fs::copy(from.join(file), &ready)?;
    File::open(&ready)?.sync_all()?;
    fs::rename(ready, keys)?;
    Ok(())
}

/// Moves what is there aside and what is ready into its place. Interrupted anywhere, it is done again from the copy.
fn swap(data: &Path, ready: &Path, schemas: &[&str]) -> Result<PathBuf> {
    let free = |number: &u32| !data.join(format!("{REPLACED}-{number}")).exists();
    let number = (1..).find(free).context("no name is free")?;
    let replaced = data.join(format!("{REPLACED}-{number}"));
    owners_folder(&replaced)?;
    for schema in schemas {
        let own = embedded_file(data, schema);
        for end in ["", "-wal", "-shm"] {
            let file = PathBuf::from(format!("{}{end}", own.display()));
            if let (true, Some(name)) = (file.exists(), file.file_name()) {
                fs::rename(&file, replaced.join(name))?;
            }
        }
        fs::rename(embedded_file(ready, schema), own)?;
    }
    File::open(data)?.sync_all()?;
    fs::remove_dir_all(ready)?;
    Ok(replaced)
}

fn owners_folder(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| format!("making {}", path.display()))
}

fn digest_of(file: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    Ok(digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

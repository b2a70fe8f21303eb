//! A payment file from its beginning to where the bank finds it. Each step is committed before the next, so a course that was cut
//! short goes on from where it stands, whoever begins it again.
//!
//! Who is in the file is decided first, and from then on leaves by no other way. Its bytes are decided next: their digest is
//! committed before the file bears its name, so that what is written anew after a crash is the same file or none. What became of a
//! payout before that takes it out of the file.

use super::{
    FILES, RUN, Trouble, blocking,
    compose::{Composed, compose, part_of},
    payees, unwritable,
};
use crate::{
    commands::{
        enter_file::EnterFile,
        move_file::{MoveFile, Step},
    },
    config::FileSettlement,
    domain::{
        file_refusal::FileRefusal,
        payee::Destination,
        payment_file::{FileState, PaymentFile},
    },
    queries,
    service::Service,
    store::attempt::Open,
};
use aws_lc_rs::digest::{Context, SHA256};
use handsel_outbox::Actor;
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc;

/// How often payees may vanish between two questions before a course gives up.
const ROUNDS: usize = 5;

/// Tells whoever waits how far a file is. Nobody need wait.
pub(crate) struct Progress(pub(crate) mpsc::Sender<(PaymentFile, i64)>);

impl Progress {
    pub(super) async fn tell(&self, file: &PaymentFile, written: i64) {
        // Whoever asked may have gone; the file is written all the same.
        let _ = self.0.send((file.clone(), written)).await;
    }
}

/// Takes a file on, from wherever it stands, to where the bank finds it. One without payouts stays where it is.
///
/// # Errors
/// [`Trouble`]; the file goes on from where it stands when it is asked for again.
pub(crate) async fn write(
    service: &Service,
    settlement: &FileSettlement,
    number: i64,
    actor: &Actor,
    progress: &Progress,
) -> Result<PaymentFile, Trouble> {
    let _turn = service.files.lock().await;
    let course = Course { service, settlement, number, actor, progress };
    let mut rounds = 0;
    loop {
        let file = course.file().await?;
        progress.tell(&file, 0).await;
        match file.state {
            FileState::Gathering => {
                course.gather(&file).await?;
                if course.file().await?.payouts == 0 {
                    return course.file().await;
                }
                course.move_on(Step::Close).await?;
            }
            FileState::Closed => match compose(service, settlement, &file, progress).await? {
                Composed::Whole { sha256, size_bytes } => course.move_on(Step::Seal { sha256, size_bytes }).await?,
                Composed::Without(entries) => {
                    rounds += 1;
                    if rounds > ROUNDS {
                        return Err(FileRefusal::PayeesUnavailable.into());
                    }
                    course.move_on(Step::LeaveOut(entries)).await?;
                }
            },
            FileState::Sealed => {
                course.put(&file).await?;
                course.move_on(Step::Written).await?;
            }
            FileState::Written | FileState::Withdrawn => return Ok(file),
        }
    }
}

struct Course<'a> {
    service: &'a Service,
    settlement: &'a FileSettlement,
    number: i64,
    actor: &'a Actor,
    progress: &'a Progress,
}

impl Course<'_> {
    async fn file(&self) -> Result<PaymentFile, Trouble> {
        let file = queries::files::payment_file(&self.service.db, self.number).await?;
        file.ok_or_else(|| FileRefusal::NotFound(format!("paymentFiles/{}", self.number)).into())
    }

    async fn move_on(&self, step: Step) -> Result<(), Trouble> {
        let (means, number) = (self.service.means.clone(), self.number);
        let (actor, now) = (self.actor.clone(), self.service.world.business.now());
        self.service.lanes.run(FILES, MoveFile { means, number, step, actor, now }).await??;
        Ok(())
    }

    /// What waits to be paid enters, oldest first: each run is looked at, its payees asked for, and what can be paid enters.
    async fn gather(&self, file: &PaymentFile) -> Result<(), Trouble> {
        let limit = i64::try_from(RUN).unwrap_or(i64::MAX);
        let most = i64::try_from(self.settlement.limits.entries).unwrap_or(i64::MAX);
        let currency = file.sum.currency();
        let mut after = None;
        loop {
            let waiting = queries::files::waiting(
                &self.service.db,
                currency,
                after.clone(),
                self.service.world.business.now(),
                limit,
            )
            .await?;
            if waiting.is_empty() {
                return Ok(());
            }
            let known = payees::resolve(self.settlement, waiting.iter().map(Open::destination)).await?;
            let payable: HashMap<Destination, Result<(), &'static str>> =
                known.into_iter().map(|(destination, party)| (destination, party.map(|_| ()))).collect();
            let enter = EnterFile {
                means: self.service.means.clone(),
                number: self.number,
                after,
                limit,
                most,
                payable: Arc::new(payable),
                actor: self.actor.clone(),
                now: self.service.world.business.now(),
            };
            let entered = self.service.lanes.run(FILES, enter).await?.map_err(FileRefusal::Stopped)?;
            self.progress.tell(&self.file().await?, 0).await;
            after = entered.last;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Gives a sealed file its name. What lies there already is it, or nobody touches anything; what the bank has had is not put there
    /// again.
    async fn put(&self, file: &PaymentFile) -> Result<(), Trouble> {
        let (part, place) = (part_of(self.settlement, file), place_of(self.settlement, file));
        let beside = match digests(&place, &part).await? {
            (Some(there), _) if there == file.sha256 => return Ok(()),
            (Some(_), _) => return Err(self.changed(file)),
            (None, beside) => beside,
        };
        if self.is_with_the_bank(file).await? {
            return removed(part).await;
        }
        // What was written beside it is lost: it is written anew, and must be the same.
        if beside.as_deref() != Some(file.sha256.as_str()) {
            match compose(self.service, self.settlement, file, self.progress).await? {
                Composed::Whole { sha256, .. } if sha256 == file.sha256 => {}
                Composed::Whole { .. } | Composed::Without(_) => {
                    removed(part).await?;
                    return Err(self.changed(file));
                }
            }
        }
        // On record before it is done: a file that was never about to be put there cannot be with the bank.
        if let Err(trouble) = self.move_on(Step::Place).await {
            // Withdrawn meanwhile, it never goes: what is written of it goes away. In any other case it is still of use.
            if self.file().await?.state == FileState::Withdrawn {
                removed(part).await?;
            }
            return Err(trouble);
        }
        let folder = self.settlement.folder.clone();
        let renamed = blocking(move || fs::rename(&part, &place).and_then(|()| File::open(&folder)?.sync_all()));
        renamed.await?.map_err(|error| unwritable(&error))
    }

    /// Whether the bank has said that it has a file. If it has not, nothing of what is in it can have ended: written now, what ended
    /// would be paid once more.
    async fn is_with_the_bank(&self, file: &PaymentFile) -> Result<bool, Trouble> {
        if queries::files::is_reported(&self.service.db, file.number).await? {
            return Ok(true);
        }
        let ended = queries::files::ended(&self.service.db, file.number).await?;
        if ended == 0 {
            return Ok(false);
        }
        tracing::error!(file = file.name(), ended, "a sealed file lies nowhere, and payouts in it have ended");
        Err(FileRefusal::PayoutEnded(file.name()).into())
    }

    fn changed(&self, file: &PaymentFile) -> Trouble {
        tracing::error!(file = file.name(), "a sealed file of payouts is not what was sealed");
        FileRefusal::Changed(file.name()).into()
    }
}

/// Where the bank finds a file.
fn place_of(settlement: &FileSettlement, file: &PaymentFile) -> PathBuf {
    settlement.folder.join(format!("{}.xml", file.message_id))
}

/// Looks whether anything lies under a file's name where the bank finds it.
///
/// # Errors
/// [`FileRefusal::InPlace`] where something does.
pub(crate) async fn must_not_lie(settlement: &FileSettlement, file: &PaymentFile) -> Result<(), Trouble> {
    let place = place_of(settlement, file);
    match blocking(move || place.try_exists()).await? {
        Ok(false) => Ok(()),
        Ok(true) => Err(FileRefusal::InPlace(file.name()).into()),
        Err(error) => Err(unwritable(&error)),
    }
}

/// Takes away what was written of a file that was withdrawn.
///
/// # Errors
/// [`FileRefusal::Unwritable`].
pub(crate) async fn forget(settlement: &FileSettlement, file: &PaymentFile) -> Result<(), Trouble> {
    removed(part_of(settlement, file)).await
}

/// Nothing of accounts stays where nobody looks for it.
async fn removed(part: PathBuf) -> Result<(), Trouble> {
    let gone = blocking(move || match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    });
    gone.await?.map_err(|error| unwritable(&error))
}

/// The digests of what lies in two places, if anything does.
async fn digests(place: &Path, part: &Path) -> Result<(Option<String>, Option<String>), Trouble> {
    let (place, part) = (place.to_owned(), part.to_owned());
    let read = blocking(move || -> io::Result<_> { Ok((digest(&place)?, digest(&part)?)) }).await?;
    read.map_err(|error| unwritable(&error))
}

fn digest(path: &Path) -> io::Result<Option<String>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (mut digest, mut buffer) = (Context::new(&SHA256), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Some(hex::encode(digest.finish()))),
            count => digest.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}

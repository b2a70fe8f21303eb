//! The simulated core bank as one that settles by files: it reads what the reward service put into its folder, keeps each payment
//! in its own book, and answers in two rounds with status reports and statements.
//!
//! | file | holds |
//! |---|---|
//! | `fate` | what becomes of a payment: a pure function of its id and the faults |
//! | `read` | an order, read to its end and then booked run by run |
//! | `answer` | its answers, as files |
//! | `send` | an answer handed over, once or twice |
//! | `store` | the statements of its book, and their rows |
//!
//! An answer is kept as a file before it is handed over: after a crash the same bytes are handed over again.

mod answer;
mod fate;
mod read;
mod send;
mod store;
#[cfg(test)]
mod tests;

use super::{Simulator, faults::Fault};
use crate::bearer::Caller;
use anstream::println;
use answer::Round;
use anyhow::{Context as _, Result};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The folder that orders are found in, and that of the bank's answers.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    orders: PathBuf,
    answers: PathBuf,
}

impl Desk {
    /// A desk that reads `orders`, and keeps its answers beside its books.
    ///
    /// # Errors
    /// A folder cannot be made.
    pub(crate) fn open(orders: PathBuf, answers: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&answers)?;
        Ok(Self { orders, answers })
    }

    /// What lies there, in the order of its names; nothing where the service has not made the folder yet.
    fn orders(&self) -> io::Result<Vec<PathBuf>> {
        let listed = match fs::read_dir(&self.orders) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = listed.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
        // What is still being written has another ending, and begins with a dot.
        found.retain(|path| path.extension().is_some_and(|ending| ending == "xml") && !is_hidden(path));
        found.sort();
        Ok(found)
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

impl Simulator {
    /// One round of a bank that settles by files: orders that lie there are read, and each gets its next answers. True if there
    /// was anything to do.
    ///
    /// # Errors
    /// The folder, the books, or a service that cannot be reached; it goes on from there the next time.
    pub(super) async fn settle_files(&self, desk: &Desk, caller: &Caller) -> Result<bool> {
        let mut busy = false;
        for path in desk.orders()? {
            let name = path.display().to_string();
            busy |= self.read_order(&path).await.with_context(|| format!("reading {name}"))?;
        }
        for order in store::unanswered(&self.db).await? {
            let round = if order.answered == 0 { Round::First } else { Round::Second };
            let twice = self.faults.strike(Fault::Duplicate, &order.message_id);
            for answer in self.answers(desk, &order, round).await? {
                for _ in 0..if twice { 2 } else { 1 } {
                    println!("bank: {}", send::hand_over(caller, &answer).await?);
                }
            }
            store::answered(&self.db, &order).await?;
            busy = true;
        }
        Ok(busy)
    }
}

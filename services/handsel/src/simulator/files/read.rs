//! An order: read to its end, for nothing of it counts before; then read again, and booked run by run.

use super::{
    fate::Fate,
    store::{self, Begin, Book, OrderFile},
};
use crate::simulator::{
    Simulator,
    bank::{Order, Standing},
};
use anstream::{eprintln, println};
use anyhow::{Context as _, Result};
use aws_lc_rs::digest::{Context, SHA256};
use handsel_iso20022::{Account, Limits, OrderReader, Ordered};
use handsel_money::Timestamp;
use handsel_storage::At;
use std::{
    fs::File,
    io::{self, BufReader, Read as _},
    path::Path,
};

/// Payments of one transaction.
const RUN: usize = 500;

type Source = OrderReader<BufReader<File>>;

impl Simulator {
    /// Reads one file; false where it was read before.
    pub(super) async fn read_order(&self, path: &Path) -> Result<bool> {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let known = store::file(&self.db, &stem).await?;
        if known.as_ref().is_some_and(|known| known.answered > 0) {
            return Ok(false);
        }
        let order = whole(path, self.world.business.now())?;
        if let Some(known) = known.as_ref().filter(|known| known.sha256 != order.sha256) {
            eprintln!("bank: {} has another content than when it was read: it is left alone", known.message_id);
            return Ok(false);
        }
        let kept = self.db.transact(&Begin(order)).await?;
        let (count, twice) = self.book_all(path, &kept).await?;
        for (end_to_end_id, other) in &twice {
            eprintln!("bank: payout {end_to_end_id} is in {other} and in {}: it is not paid again", kept.message_id);
        }
        println!("bank: read {}: {count} payments, {} of them in an earlier file", kept.message_id, twice.len());
        Ok(true)
    }

    async fn book_all(&self, path: &Path, file: &OrderFile) -> Result<(i64, Vec<(String, String)>)> {
        let (mut reader, mut position, mut twice) = (open(path)?, 0_i64, Vec::new());
        loop {
            let mut orders = Vec::with_capacity(RUN);
            while orders.len() < RUN
                && let Some(ordered) = reader.next()?
            {
                position = position.saturating_add(1);
                let fate = Fate::of(&ordered.end_to_end_id, self.faults);
                orders.push((order(ordered, fate.standing(), file.read_at.0), fate, position));
            }
            if orders.is_empty() {
                return Ok((position, twice));
            }
            twice.extend(self.db.transact(&Book { message_id: file.message_id.clone(), orders }).await?);
        }
    }
}

/// Reads a file to its end: what it is, if there is nothing wrong with it.
fn whole(path: &Path, now: Timestamp) -> Result<OrderFile> {
    let mut reader = open(path)?;
    while reader.next()?.is_some() {}
    let account = reader.debtor_account().context("an order without the account that it is paid from")?;
    Ok(OrderFile {
        message_id: reader.head().message_id.clone(),
        sha256: digest(path)?,
        account: account.number().to_owned(),
        iban: i64::from(matches!(account, Account::Iban(_))),
        read_at: At(now),
        answered: 0,
    })
}

fn open(path: &Path) -> Result<Source> {
    Ok(OrderReader::open(BufReader::new(File::open(path)?), Limits::default())?)
}

fn digest(path: &Path) -> io::Result<String> {
    let (mut file, mut digest, mut buffer) = (File::open(path)?, Context::new(&SHA256), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut buffer)? {
            0 => {
                let digest = digest.finish();
                return Ok(digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect());
            }
            count => digest.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// A payment as the book has it. Which reward it is for stands in its last word.
fn order(ordered: Ordered, standing: Standing, now: Timestamp) -> Order {
    let Ordered { end_to_end_id, amount, account, remittance } = ordered;
    let reward = remittance.rsplit(' ').next().map(|id| format!("rewards/{id}")).unwrap_or_default();
    Order { end_to_end_id, reward, payee: account, amount, asked: 1, standing, stands_since: now }
}

//! Payouts enter a file: what is in it is committed as having left before a byte of it is written.

use super::{fall_due::inconsistent, hand_out::Leaving, latch, means::Means};
use crate::{
    domain::{channel::Channel, latch::Stop, payee::Destination, payment_file::FileState},
    store::{
        self,
        attempt::{Open, Sight},
        payment_file::LeftOut,
    },
};
use handsel_money::{Money, Timestamp};
use handsel_outbox::Actor;
use handsel_storage::{At, Command, Fault, Tx};
use std::{collections::HashMap, sync::Arc};

/// Whether each account can be paid to in a file: as the bank has just said, or why not.
pub(crate) type Payable = Arc<HashMap<Destination, Result<(), &'static str>>>;

/// A run of what waits to be paid.
pub(crate) struct EnterFile {
    pub(crate) means: Means,
    pub(crate) number: i64,
    /// The position of the last one looked at, if any.
    pub(crate) after: Option<(Timestamp, String)>,
    pub(crate) limit: i64,
    /// Payouts of the whole file, at most.
    pub(crate) most: i64,
    pub(crate) payable: Payable,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

/// What became of a run.
pub(crate) struct Entered {
    /// The last one looked at, if more may follow.
    pub(crate) last: Option<(Timestamp, String)>,
}

impl Command for EnterFile {
    const NAME: &'static str = "payment_file.enter";
    type Output = Result<Entered, Stop>;

    /// In this order: payouts may leave at all; the file still takes any.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        if let Some(stop) = latch::stopped(tx, &self.means).await? {
            return Ok(Err(stop));
        }
        let file = store::payment_file::lock(tx, self.number).await?;
        let Some(file) = file.filter(|file| file.state == FileState::Gathering) else {
            return Ok(Ok(Entered { last: None }));
        };
        let room = self.limit.min(self.most.saturating_sub(file.payouts)).max(0);
        let sight = Sight { left_by: None, not_left: true, currency: Some(file.sum.currency()), now: self.now };
        let after = self.after.clone().map(|(at, id)| (At(at), id));
        let waiting = store::attempt::open(tx, sight, after, room).await?;
        let (mut entering, mut left) = (Vec::new(), Vec::new());
        for open in &waiting {
            match self.payable.get(&open.destination()) {
                Some(Ok(())) => entering.push(open),
                Some(Err(reason)) => {
                    let end_to_end_id = open.end_to_end_id.clone();
                    left.push(LeftOut { end_to_end_id, reason: (*reason).to_owned() });
                }
                // It began to wait after the bank was asked: the next file takes it.
                None => {}
            }
        }
        self.save(tx, file, &entering, &left).await?;
        let full = i64::try_from(waiting.len()).is_ok_and(|count| count == room && room == self.limit);
        let last = waiting.last().filter(|_| full);
        Ok(Ok(Entered { last: last.map(|open| (open.instructed_at, open.end_to_end_id.clone())) }))
    }
}

impl EnterFile {
    async fn save(
        &self,
        tx: &mut Tx,
        file: crate::domain::payment_file::PaymentFile,
        entering: &[&Open],
        left: &[LeftOut],
    ) -> Result<(), Fault> {
        let (means, actor, now) = (&self.means, &self.actor, self.now);
        Leaving { means, channel: Channel::File, actor, now }.let_go(tx, entering.to_vec()).await?;
        store::payment_file::enter(tx, file.number, file.entered, entering).await?;
        store::payment_file::keep_left_out(tx, file.number, left, now).await?;
        let amounts: Vec<Money> = entering.iter().map(|open| open.amount).collect();
        let file = file.enter(&amounts, now).map_err(|refusal| inconsistent(&refusal))?;
        store::payment_file::save(tx, &file).await
    }
}

//! Request ids: a request that comes again leads to the same resource and is done once.
use crate::{At, Column, Command, Fault, Lock, Tx, row};
use handsel_money::Timestamp;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Whose request it is. Two callers may choose the same id, and a caller may use it on two rpcs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// The account of the token, and the human for whom it acts.
    pub caller: String,
    /// The rpc's full name.
    pub rpc: &'static str,
    /// AIP-155 `request_id`.
    pub request_id: Uuid,
}

/// A command that a caller may send again. Looks whether it has been done, does it, records it; when another transaction
/// records the same id first, it is run again and finds that.
#[derive(Clone, Debug)]
pub struct Once<C> {
    /// Whose request it is.
    pub key: RequestKey,
    /// SHA-256 of the request's business content, without its id.
    pub digest: [u8; 32],
    /// When it is recorded, for the purge.
    pub now: Timestamp,
    /// What to do: answers the resource's name.
    pub command: C,
}

/// What a request has led to, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The resource's name; render it anew.
    pub resource: String,
    /// Whether it was done before.
    pub replayed: bool,
}

/// Why a request has led to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnceRefused<R> {
    /// The id has been used for other content: `REQUEST_ID_REUSED`.
    Reused,
    /// The command's own refusal. Not recorded: sent again, it is decided again.
    Refused(R),
}

row! {
    struct RequestRow {
        caller: String,
        rpc: String,
        request_id: Uuid,
        digest: Vec<u8>,
        resource: String,
    }
}

type Answer<R> = Result<Done, OnceRefused<R>>;

impl<C, R> Command for Once<C>
where
    C: Command<Output = Result<String, R>>,
    R: Send + 'static,
{
    const NAME: &'static str = C::NAME;
    type Output = Answer<R>;

    fn locks(&self) -> Vec<Lock> {
        self.command.locks()
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Answer<R>, Fault> {
        let found = look_up(tx, &[self]).await?;
        if let Some(row) = found.first() {
            return Ok(self.replay(row));
        }
        match self.command.apply(tx).await.map_err(Fault::unique_is_race)? {
            Ok(resource) => {
                record(tx, &[(self, &resource)]).await?;
                Ok(Ok(Done { resource, replayed: false }))
            }
            Err(refusal) => Ok(Err(OnceRefused::Refused(refusal))),
        }
    }

    /// One look-up, one batch of the commands themselves, one record. An id that stands in the batch twice is decided by
    /// its first; the second then finds what that has led to.
    async fn apply_all(batch: &[&Self], tx: &mut Tx) -> Result<Vec<Answer<R>>, Fault> {
        let rows = look_up(tx, batch).await?;
        let (mut answers, fresh, again) = sort_out(batch, &rows);
        apply_fresh(&fresh, &mut answers, tx).await?;
        for (place, once) in again {
            // Beyond the first that was not reached, everything waits for the next transaction.
            if answers.iter().take(place).any(Option::is_none) {
                break;
            }
            if let Some(answer) = answers.get_mut(place) {
                *answer = Some(once.apply(tx).await?);
            }
        }
        Ok(answers.into_iter().map_while(|answer| answer).collect())
    }
}

impl<C> Once<C> {
    fn replay<R>(&self, row: &RequestRow) -> Answer<R> {
        if row.digest == self.digest {
            Ok(Done { resource: row.resource.clone(), replayed: true })
        } else {
            Err(OnceRefused::Reused)
        }
    }

    fn key(&self) -> (&str, &str, Uuid) {
        (&self.key.caller, self.key.rpc, self.key.request_id)
    }
}

type Placed<'a, C> = Vec<(usize, &'a Once<C>)>;

/// Those that have been done before are answered; the others are new, or come again within the batch.
fn sort_out<'a, C, R>(
    batch: &[&'a Once<C>],
    rows: &[RequestRow],
) -> (Vec<Option<Answer<R>>>, Placed<'a, C>, Placed<'a, C>) {
    let done: HashMap<_, _> = rows.iter().map(|row| ((&*row.caller, &*row.rpc, row.request_id), row)).collect();
    let mut seen = HashSet::new();
    let (mut answers, mut fresh, mut again) = (Vec::with_capacity(batch.len()), Vec::new(), Vec::new());
    for (place, once) in batch.iter().copied().enumerate() {
        let row = done.get(&once.key());
        answers.push(row.map(|row| once.replay(row)));
        if row.is_none() {
            let group = if seen.insert(once.key()) { &mut fresh } else { &mut again };
            group.push((place, once));
        }
    }
    (answers, fresh, again)
}

async fn apply_fresh<C, R>(
    fresh: &[(usize, &Once<C>)],
    answers: &mut [Option<Answer<R>>],
    tx: &mut Tx,
) -> Result<(), Fault>
where
    C: Command<Output = Result<String, R>>,
    R: Send + 'static,
{
    if fresh.is_empty() {
        return Ok(());
    }
    let commands: Vec<&C> = fresh.iter().map(|(_, once)| &once.command).collect();
    let outputs = C::apply_all(&commands, tx).await.map_err(Fault::unique_is_race)?;
    let done: Vec<_> =
        fresh.iter().zip(&outputs).filter_map(|((_, once), output)| Some((*once, output.as_ref().ok()?))).collect();
    record(tx, &done).await?;
    for ((place, _), output) in fresh.iter().zip(outputs) {
        if let Some(answer) = answers.get_mut(*place) {
            let done = output.map(|resource| Done { resource, replayed: false });
            *answer = Some(done.map_err(OnceRefused::Refused));
        }
    }
    Ok(())
}

async fn look_up<C: Sync>(tx: &mut Tx, batch: &[&Once<C>]) -> Result<Vec<RequestRow>, Fault> {
    let keys: HashSet<_> = batch.iter().map(|once| once.key()).collect();
    let columns = vec![
        Column::Text(keys.iter().map(|key| key.0.to_owned()).collect()),
        Column::Text(keys.iter().map(|key| key.1.to_owned()).collect()),
        Column::Uuid(keys.iter().map(|key| key.2).collect()),
    ];
    tx.all_by(
        "SELECT caller, rpc, request_id, digest, resource
         FROM unnest($1::text[], $2::text[], $3::uuid[]) AS wanted(caller, rpc, request_id)
         JOIN request USING (caller, rpc, request_id)",
        "SELECT caller, rpc, request_id, digest, resource FROM request
         WHERE caller = $1 AND rpc = $2 AND request_id = $3",
        columns,
    )
    .await
}

/// Records what was done. A key that is there by now was recorded by another transaction: the race is lost.
async fn record<C: Sync>(tx: &mut Tx, done: &[(&Once<C>, &String)]) -> Result<(), Fault> {
    let columns = vec![
        Column::Text(done.iter().map(|(once, _)| once.key.caller.clone()).collect()),
        Column::Text(done.iter().map(|(once, _)| once.key.rpc.to_owned()).collect()),
        Column::Uuid(done.iter().map(|(once, _)| once.key.request_id).collect()),
        Column::Bytes(done.iter().map(|(once, _)| once.digest.to_vec()).collect()),
        Column::Text(done.iter().map(|(_, resource)| (*resource).clone()).collect()),
        Column::At(done.iter().map(|(once, _)| At(once.now)).collect()),
    ];
    let recorded = tx.bulk(
        "INSERT INTO request (caller, rpc, request_id, digest, resource, recorded_at)
         SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::bytea[], $5::text[], $6::timestamptz[])",
        "INSERT INTO request (caller, rpc, request_id, digest, resource, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        columns,
    );
    recorded.await.map(|_| ()).map_err(Fault::unique_is_race)
}

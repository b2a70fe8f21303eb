//! Attempts to pay: what the bank was told, and what it said.

use super::{corrupt, money};
use crate::domain::{
    channel::Channel,
    outcome::{Attempt, Status},
    payee::Destination,
    reward::Kind,
};
use handsel_money::{Currency, Money, Timestamp};
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct AttemptRow {
        pub reward_id: Uuid,
        pub number: i64,
        pub end_to_end_id: String,
        pub status: String,
        pub reason_code: String,
        pub bank_reference: String,
        pub instructed_at: At,
        pub first_sent_at: Option<At>,
        pub outcome_at: Option<At>,
        pub currency: String,
        pub amount_minor: i64,
    }
}

impl AttemptRow {
    fn restore(self) -> Result<Attempt, Fault> {
        let Self {
            reward_id,
            number,
            end_to_end_id,
            status,
            reason_code,
            bank_reference,
            instructed_at,
            first_sent_at,
            outcome_at,
            currency,
            amount_minor,
        } = self;
        Ok(Attempt {
            reward: reward_id,
            number,
            end_to_end_id,
            amount: money(&currency, amount_minor)?,
            status: Status::from_code(&status).ok_or_else(|| corrupt("attempt.status", &status))?,
            reason_code,
            bank_reference,
            instructed_at: instructed_at.0,
            first_sent_at: first_sent_at.map(|at| at.0),
            outcome_at: outcome_at.map(|at| at.0),
        })
    }
}

fn restore_all(rows: Vec<AttemptRow>) -> Result<Vec<Attempt>, Fault> {
    rows.into_iter().map(AttemptRow::restore).collect()
}

/// Adds attempts of which nothing is known yet.
pub(crate) async fn insert(tx: &mut Tx, attempts: &[Attempt]) -> Result<(), Fault> {
    if attempts.is_empty() {
        return Ok(());
    }
    tx.bulk(
        "INSERT INTO attempt (reward_id, number, end_to_end_id, instructed_at, currency, amount_minor)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::bigint[])",
        "INSERT INTO attempt (reward_id, number, end_to_end_id, instructed_at, currency, amount_minor)
         VALUES ($1, $2, $3, $4, $5, $6)",
        vec![
            Column::Uuid(attempts.iter().map(|one| one.reward).collect()),
            Column::Int(attempts.iter().map(|one| one.number).collect()),
            Column::Text(attempts.iter().map(|one| one.end_to_end_id.clone()).collect()),
            Column::At(attempts.iter().map(|one| At(one.instructed_at)).collect()),
            Column::Text(attempts.iter().map(|one| one.amount.currency().code().to_owned()).collect()),
            Column::Int(attempts.iter().map(|one| one.amount.minor()).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// Saves what is known of attempts whose rewards are locked.
pub(crate) async fn save(tx: &mut Tx, attempts: &[&Attempt]) -> Result<(), Fault> {
    if attempts.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&Attempt) -> &str| Column::Text(attempts.iter().map(|one| of(one).to_owned()).collect());
    tx.bulk(
        "UPDATE attempt SET status = saved.status, reason_code = saved.reason_code,
                            bank_reference = saved.bank_reference, outcome_at = saved.outcome_at
         FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
              AS saved (end_to_end_id, status, reason_code, bank_reference, outcome_at)
         WHERE attempt.end_to_end_id = saved.end_to_end_id",
        "UPDATE attempt SET status = $2, reason_code = $3, bank_reference = $4, outcome_at = $5
         WHERE end_to_end_id = $1",
        vec![
            text(|one| &one.end_to_end_id),
            text(|one| one.status.code()),
            text(|one| &one.reason_code),
            text(|one| &one.bank_reference),
            Column::OptAt(attempts.iter().map(|one| one.outcome_at.map(At)).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// The attempts of these end-to-end ids, in no order; those that nobody made are absent.
pub(crate) async fn by_end_to_end_id(tx: &mut Tx, ids: Vec<String>) -> Result<Vec<Attempt>, Fault> {
    let rows = tx
        .all_by(
            "SELECT reward_id, number, end_to_end_id, status, reason_code, bank_reference, instructed_at, first_sent_at,
                    outcome_at, currency, amount_minor
             FROM attempt WHERE end_to_end_id = ANY($1)",
            "SELECT reward_id, number, end_to_end_id, status, reason_code, bank_reference, instructed_at, first_sent_at,
                    outcome_at, currency, amount_minor
             FROM attempt WHERE end_to_end_id = $1",
            Column::Text(ids),
        )
        .await?;
    restore_all(rows)
}

/// The attempts of these rewards, in no order.
pub(crate) async fn of_rewards(tx: &mut Tx, rewards: Vec<Uuid>) -> Result<Vec<Attempt>, Fault> {
    if rewards.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .all_by(
            "SELECT reward_id, number, end_to_end_id, status, reason_code, bank_reference, instructed_at, first_sent_at,
                    outcome_at, currency, amount_minor
             FROM attempt WHERE reward_id = ANY($1)",
            "SELECT reward_id, number, end_to_end_id, status, reason_code, bank_reference, instructed_at, first_sent_at,
                    outcome_at, currency, amount_minor
             FROM attempt WHERE reward_id = $1",
            Column::Uuid(rewards),
        )
        .await?;
    restore_all(rows)
}

row! {
    pub(crate) struct OpenRow {
        pub end_to_end_id: String,
        pub reward_id: Uuid,
        pub number: i64,
        pub payee: String,
        pub currency: String,
        pub amount_minor: i64,
        pub kind: String,
        pub quantity: i64,
        pub item: String,
        pub instructed_at: At,
        pub first_sent_at: Option<At>,
        pub payee_account: String,
    }
}

/// An attempt whose outcome is unknown, with what the bank needs to make it.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) end_to_end_id: String,
    pub(crate) reward: Uuid,
    pub(crate) number: i64,
    pub(crate) payee: String,
    /// The bank's reference of the account; empty: the payee's own.
    pub(crate) payee_account: String,
    pub(crate) amount: Money,
    pub(crate) kind: Kind,
    /// How many points or items; 0 of money.
    pub(crate) quantity: i64,
    /// What the points or items are; empty for money.
    pub(crate) item: String,
    pub(crate) instructed_at: Timestamp,
    pub(crate) first_sent_at: Option<Timestamp>,
}

impl Open {
    /// Where the money is to go.
    pub(crate) fn destination(&self) -> Destination {
        Destination { payee: self.payee.clone(), account_reference: self.payee_account.clone() }
    }
}

/// Which open attempts are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    /// Those that left by this way; none: only those that have not left.
    pub(crate) left_by: Option<Channel>,
    /// Also those that have not left.
    pub(crate) not_left: bool,
    /// Only those in this currency.
    pub(crate) currency: Option<Currency>,
    /// What the bank has said must hold now.
    pub(crate) now: Timestamp,
}

/// Attempts whose outcome is unknown, oldest first, after a position. One that never left stays here while its reward is held, while
/// the bank has not said that it may be paid, and once the bank has said that an earlier one has paid after all: it would pay twice.
pub(crate) async fn open(
    tx: &mut Tx,
    sight: Sight,
    after: Option<(At, String)>,
    limit: i64,
) -> Result<Vec<Open>, Fault> {
    // A beginning before all of them instead of none: so the place is a bound of the index, and a run does not read what lies before it.
    let (after_at, after_id) = after.unwrap_or_else(|| (At(Timestamp::from_micros(0)), String::new()));
    let left_by = sight.left_by.map_or("", Channel::code);
    let or = if sight.not_left { "" } else { left_by };
    let currency = sight.currency.map(|currency| currency.code().to_owned());
    let rows: Vec<OpenRow> = tx
        .all(
            "SELECT a.end_to_end_id, a.reward_id, a.number, r.beneficiary AS payee, a.currency, a.amount_minor,
                    r.kind, r.quantity, r.item,
                    a.instructed_at, a.first_sent_at,
                    COALESCE((SELECT p.account_reference FROM payee p WHERE p.reward_id = a.reward_id
                              ORDER BY p.number DESC LIMIT 1), '') AS payee_account
             FROM attempt a JOIN reward r ON r.id = a.reward_id
             WHERE a.status IN ('UNKNOWN', 'ACCEPTED') AND (a.instructed_at, a.end_to_end_id) > ($1, $2)
               AND a.channel IN ($4, $5) AND ($6 IS NULL OR r.currency = $6)
               AND (a.first_sent_at IS NOT NULL
                    OR (NOT EXISTS (SELECT 1 FROM outcome_conflict c
                                    WHERE c.reward_id = a.reward_id AND c.status = 'SETTLED'
                                      AND NOT EXISTS (SELECT 1 FROM conflict_resolved d WHERE d.conflict_id = c.id))
                        AND NOT EXISTS (SELECT 1 FROM hold h
                                        WHERE h.state <> 'RELEASED'
                                          AND (h.reward_id = r.id OR h.referral = r.referral
                                               OR h.beneficiary = r.beneficiary OR h.plan_id = r.plan_id))
                        AND NOT EXISTS (SELECT 1 FROM gate_round g
                                        WHERE g.reward_id = r.id AND (g.verdict <> 'PASS' OR g.holds_until <= $7))))
             ORDER BY a.instructed_at, a.end_to_end_id LIMIT $3",
            (after_at, after_id, limit, left_by, or, currency, At(sight.now)),
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let OpenRow {
                end_to_end_id,
                reward_id,
                number,
                payee,
                currency,
                amount_minor,
                kind,
                quantity,
                item,
                instructed_at,
                first_sent_at,
                payee_account,
            } = row;
            Ok(Open {
                end_to_end_id,
                reward: reward_id,
                number,
                payee,
                payee_account,
                amount: money(&currency, amount_minor)?,
                kind: Kind::from_code(&kind).ok_or_else(|| corrupt("reward.kind", &kind))?,
                quantity,
                item,
                instructed_at: instructed_at.0,
                first_sent_at: first_sent_at.map(|at| at.0),
            })
        })
        .collect()
}

/// Records that attempts leave for the first time, and by which way. Their rewards are locked, so nothing is said of them meanwhile; contention
/// if something was since they were read.
pub(crate) async fn mark_sent(tx: &mut Tx, ids: Vec<String>, channel: Channel, now: Timestamp) -> Result<(), Fault> {
    let count = ids.len();
    let by = Column::Text(ids.iter().map(|_| channel.code().to_owned()).collect());
    let at = Column::At(ids.iter().map(|_| At(now)).collect());
    let marked = tx
        .bulk(
            "UPDATE attempt SET first_sent_at = sent.at, channel = sent.channel
             FROM UNNEST($1::text[], $2::timestamptz[], $3::text[]) AS sent (id, at, channel)
             WHERE attempt.end_to_end_id = sent.id AND attempt.first_sent_at IS NULL
               AND attempt.status IN ('UNKNOWN', 'ACCEPTED')
               AND NOT EXISTS (SELECT 1 FROM outcome_conflict c
                               WHERE c.reward_id = attempt.reward_id AND c.status = 'SETTLED'
                                      AND NOT EXISTS (SELECT 1 FROM conflict_resolved d WHERE d.conflict_id = c.id))",
            "UPDATE attempt SET first_sent_at = $2, channel = $3
             WHERE end_to_end_id = $1 AND first_sent_at IS NULL AND status IN ('UNKNOWN', 'ACCEPTED')
               AND NOT EXISTS (SELECT 1 FROM outcome_conflict c
                               WHERE c.reward_id = attempt.reward_id AND c.status = 'SETTLED'
                                      AND NOT EXISTS (SELECT 1 FROM conflict_resolved d WHERE d.conflict_id = c.id))",
            vec![Column::Text(ids), at, by],
        )
        .await?;
    if usize::try_from(marked) == Ok(count) { Ok(()) } else { Err(Fault::Contention) }
}

//! What a registration has to know of referrer and referee, in one read.

use super::count;
use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx, row};

row! {
    struct StandingRow {
        known_customer: Option<String>,
        referred_before: bool,
        referrer_count: i64,
        core: bool,
    }
}

/// Whom a registration concerns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Concerned<'a> {
    /// The program.
    pub(crate) program: &'a str,
    /// `customers/{customer}`.
    pub(crate) referrer: &'a str,
    /// The blind index of the referee's contact.
    pub(crate) contact_index: &'a [u8; 32],
    /// What the referee would be known by if he had been erased before.
    pub(crate) suppression: &'a [u8; 32],
    /// Now.
    pub(crate) now: Timestamp,
}

/// What is known of them.
#[derive(Debug, Clone)]
pub(crate) struct Standings {
    /// The customer whose contact it is; the referrer himself before others.
    pub(crate) known_customer: Option<String>,
    /// Whether a live referral holds the contact, or a suppression stands for it.
    pub(crate) referred_before: bool,
    /// How many referrals the referrer has in a program with a limit.
    pub(crate) referrer_count: u32,
    /// Whether the referrer's tier counts as core now.
    pub(crate) core: bool,
}

/// Looks them up.
pub(crate) async fn of(tx: &mut Tx, concerned: Concerned<'_>) -> Result<Standings, Fault> {
    let Concerned { program, referrer, contact_index, suppression, now } = concerned;
    let row: StandingRow = tx
        .one(
            "SELECT
               (SELECT customer FROM referee_customer WHERE contact_index = $3 AND opened_at IS NOT NULL
                ORDER BY (customer = $2) DESC, opened_at LIMIT 1) AS known_customer,
               EXISTS (SELECT 1 FROM referral WHERE contact_index = $3
                       AND state IN ('REGISTERED', 'CONVERTING', 'QUALIFIED', 'REVERSED'))
                 OR EXISTS (SELECT 1 FROM suppression WHERE digest = $5 AND expires_at > $4) AS referred_before,
               COALESCE((SELECT referral_count FROM referrer_count WHERE program_id = $1 AND referrer = $2), 0)
                 AS referrer_count,
               COALESCE((SELECT core FROM customer_tier WHERE customer = $2 AND effective_at <= $4
                         ORDER BY effective_at DESC LIMIT 1), FALSE) AS core",
            (program, referrer, contact_index.to_vec(), At(now), suppression.to_vec()),
        )
        .await?;
    Ok(Standings {
        known_customer: row.known_customer,
        referred_before: row.referred_before,
        referrer_count: count(row.referrer_count)?,
        core: row.core,
    })
}

/// Counts one more referral of a referrer; contention if another has taken the last since it was read.
pub(crate) async fn count_referral(tx: &mut Tx, program: &str, referrer: &str, limit: u32) -> Result<(), Fault> {
    tx.exec_one(
        "INSERT INTO referrer_count (program_id, referrer, referral_count) VALUES ($1, $2, 1)
         ON CONFLICT (program_id, referrer) DO UPDATE SET referral_count = referrer_count.referral_count + 1
         WHERE referrer_count.referral_count < $3",
        (program, referrer, i64::from(limit)),
    )
    .await
}

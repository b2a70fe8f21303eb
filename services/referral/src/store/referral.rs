//! `referral` and its `consent`: one row each a referral.

use super::{json, money, to_json, word};
use crate::domain::{
    referral::{Consent, Filter, FollowUp, Referral, State, Step},
    success::Completion,
};
use handsel_money::{Money, Timestamp};
use handsel_storage::{At, Column, Fault, Tx, row};
use std::collections::BTreeMap;
use uuid::Uuid;

row! {
    struct ReferralRow {
        id: Uuid,
        subject_id: Uuid,
        program_id: String,
        program_version: i64,
        plan: String,
        plan_version: i64,
        branch: String,
        channel: String,
        referrer: String,
        code: Option<String>,
        text_version: String,
        given_at: At,
        means: String,
        state: String,
        checks: String,
        core: bool,
        follow_up_due_at: At,
        customer: Option<String>,
        qualifying_minor: Option<i64>,
        qualifying_currency: Option<String>,
        registrar: String,
        created_at: At,
        expires_at: At,
        qualified_at: Option<At>,
        reversed_at: Option<At>,
        updated_at: At,
        revision: i64,
    }
}

impl ReferralRow {
    fn referral(self) -> Result<Referral, Fault> {
        Ok(Referral {
            id: self.id,
            subject: self.subject_id,
            program: self.program_id,
            program_version: self.program_version,
            plan: self.plan,
            plan_version: self.plan_version,
            branch: self.branch,
            channel: word(&self.channel)?,
            referrer: self.referrer,
            code: self.code.as_deref().map(word).transpose()?,
            consent: Consent { text_version: self.text_version, given_at: self.given_at.0, means: word(&self.means)? },
            state: word(&self.state)?,
            checks: json(&self.checks)?,
            follow_up: FollowUp { core: self.core, due_at: self.follow_up_due_at.0 },
            referee_customer: self.customer,
            qualifying_amount: money(self.qualifying_minor, self.qualifying_currency.as_deref())?,
            registrar: self.registrar,
            created_at: self.created_at.0,
            expires_at: self.expires_at.0,
            qualified_at: self.qualified_at.map(|at| at.0),
            reversed_at: self.reversed_at.map(|at| at.0),
            updated_at: self.updated_at.0,
            revision: self.revision,
        })
    }
}

/// Adds a referral with its consent; contention if another holds the referee's contact by now.
pub(crate) async fn insert(tx: &mut Tx, referral: &Referral, contact_index: &[u8; 32]) -> Result<(), Fault> {
    tx.exec(
        "INSERT INTO referral (id, subject_id, program_id, program_version, plan, plan_version, branch, channel, referrer,
            code, contact_index, state, checks, core, follow_up_due_at, registrar, created_at, expires_at, updated_at,
            revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $17, $19)",
        (
            referral.id,
            referral.subject,
            referral.program.as_str(),
            referral.program_version,
            referral.plan.as_str(),
            referral.plan_version,
            referral.branch.as_str(),
            referral.channel.as_str(),
            referral.referrer.as_str(),
            referral.code.as_ref().map(crate::domain::code::CodeText::canonical),
            contact_index.to_vec(),
            referral.state.as_str(),
            to_json(&referral.checks)?,
            referral.follow_up.core,
            At(referral.follow_up.due_at),
            referral.registrar.as_str(),
            At(referral.created_at),
            At(referral.expires_at),
            referral.revision,
        ),
    )
    .await
    .map_err(Fault::unique_is_race)?;
    let consent = &referral.consent;
    tx.exec(
        "INSERT INTO consent (referral_id, text_version, given_at, means) VALUES ($1, $2, $3, $4)",
        (referral.id, consent.text_version.as_str(), At(consent.given_at), consent.means.as_str()),
    )
    .await
    .map(drop)
}

/// These referrals, by id.
pub(crate) async fn by_ids(tx: &mut Tx, ids: Vec<Uuid>) -> Result<BTreeMap<Uuid, Referral>, Fault> {
    let rows: Vec<ReferralRow> = tx
        .all_by(
            "SELECT r.id, r.subject_id, r.program_id, r.program_version, r.plan, r.plan_version, r.branch, r.channel,
                r.referrer, r.code, c.text_version, c.given_at, c.means, r.state, r.checks, r.core, r.follow_up_due_at,
                k.customer, r.qualifying_minor, r.qualifying_currency, r.registrar, r.created_at, r.expires_at,
                r.qualified_at, r.reversed_at, r.updated_at, r.revision
             FROM referral r JOIN consent c ON c.referral_id = r.id
             LEFT JOIN referee_customer k ON k.referral_id = r.id WHERE r.id = ANY($1)",
            "SELECT r.id, r.subject_id, r.program_id, r.program_version, r.plan, r.plan_version, r.branch, r.channel,
                r.referrer, r.code, c.text_version, c.given_at, c.means, r.state, r.checks, r.core, r.follow_up_due_at,
                k.customer, r.qualifying_minor, r.qualifying_currency, r.registrar, r.created_at, r.expires_at,
                r.qualified_at, r.reversed_at, r.updated_at, r.revision
             FROM referral r JOIN consent c ON c.referral_id = r.id
             LEFT JOIN referee_customer k ON k.referral_id = r.id WHERE r.id = $1",
            Column::Uuid(ids),
        )
        .await?;
    rows.into_iter().map(|row| Ok((row.id, row.referral()?))).collect()
}

/// Locks referrals against others who take facts for them, in the order of their ids.
pub(crate) async fn lock(tx: &mut Tx, ids: Vec<Uuid>) -> Result<(), Fault> {
    let _locked: Vec<(Uuid,)> = tx
        .all_by(
            "SELECT id FROM referral WHERE id = ANY($1) ORDER BY id FOR UPDATE",
            "SELECT id FROM referral WHERE id = $1",
            Column::Uuid(ids),
        )
        .await?;
    Ok(())
}

/// What facts have made of a referral.
#[derive(Debug, Clone)]
pub(crate) struct Moved {
    /// Which.
    pub(crate) id: Uuid,
    /// Where it stands.
    pub(crate) state: State,
    /// What completed it, if that was now.
    pub(crate) completion: Option<Completion>,
    /// When the fact that reversed it happened, if that was now.
    pub(crate) reversed_at: Option<Timestamp>,
    /// When.
    pub(crate) at: Timestamp,
}

/// Saves where referrals stand.
pub(crate) async fn save_moved(tx: &mut Tx, moved: &[Moved]) -> Result<(), Fault> {
    let amount = |each: &Moved| each.completion.and_then(|completion| completion.amount);
    let columns = vec![
        Column::Uuid(moved.iter().map(|each| each.id).collect()),
        Column::Text(moved.iter().map(|each| each.state.as_str().to_owned()).collect()),
        Column::OptInt(moved.iter().map(|each| amount(each).map(Money::minor)).collect()),
        Column::OptText(moved.iter().map(|each| amount(each).map(|amount| amount.currency().to_string())).collect()),
        Column::OptAt(moved.iter().map(|each| each.completion.map(|done| At(done.qualified_at))).collect()),
        Column::OptAt(moved.iter().map(|each| each.reversed_at.map(At)).collect()),
        Column::At(moved.iter().map(|each| At(each.at)).collect()),
    ];
    tx.bulk(
        "UPDATE referral r SET state = u.state, qualifying_minor = COALESCE(u.minor, r.qualifying_minor),
            qualifying_currency = COALESCE(u.currency, r.qualifying_currency),
            qualified_at = COALESCE(u.qualified_at, r.qualified_at), reversed_at = COALESCE(u.reversed_at, r.reversed_at),
            updated_at = u.updated_at, revision = r.revision + 1
         FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                $7::timestamptz[])
            AS u(id, state, minor, currency, qualified_at, reversed_at, updated_at)
         WHERE r.id = u.id",
        "UPDATE referral SET state = $2, qualifying_minor = COALESCE($3, qualifying_minor),
            qualifying_currency = COALESCE($4, qualifying_currency), qualified_at = COALESCE($5, qualified_at),
            reversed_at = COALESCE($6, reversed_at), updated_at = $7, revision = revision + 1
         WHERE id = $1",
        columns,
    )
    .await
    .map(drop)
}

/// Locks the first open referrals whose time has run out; those that another process works on are left to it.
pub(crate) async fn due(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<Uuid>, Fault> {
    let sql = tx.pick(
        "SELECT id FROM referral WHERE state IN ('REGISTERED', 'CONVERTING') AND expires_at <= $1
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        "SELECT id FROM referral WHERE state IN ('REGISTERED', 'CONVERTING') AND expires_at <= $1
         ORDER BY expires_at LIMIT $2",
    );
    let rows: Vec<(Uuid,)> = tx.all(sql, (At(now), limit)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The ids of a page, newest first, from behind (`created_at`, `id`).
pub(crate) async fn page(
    tx: &mut Tx,
    filter: &Filter,
    behind: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Uuid>, Fault> {
    let (created_at, id) = behind.unwrap_or((Timestamp::MAX, Uuid::max()));
    let (program, branch, referrer, state) = texts(filter);
    let rows: Vec<(Uuid,)> = tx
        .all(
            "SELECT id FROM referral
             WHERE ($1 = '' OR program_id = $1) AND ($2 = '' OR branch = $2) AND ($3 = '' OR referrer = $3)
               AND ($4 = '' OR state = $4) AND (created_at, id) < ($5, $6)
             ORDER BY created_at DESC, id DESC LIMIT $7",
            (program, branch, referrer, state, At(created_at), id, limit),
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

row! {
    struct StepRow {
        state: String,
        channel: String,
        referrals: i64,
    }
}

/// Referrals by state and channel, in no order.
pub(crate) async fn funnel(tx: &mut Tx, filter: &Filter) -> Result<Vec<Step>, Fault> {
    let rows: Vec<StepRow> = tx
        .all(
            "SELECT state, channel, COUNT(*) AS referrals FROM referral
             WHERE ($1 = '' OR program_id = $1) AND ($2 = '' OR branch = $2) AND ($3 = '' OR referrer = $3)
               AND ($4 = '' OR state = $4)
             GROUP BY state, channel",
            texts(filter),
        )
        .await?;
    rows.into_iter()
        .map(|row| Ok(Step { state: word(&row.state)?, channel: word(&row.channel)?, count: row.referrals }))
        .collect()
}

/// A filter as the statements take it: an empty text filters nothing.
fn texts(filter: &Filter) -> (&str, &str, &str, &str) {
    let Filter { program, branch, referrer, state } = filter;
    (
        program.as_deref().unwrap_or_default(),
        branch.as_deref().unwrap_or_default(),
        referrer.as_deref().unwrap_or_default(),
        state.map_or("", State::as_str),
    )
}

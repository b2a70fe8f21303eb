//! Rewards. What was granted is written once; where a reward stands is updated under its lock.

use super::{corrupt, money};
use crate::domain::{
    rate_rule::Side,
    reward::{Amounts, Choice, Entitlement, Kind, Reward, Role},
    state::{Columns, Standing, State, TakenBack},
};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, LockTable, Tx, row};
use uuid::Uuid;

/// A reward, for who changes where it stands.
pub(crate) static REWARD: LockTable =
    LockTable { table: "reward", sql: "SELECT 1 FROM reward WHERE id = ANY($1) ORDER BY id FOR UPDATE" };

/// `SELECT` of everything that [`RewardRow`] holds, `FROM reward`, and what follows: the columns stand here once.
macro_rules! reward_where {
    ($rest:literal) => {
        concat!(
            "SELECT id, referral, plan_id, plan_version, role, stage, milestone, milestone_count, beneficiary, branch, tier,
                    currency, kind, quantity, item, gross_minor, reward_minor, tax_minor, net_minor, cost_minor, reasons,
                    window_key, season, choice_default, choice_until, qualified_at, due_at, created_at, state, approver,
                    attempts, revision, updated_at, settled_at, reversed_minor, reversed_tax_minor,
                    netted_minor
             FROM reward ",
            $rest
        )
    };
}
pub(crate) use reward_where;

row! {
    pub(crate) struct RewardRow {
        pub id: Uuid,
        pub referral: Uuid,
        pub plan_id: String,
        pub plan_version: i64,
        pub role: String,
        pub stage: String,
        pub milestone: String,
        pub milestone_count: i64,
        pub beneficiary: String,
        pub branch: String,
        pub tier: String,
        pub currency: String,
        pub kind: String,
        pub quantity: i64,
        pub item: String,
        pub gross_minor: i64,
        pub reward_minor: i64,
        pub tax_minor: i64,
        pub net_minor: i64,
        pub cost_minor: i64,
        pub reasons: String,
        pub window_key: String,
        pub season: String,
        pub choice_default: String,
        pub choice_until: Option<At>,
        pub qualified_at: At,
        pub due_at: At,
        pub created_at: At,
        pub state: String,
        pub approver: String,
        pub attempts: i64,
        pub revision: i64,
        pub updated_at: At,
        pub settled_at: Option<At>,
        pub reversed_minor: i64,
        pub reversed_tax_minor: i64,
        pub netted_minor: i64,
    }
}

impl RewardRow {
    pub(crate) fn restore(self) -> Result<Reward, Fault> {
        let Self {
            id,
            referral,
            plan_id,
            plan_version,
            role,
            stage,
            milestone,
            milestone_count,
            beneficiary,
            branch,
            tier,
            currency,
            kind,
            quantity,
            item,
            gross_minor,
            reward_minor,
            tax_minor,
            net_minor,
            cost_minor,
            reasons,
            window_key,
            season,
            choice_default,
            choice_until,
            qualified_at,
            due_at,
            created_at,
            state,
            approver,
            attempts,
            revision,
            updated_at,
            settled_at,
            reversed_minor,
            reversed_tax_minor,
            netted_minor,
        } = self;
        let amounts = Amounts {
            gross: money(&currency, gross_minor)?,
            reward: money(&currency, reward_minor)?,
            tax: money(&currency, tax_minor)?,
            net: money(&currency, net_minor)?,
            cost: money(&currency, cost_minor)?,
        };
        let entitlement = Entitlement {
            id,
            referral,
            plan: plan_id,
            plan_version,
            role: Role::from_code(&role).ok_or_else(|| corrupt("reward.role", &role))?,
            stage,
            milestone,
            milestone_count,
            beneficiary,
            branch,
            tier,
            kind: Kind::from_code(&kind).ok_or_else(|| corrupt("reward.kind", &kind))?,
            quantity,
            item,
            amounts,
            window: window_key,
            season,
            choice: choice_until.map(|until| choice(until, &choice_default)).transpose()?,
            qualified_at: qualified_at.0,
            due_at: due_at.0,
            created_at: created_at.0,
        };
        let taken_back =
            TakenBack { reward: money(&currency, reversed_minor)?, tax: money(&currency, reversed_tax_minor)? };
        let columns = Columns {
            standing: Standing::from_code(&state).ok_or_else(|| corrupt("reward.state", &state))?,
            approver,
            attempts,
            settled_at: settled_at.map(|at| at.0),
            taken_back: (reversed_minor > 0).then_some(taken_back),
        };
        Ok(Reward {
            entitlement,
            state: State::restore(columns).ok_or_else(|| corrupt("reward.settled_at", &state))?,
            netted: money(&currency, netted_minor)?,
            reasons: reasons.split_whitespace().map(str::to_owned).collect(),
            revision,
            updated_at: updated_at.0,
        })
    }
}

fn choice(until: At, default: &str) -> Result<Choice, Fault> {
    let default = Side::from_code(default).ok_or_else(|| corrupt("reward.choice_default", default))?;
    Ok(Choice { default, until: until.0 })
}

pub(crate) fn restore_all(rows: Vec<RewardRow>) -> Result<Vec<Reward>, Fault> {
    rows.into_iter().map(RewardRow::restore).collect()
}

/// A reward that is granted now, with the trace of how it was computed.
pub(crate) struct Granted<'a> {
    pub(crate) reward: &'a Reward,
    pub(crate) trace: Vec<u8>,
}

/// Adds rewards.
pub(crate) async fn insert(tx: &mut Tx, added: Vec<Granted<'_>>) -> Result<(), Fault> {
    if added.is_empty() {
        return Ok(());
    }
    let rewards: Vec<&Reward> = added.iter().map(|one| one.reward).collect();
    let text = |of: fn(&Reward) -> &str| Column::Text(rewards.iter().map(|one| of(one).to_owned()).collect());
    let int = |of: fn(&Reward) -> i64| Column::Int(rewards.iter().map(|one| of(one)).collect());
    let uuid = |of: fn(&Reward) -> Uuid| Column::Uuid(rewards.iter().map(|one| of(one)).collect());
    let at = |of: fn(&Reward) -> At| Column::At(rewards.iter().map(|one| of(one)).collect());
    let columns = vec![
        uuid(|one| one.entitlement.id),
        uuid(|one| one.entitlement.referral),
        text(|one| &one.entitlement.plan),
        int(|one| one.entitlement.plan_version),
        text(|one| one.entitlement.role.code()),
        text(|one| &one.entitlement.stage),
        text(|one| &one.entitlement.milestone),
        int(|one| one.entitlement.milestone_count),
        text(|one| &one.entitlement.beneficiary),
        text(|one| &one.entitlement.branch),
        text(|one| &one.entitlement.tier),
        text(|one| one.entitlement.amounts.gross.currency().code()),
        text(|one| one.entitlement.kind.code()),
        int(|one| one.entitlement.quantity),
        text(|one| &one.entitlement.item),
        int(|one| one.entitlement.amounts.gross.minor()),
        int(|one| one.entitlement.amounts.reward.minor()),
        int(|one| one.entitlement.amounts.tax.minor()),
        int(|one| one.entitlement.amounts.net.minor()),
        int(|one| one.entitlement.amounts.cost.minor()),
        Column::Text(rewards.iter().map(|one| one.reasons.join(" ")).collect()),
        text(|one| &one.entitlement.window),
        text(|one| &one.entitlement.season),
        text(|one| one.entitlement.choice.map_or("", |choice| choice.default.code())),
        Column::OptAt(rewards.iter().map(|one| one.entitlement.choice.map(|choice| At(choice.until))).collect()),
        at(|one| At(one.entitlement.qualified_at)),
        at(|one| At(one.entitlement.due_at)),
        at(|one| At(one.entitlement.created_at)),
        text(|one| one.state.standing().code()),
        int(|one| one.revision),
        at(|one| At(one.updated_at)),
        Column::Bytes(added.into_iter().map(|one| one.trace).collect()),
    ];
    tx.bulk(
        "INSERT INTO reward (id, referral, plan_id, plan_version, role, stage, milestone, milestone_count,
                             beneficiary, branch, tier, currency, kind, quantity, item, gross_minor, reward_minor,
                             tax_minor, net_minor, cost_minor, reasons, window_key, season, choice_default,
                             choice_until, qualified_at, due_at, created_at, state, revision, updated_at, trace)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
                              $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
                              $14::bigint[], $15::text[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[],
                              $20::bigint[], $21::text[], $22::text[], $23::text[], $24::text[], $25::timestamptz[],
                              $26::timestamptz[], $27::timestamptz[], $28::timestamptz[], $29::text[], $30::bigint[],
                              $31::timestamptz[], $32::bytea[])",
        "INSERT INTO reward (id, referral, plan_id, plan_version, role, stage, milestone, milestone_count,
                             beneficiary, branch, tier, currency, kind, quantity, item, gross_minor, reward_minor,
                             tax_minor, net_minor, cost_minor, reasons, window_key, season, choice_default,
                             choice_until, qualified_at, due_at, created_at, state, revision, updated_at, trace)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        columns,
    )
    .await?;
    Ok(())
}

/// Saves where rewards stand. They are locked, so each revision follows the one that was read.
pub(crate) async fn save(tx: &mut Tx, rewards: &[&Reward]) -> Result<(), Fault> {
    if rewards.is_empty() {
        return Ok(());
    }
    let taken_back = |of: fn(TakenBack) -> i64| {
        rewards.iter().map(|one| one.state.taken_back().map(of).unwrap_or_default()).collect()
    };
    let columns = vec![
        Column::Uuid(rewards.iter().map(|one| one.entitlement.id).collect()),
        Column::Text(rewards.iter().map(|one| one.state.standing().code().to_owned()).collect()),
        Column::Text(rewards.iter().map(|one| one.state.approver().to_owned()).collect()),
        Column::Int(rewards.iter().map(|one| one.state.attempts()).collect()),
        Column::Text(rewards.iter().map(|one| one.reasons.join(" ")).collect()),
        Column::Int(rewards.iter().map(|one| one.revision).collect()),
        Column::At(rewards.iter().map(|one| At(one.updated_at)).collect()),
        Column::OptAt(rewards.iter().map(|one| one.state.settled_at().map(At)).collect()),
        Column::Int(taken_back(|part| part.reward.minor())),
        Column::Int(taken_back(|part| part.tax.minor())),
        Column::Int(rewards.iter().map(|one| one.netted.minor()).collect()),
    ];
    let saved = tx
        .bulk(
            "UPDATE reward SET state = saved.state, approver = saved.approver, attempts = saved.attempts,
                               reasons = saved.reasons, revision = saved.revision, updated_at = saved.updated_at,
                               settled_at = saved.settled_at, reversed_minor = saved.reversed_minor,
                               reversed_tax_minor = saved.reversed_tax_minor,
                               netted_minor = saved.netted_minor
             FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::timestamptz[],
                         $8::timestamptz[], $9::bigint[], $10::bigint[], $11::bigint[])
                  AS saved (id, state, approver, attempts, reasons, revision, updated_at, settled_at, reversed_minor,
                            reversed_tax_minor, netted_minor)
             WHERE reward.id = saved.id AND reward.revision = saved.revision - 1",
            "UPDATE reward SET state = $2, approver = $3, attempts = $4, reasons = $5, revision = $6, updated_at = $7,
                               settled_at = $8, reversed_minor = $9, reversed_tax_minor = $10, netted_minor = $11
             WHERE id = $1 AND revision = $6 - 1",
            columns,
        )
        .await?;
    if usize::try_from(saved) == Ok(rewards.len()) { Ok(()) } else { Err(Fault::Contention) }
}

/// The rewards of these referrals, in no order.
pub(crate) async fn of_referrals(tx: &mut Tx, referrals: Vec<Uuid>) -> Result<Vec<Reward>, Fault> {
    if referrals.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .all_by(
            reward_where!("WHERE referral = ANY($1)"),
            reward_where!("WHERE referral = $1"),
            Column::Uuid(referrals),
        )
        .await?;
    restore_all(rows)
}

/// These rewards, locked in order of id; those that do not exist are absent.
pub(crate) async fn lock(tx: &mut Tx, ids: Vec<Uuid>) -> Result<Vec<Reward>, Fault> {
    let rows = tx
        .all_by(
            reward_where!("WHERE id = ANY($1) ORDER BY id FOR UPDATE"),
            reward_where!("WHERE id = $1"),
            Column::Uuid(ids),
        )
        .await?;
    restore_all(rows)
}

/// Accrued rewards that are due by `now` and of which nothing is left to choose, the longest due first, locked; those that another
/// process holds are left to it.
pub(crate) async fn lock_due(tx: &mut Tx, now: At, limit: i64) -> Result<Vec<Reward>, Fault> {
    let sql = tx.pick(
        reward_where!(
            "WHERE state = 'ACCRUED' AND due_at <= $1
               AND NOT EXISTS (SELECT 1 FROM reward_choice c WHERE c.reward_id = reward.id AND c.side IS NULL)
             ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED"
        ),
        reward_where!(
            "WHERE state = 'ACCRUED' AND due_at <= $1
               AND NOT EXISTS (SELECT 1 FROM reward_choice c WHERE c.reward_id = reward.id AND c.side IS NULL)
             ORDER BY due_at, id LIMIT $2"
        ),
    );
    restore_all(tx.all(sql, (now, limit)).await?)
}

/// Due rewards of which nothing is to be chosen any more by `now`, the longest due first, locked.
pub(crate) async fn lock_chosen(tx: &mut Tx, now: At, limit: i64) -> Result<Vec<Reward>, Fault> {
    let sql = tx.pick(
        reward_where!(
            "WHERE state = 'DUE' AND (choice_until IS NULL OR choice_until <= $1)
             ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED"
        ),
        reward_where!(
            "WHERE state = 'DUE' AND (choice_until IS NULL OR choice_until <= $1) ORDER BY due_at, id LIMIT $2"
        ),
    );
    restore_all(tx.all(sql, (now, limit)).await?)
}

/// Approved rewards that nothing holds back, the longest approved first, locked; those that another process has locked are left to
/// it.
pub(crate) async fn lock_payable(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<Reward>, Fault> {
    let sql = tx.pick(
        reward_where!(
            "WHERE state = 'APPROVED'
               AND NOT EXISTS (SELECT 1 FROM hold h
                               WHERE h.state <> 'RELEASED'
                                 AND (h.reward_id = reward.id OR h.referral = reward.referral
                                      OR h.beneficiary = reward.beneficiary OR h.plan_id = reward.plan_id))
               AND NOT EXISTS (SELECT 1 FROM gate_round g
                               WHERE g.reward_id = reward.id AND (g.verdict <> 'PASS' OR g.holds_until <= $1))
             ORDER BY updated_at, id LIMIT $2 FOR UPDATE SKIP LOCKED"
        ),
        reward_where!(
            "WHERE state = 'APPROVED'
               AND NOT EXISTS (SELECT 1 FROM hold h
                               WHERE h.state <> 'RELEASED'
                                 AND (h.reward_id = reward.id OR h.referral = reward.referral
                                      OR h.beneficiary = reward.beneficiary OR h.plan_id = reward.plan_id))
               AND NOT EXISTS (SELECT 1 FROM gate_round g
                               WHERE g.reward_id = reward.id AND (g.verdict <> 'PASS' OR g.holds_until <= $1))
             ORDER BY updated_at, id LIMIT $2"
        ),
    );
    restore_all(tx.all(sql, (At(now), limit)).await?)
}

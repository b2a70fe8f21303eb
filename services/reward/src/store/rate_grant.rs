//! Rate grants. What was offered is written once; where a grant stands is updated under its lock.

use super::{corrupt, currency};
use crate::domain::{
    effective_rate::Contract,
    rate_grant::{Activation, Charge, Closing, Ground, Offer, RateGrant, Standing, State},
    rate_rule::RateRule,
    reward::Role,
};
use handsel_money::{Date, Money, Timestamp};
use handsel_storage::{At, Column, Exact, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct GrantRow {
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
        pub rule: Vec<u8>,
        pub currency: String,
        pub estimate_minor: i64,
        pub charge: String,
        pub qualified_at: At,
        pub offered_at: At,
        pub expires_at: At,
        pub state: String,
        pub reasons: String,
        pub contract_reference: Option<String>,
        pub principal_minor: Option<i64>,
        pub start_day: Option<String>,
        pub term_months: Option<i64>,
        pub maturity_day: Option<String>,
        pub product_version: Option<i64>,
        pub effective_rate: Option<Exact>,
        pub applied_bps: Option<Exact>,
        pub benefit_minor: Option<i64>,
        pub starts_at: Option<At>,
        pub ends_at: Option<At>,
        pub activated_at: Option<At>,
        pub closed_at: Option<At>,
        pub closed_by: String,
        pub revision: i64,
        pub updated_at: At,
    }
}

impl GrantRow {
    pub(crate) fn restore(self) -> Result<RateGrant, Fault> {
        let currency = currency(&self.currency)?;
        let activation = self.activation(currency)?;
        let Self { state, role, charge, closed_at, closed_by, .. } = self;
        let closing = closed_at.map(|at| Closing { at: at.0, by: closed_by });
        let standing = Standing::from_code(&state).ok_or_else(|| corrupt("rate_grant.state", &state))?;
        let ground = Ground {
            referral: self.referral,
            plan: self.plan_id,
            plan_version: self.plan_version,
            role: Role::from_code(&role).ok_or_else(|| corrupt("rate_grant.role", &role))?,
            stage: self.stage,
            milestone: self.milestone,
            milestone_count: self.milestone_count,
            beneficiary: self.beneficiary,
            branch: self.branch,
            qualified_at: self.qualified_at.0,
        };
        let offer = Offer {
            id: self.id,
            ground,
            rule: read_rule(&self.rule)?,
            estimate: Money::new(currency, self.estimate_minor),
            charge: Charge::from_code(&charge).ok_or_else(|| corrupt("rate_grant.charge", &charge))?,
            offered_at: self.offered_at.0,
            expires_at: self.expires_at.0,
        };
        Ok(RateGrant {
            offer,
            state: State::restore(standing, activation, closing).ok_or_else(|| corrupt("rate_grant.state", &state))?,
            reasons: self.reasons.split_whitespace().map(str::to_owned).collect(),
            revision: self.revision,
            updated_at: self.updated_at.0,
        })
    }

    fn activation(&self, currency: handsel_money::Currency) -> Result<Option<Activation>, Fault> {
        let Some(reference) = self.contract_reference.clone() else { return Ok(None) };
        let missing = || corrupt("rate_grant.contract_reference", &reference);
        let contract = Contract {
            principal: Money::new(currency, self.principal_minor.ok_or_else(missing)?),
            start: day(self.start_day.as_deref().ok_or_else(missing)?)?,
            term_months: self.term_months.and_then(|months| u32::try_from(months).ok()).ok_or_else(missing)?,
            maturity: self.maturity_day.as_deref().map(day).transpose()?,
        };
        Ok(Some(Activation {
            contract,
            product_version: self.product_version.ok_or_else(missing)?,
            rate: self.effective_rate.ok_or_else(missing)?.0,
            applied_bps: self.applied_bps.ok_or_else(missing)?.0,
            benefit: Money::new(currency, self.benefit_minor.ok_or_else(missing)?),
            starts_at: self.starts_at.ok_or_else(missing)?.0,
            ends_at: self.ends_at.ok_or_else(missing)?.0,
            activated_at: self.activated_at.ok_or_else(missing)?.0,
            reference,
        }))
    }
}

fn day(text: &str) -> Result<Date, Fault> {
    text.parse().map_err(|_| corrupt("a day of a rate grant", text))
}

pub(crate) fn restore_all(rows: Vec<GrantRow>) -> Result<Vec<RateGrant>, Fault> {
    rows.into_iter().map(GrantRow::restore).collect()
}

/// The format of `rate_grant.rule`. A reader of an older one is kept when it rises.
const RULE_FORMAT: u32 = 1;

fn write_rule(rule: &RateRule) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(&(RULE_FORMAT, rule)).map_err(|error| Fault::Invalid(format!("rate rule: {error}")))
}

fn read_rule(bytes: &[u8]) -> Result<RateRule, Fault> {
    let (_, rule): (u32, RateRule) =
        serde_json::from_slice(bytes).map_err(|error| Fault::Invalid(format!("rate rule: {error}")))?;
    Ok(rule)
}

/// Adds grants that are offered, or refused for want of room. One that another process added meanwhile is a lost race.
pub(crate) async fn insert(tx: &mut Tx, grants: &[&RateGrant]) -> Result<(), Fault> {
    if grants.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&RateGrant) -> &str| Column::Text(grants.iter().map(|one| of(one).to_owned()).collect());
    let int = |of: fn(&RateGrant) -> i64| Column::Int(grants.iter().map(|one| of(one)).collect());
    let at = |of: fn(&RateGrant) -> Timestamp| Column::At(grants.iter().map(|one| At(of(one))).collect());
    let rules: Result<Vec<Vec<u8>>, Fault> = grants.iter().map(|one| write_rule(&one.offer.rule)).collect();
    tx.bulk(
        "INSERT INTO rate_grant (id, referral, plan_id, plan_version, role, stage, milestone, milestone_count, beneficiary,
                                 branch, product_id, rule, currency, estimate_minor, charge, qualified_at, offered_at,
                                 expires_at, state, reasons, revision, updated_at)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
                              $8::bigint[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::text[], $14::bigint[],
                              $15::text[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::text[],
                              $20::text[], $21::bigint[], $22::timestamptz[])",
        "INSERT INTO rate_grant (id, referral, plan_id, plan_version, role, stage, milestone, milestone_count, beneficiary,
                                 branch, product_id, rule, currency, estimate_minor, charge, qualified_at, offered_at,
                                 expires_at, state, reasons, revision, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        vec![
            Column::Uuid(grants.iter().map(|one| one.offer.id).collect()),
            Column::Uuid(grants.iter().map(|one| one.offer.ground.referral).collect()),
            text(|one| &one.offer.ground.plan),
            int(|one| one.offer.ground.plan_version),
            text(|one| one.offer.ground.role.code()),
            text(|one| &one.offer.ground.stage),
            text(|one| &one.offer.ground.milestone),
            int(|one| one.offer.ground.milestone_count),
            text(|one| &one.offer.ground.beneficiary),
            text(|one| &one.offer.ground.branch),
            text(|one| &one.offer.rule.product),
            Column::Bytes(rules?),
            text(|one| one.offer.estimate.currency().code()),
            int(|one| one.offer.estimate.minor()),
            text(|one| one.offer.charge.code()),
            at(|one| one.offer.ground.qualified_at),
            at(|one| one.offer.offered_at),
            at(|one| one.offer.expires_at),
            text(|one| one.state.standing().code()),
            Column::Text(grants.iter().map(|one| one.reasons.join(" ")).collect()),
            int(|one| one.revision),
            at(|one| one.updated_at),
        ],
    )
    .await?;
    Ok(())
}

/// Saves where a grant stands. Its row is locked, so its revision is the one it was read with.
pub(crate) async fn save(tx: &mut Tx, grant: &RateGrant) -> Result<(), Fault> {
    let activation = grant.state.activation();
    let contract = activation.map(|activation| activation.contract);
    let closing = grant.state.closing();
    tx.exec_one(
        "UPDATE rate_grant SET state = $2, reasons = $3, contract_reference = $4, principal_minor = $5, start_day = $6,
                               term_months = $7, maturity_day = $8, product_version = $9, effective_rate = $10,
                               applied_bps = $11, benefit_minor = $12, starts_at = $13, ends_at = $14, activated_at = $15,
                               closed_at = $16, closed_by = $17, revision = $18, updated_at = $19
         WHERE id = $1 AND revision = $18 - 1",
        (
            grant.offer.id,
            grant.state.standing().code(),
            grant.reasons.join(" "),
            activation.map(|activation| activation.reference.clone()),
            contract.map(|contract| contract.principal.minor()),
            contract.map(|contract| contract.start.to_string()),
            contract.map(|contract| i64::from(contract.term_months)),
            contract.and_then(|contract| contract.maturity).map(|day| day.to_string()),
            activation.map(|activation| activation.product_version),
            activation.map(|activation| Exact(activation.rate)),
            activation.map(|activation| Exact(activation.applied_bps)),
            activation.map(|activation| activation.benefit.minor()),
            activation.map(|activation| At(activation.starts_at)),
            activation.map(|activation| At(activation.ends_at)),
            activation.map(|activation| At(activation.activated_at)),
            closing.map(|closing| At(closing.at)),
            closing.map(|closing| closing.by.clone()).unwrap_or_default(),
            grant.revision,
            At(grant.updated_at),
        ),
    )
    .await
}

/// Every grant of one customer and product, locked in order of id: what adds up is decided by one at a time.
pub(crate) async fn lock_of_customer(tx: &mut Tx, customer: &str, product: &str) -> Result<Vec<RateGrant>, Fault> {
    let sql = tx.pick(
        "SELECT id, referral, plan_id, plan_version, role, stage, milestone, milestone_count, beneficiary, branch, rule,
                currency, estimate_minor, charge, qualified_at, offered_at, expires_at, state, reasons, contract_reference,
                principal_minor, start_day, term_months, maturity_day, product_version, effective_rate, applied_bps,
                benefit_minor, starts_at, ends_at, activated_at, closed_at, closed_by, revision, updated_at
         FROM rate_grant WHERE beneficiary = $1 AND product_id = $2 ORDER BY id FOR UPDATE",
        "SELECT id, referral, plan_id, plan_version, role, stage, milestone, milestone_count, beneficiary, branch, rule,
                currency, estimate_minor, charge, qualified_at, offered_at, expires_at, state, reasons, contract_reference,
                principal_minor, start_day, term_months, maturity_day, product_version, effective_rate, applied_bps,
                benefit_minor, starts_at, ends_at, activated_at, closed_at, closed_by, revision, updated_at
         FROM rate_grant WHERE beneficiary = $1 AND product_id = $2 ORDER BY id",
    );
    restore_all(tx.all(sql, (customer.to_owned(), product.to_owned())).await?)
}

/// Keeps how a grant was valued.
pub(crate) async fn keep_trace(
    tx: &mut Tx,
    grant: Uuid,
    event: &'static str,
    trace: Vec<u8>,
    now: Timestamp,
) -> Result<(), Fault> {
    tx.exec(
        "INSERT INTO rate_trace (grant_id, event, trace, recorded_at) VALUES ($1, $2, $3, $4)",
        (grant, event, trace, At(now)),
    )
    .await?;
    Ok(())
}

/// Keeps how grants were valued at their offer.
pub(crate) async fn keep_traces(tx: &mut Tx, traces: Vec<(Uuid, Vec<u8>)>, now: Timestamp) -> Result<(), Fault> {
    if traces.is_empty() {
        return Ok(());
    }
    let at = Column::At(traces.iter().map(|_| At(now)).collect());
    let (grants, traces): (Vec<Uuid>, Vec<Vec<u8>>) = traces.into_iter().unzip();
    tx.bulk(
        "INSERT INTO rate_trace (grant_id, event, trace, recorded_at)
         SELECT id, 'OFFER', trace, at FROM UNNEST($1::uuid[], $2::bytea[], $3::timestamptz[]) AS kept (id, trace, at)",
        "INSERT INTO rate_trace (grant_id, event, trace, recorded_at) VALUES ($1, 'OFFER', $2, $3)",
        vec![Column::Uuid(grants), Column::Bytes(traces), at],
    )
    .await?;
    Ok(())
}

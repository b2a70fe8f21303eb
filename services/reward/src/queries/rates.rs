//! Rate products, rate grants, and the rate of a contract with all of a customer's grants.

use crate::{
    domain::{
        effective_rate::{self, Contract, EffectiveRate, Input, RateRecord},
        rate_grant::RateGrant,
        rate_instruction::RateInstruction,
        rate_product::RateProduct,
        refusal::Refusal,
        reward_choice::RewardChoice,
    },
    store,
};
use handsel_money::{Money, Timestamp};
use handsel_storage::{At, Db, Fault};
use uuid::Uuid;

pub(crate) use crate::store::rate_read::{Filter, KeyRow};

/// One version of a product; none named: its newest.
pub(crate) async fn product(db: &Db, id: &str, version: Option<i64>) -> Result<Option<RateProduct>, Fault> {
    store::rate_product::one(db, id, version).await
}

/// A page of versions of products, newest first, after the one made at this instant under this id and number.
pub(crate) async fn products(
    db: &Db,
    after: Option<(Timestamp, String, i64)>,
    limit: i64,
) -> Result<Vec<RateProduct>, Fault> {
    store::rate_product::page(db, after.map(|(at, id, version)| (At(at), id, version)), limit).await
}

/// One grant with everything known of it.
pub(crate) struct Whole {
    pub(crate) grant: RateGrant,
    /// How it was valued last; none of one that nothing could be computed for.
    pub(crate) record: Option<RateRecord>,
    /// What core banking was told of it, oldest first.
    pub(crate) instructions: Vec<RateInstruction>,
}

/// One grant.
pub(crate) async fn grant(db: &Db, id: Uuid) -> Result<Option<Whole>, Fault> {
    let mut tx = db.read().await?;
    let Some(grant) = store::rate_read::one(&mut tx, id).await? else { return Ok(None) };
    let trace = store::rate_read::trace(&mut tx, id).await?;
    let record = trace.map(|trace| {
        serde_json::from_slice(&trace).map_err(|error| Fault::Invalid(format!("rate_trace.trace: {error}")))
    });
    let instructions = store::rate_instruction::of_grant(&mut tx, id).await?;
    Ok(Some(Whole { grant, record: record.transpose()?, instructions }))
}

/// What never changes of a grant, and says which rows to lock for it.
pub(crate) async fn key(db: &Db, id: Uuid) -> Result<Option<KeyRow>, Fault> {
    store::rate_read::key(&mut db.read().await?, id).await
}

/// A page of grants, newest first, after the one offered at this instant under this id.
pub(crate) async fn grants(
    db: &Db,
    filter: Filter,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<RateGrant>, Fault> {
    store::rate_read::page(&mut db.read().await?, filter, after.map(|(at, id)| (At(at), id)), limit).await
}

/// The choice of a reward, and whose it is.
pub(crate) struct Found {
    pub(crate) choice: RewardChoice,
    pub(crate) branch: String,
    pub(crate) plan: String,
}

/// The choice of a reward, if it has one.
pub(crate) async fn choice(db: &Db, reward: Uuid) -> Result<Option<Found>, Fault> {
    let mut tx = db.read().await?;
    let reward_row = store::reward_read::one(&mut tx, reward).await?;
    let choice = store::reward_choice::of_reward(&mut tx, reward).await?;
    Ok(reward_row.zip(choice).map(|(reward, choice)| Found {
        choice,
        branch: reward.entitlement.branch,
        plan: reward.entitlement.plan,
    }))
}

/// A contract that one asks about.
pub(crate) struct Asked {
    pub(crate) customer: String,
    pub(crate) product: String,
    pub(crate) at: Timestamp,
    pub(crate) principal: Money,
    pub(crate) term_months: u32,
}

/// The rate of a contract that begins at an instant, with the grants that count then, and the product's version.
///
/// The inner error is [`Refusal::NotFound`] where no version of the product is in force, or one of [`effective_rate::decide`].
pub(crate) async fn effective(db: &Db, asked: Asked) -> Result<Result<(EffectiveRate, i64), Refusal>, Fault> {
    let Asked { customer, product, at, principal, term_months } = asked;
    let mut tx = db.read().await?;
    let mut products = store::rate_product::in_force(&mut tx, vec![product.clone()]).await?;
    let versions = products.remove(&product).unwrap_or_default();
    if versions.0.is_empty() {
        return Ok(Err(Refusal::NotFound(format!("rate-products/{product}"))));
    }
    let Some((version, start)) = versions.at(at) else {
        return Ok(Err(Refusal::NoBaseRate(format!("rate-products/{product}"))));
    };
    let grants = store::rate_read::activated(&mut tx, &customer, &product).await?;
    let input = Input {
        product,
        product_version: version.version,
        terms: version.terms.clone(),
        contract: Contract { principal, start, term_months, maturity: None },
        candidates: grants.iter().filter_map(|grant| grant.counting_at(at)).collect(),
    };
    Ok(effective_rate::decide(&input).map(|effective| (effective, version.version)))
}

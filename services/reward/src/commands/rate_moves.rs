//! What the commands on rate grants share: saving one that moved, and the ids that core banking knows instructions by.

use super::{means::Means, room};
use crate::{
    domain::{
        grant,
        rate_grant::{Charge, Freed, Moved, RateGrant},
        rate_instruction::{Kind, RateInstruction, Status},
    },
    store,
};
use aws_lc_rs::digest::{SHA256, digest};
use handsel_money::Timestamp;
use handsel_storage::{Fault, Tx};

/// As long as an end-to-end id of ISO 20022 (`Max35Text`): a bank keeps both alike.
const ID_LENGTH: usize = 35;

/// Saves a grant that moved, and gives back what it no longer takes. Its plan's budget row is locked, and so is it.
pub(super) async fn save(tx: &mut Tx, means: &Means, moved: &Moved, now: Timestamp) -> Result<(), Fault> {
    store::rate_grant::save(tx, &moved.grant).await?;
    let Freed { count, benefit_minor } = moved.freed;
    if count == 0 && benefit_minor == 0 {
        return Ok(());
    }
    let plan = &moved.grant.offer.ground.plan;
    match moved.grant.offer.charge {
        Charge::RateLimits => store::rate_counter::give_back(tx, plan, moved.freed).await,
        Charge::Budget => {
            let freed = grant::Freed { count: 0, reward_minor: benefit_minor, cost_minor: benefit_minor };
            give_back_as_reward(tx, means, &moved.grant, freed, now).await
        }
    }
}

/// A rate that was chosen instead of money holds its room where the money did: in the same window, season and budgets.
async fn give_back_as_reward(
    tx: &mut Tx,
    means: &Means,
    rate: &RateGrant,
    freed: grant::Freed,
    now: Timestamp,
) -> Result<(), Fault> {
    let lacking = || Fault::Invalid(format!("{} was chosen instead of no reward", rate.name()));
    let id = store::reward_choice::reward_of_grant(tx, rate.offer.id).await?.ok_or_else(lacking)?;
    let reward = store::reward_read::one(tx, id).await?.ok_or_else(lacking)?;
    room::free(tx, means, &reward.entitlement, freed, now).await
}

/// What core banking has to be told of a grant.
pub(super) fn instruction(means: &Means, grant: &RateGrant, kind: Kind, now: Timestamp) -> RateInstruction {
    let id = instruction_id(&means.bank, &grant.offer.ground.natural_key(), kind);
    RateInstruction::new(grant.offer.id, kind, id, now)
}

/// Tells core banking that a grant was taken back: not where it was never told of it, nor where it would have none of it.
pub(super) async fn withdraw(means: &Means, tx: &mut Tx, grant: &RateGrant, now: Timestamp) -> Result<(), Fault> {
    if store::rate_instruction::void_offer(tx, grant.offer.id).await? {
        return Ok(());
    }
    let told = store::rate_instruction::of_grant(tx, grant.offer.id).await?;
    if told.iter().any(|one| one.kind == Kind::Offer && one.status != Status::Refused) {
        store::rate_instruction::insert(tx, &[instruction(means, grant, Kind::Withdraw, now)]).await?;
    }
    Ok(())
}

/// The same for ever from the same bank, grant and kind, whatever database it is made from.
fn instruction_id(bank: &str, natural_key: &str, kind: Kind) -> String {
    let digest = digest(&SHA256, format!("{bank}\n{natural_key}\nrate {}", kind.code()).as_bytes());
    let mut id = hex::encode(digest);
    id.truncate(ID_LENGTH);
    id
}

#[cfg(test)]
mod tests {
    use super::{Kind, instruction_id};

    #[test]
    fn an_instruction_id_is_the_same_for_ever_and_differs_by_each_part() {
        let id = instruction_id("BANKCZPP", "018f/plan//REFERRER//0/10", Kind::Offer);
        assert_eq!(id, instruction_id("BANKCZPP", "018f/plan//REFERRER//0/10", Kind::Offer));
        assert_eq!(id.len(), 35);
        for (bank, key, kind) in [
            ("BANKCZPX", "018f/plan//REFERRER//0/10", Kind::Offer),
            ("BANKCZPP", "018f/plan//REFEREE//0/10", Kind::Offer),
            ("BANKCZPP", "018f/plan//REFERRER//0/10", Kind::Withdraw),
        ] {
            assert_ne!(id, instruction_id(bank, key, kind));
        }
    }
}

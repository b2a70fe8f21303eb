//! Holds that were placed in the audit service, which is told when they hold, and when no longer.

use super::{means::Means, statements};
use crate::{
    domain::{
        hold::{Hold, Origin, Standing, Target},
        refusal::Refusal,
    },
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, inbox::Verdict};
use handsel_storage::{Fault, Tx};
use uuid::Uuid;

/// A hold of the audit service's.
pub(crate) struct Placed {
    pub(crate) id: Uuid,
    pub(crate) target: Target,
    pub(crate) reason: String,
    pub(crate) by: String,
}

/// Its release.
pub(crate) struct Released {
    pub(crate) id: Uuid,
    pub(crate) proposed_by: String,
    pub(crate) by: String,
}

/// Places it behind the fence: once this is committed and answered, no payment of it leaves for the first time.
///
/// A refusal is [`Refusal::NotFound`] for a reward that is not there, [`Refusal::AlreadyExists`] where its name is another hold's.
pub(crate) async fn place(
    means: &Means,
    tx: &mut Tx,
    placed: &Placed,
    actor: &Actor,
    now: Timestamp,
) -> Result<Result<Verdict, Refusal>, Fault> {
    let Placed { id, target, reason, by } = placed;
    if let Some(known) = store::hold::one(tx, *id).await? {
        let same = known.origin == Origin::Audit && known.target == *target;
        return Ok(if same { Ok(applied(&known)) } else { Err(Refusal::AlreadyExists(known.name())) });
    }
    if let Target::Reward(reward) = target
        && store::reward_read::one(tx, *reward).await?.is_none()
    {
        return Ok(Err(Refusal::NotFound(target.name())));
    }
    store::hold::close_fence(tx).await?;
    let hold = Hold::place(*id, target.clone(), reason.clone(), by.clone(), Origin::Audit, now);
    store::hold::insert(tx, &hold).await?;
    let owed = statements::of_hold("hold.placed", "hold", &hold, &in_the_name_of(actor, by), now);
    means.outbox.owe(tx, now, vec![owed]).await?;
    Ok(Ok(applied(&hold)))
}

/// Takes note that two people have released it. The hold is locked.
///
/// A refusal is [`Refusal::NotFound`]: it was never placed here.
pub(crate) async fn release(
    means: &Means,
    tx: &mut Tx,
    released: &Released,
    actor: &Actor,
    now: Timestamp,
) -> Result<Result<Verdict, Refusal>, Fault> {
    let Released { id, proposed_by, by } = released;
    let Some(known) = store::hold::one(tx, *id).await?.filter(|hold| hold.origin == Origin::Audit) else {
        return Ok(Err(Refusal::NotFound(format!("holds/{id}"))));
    };
    if known.state.standing() == Standing::Released {
        return Ok(Ok(applied(&known)));
    }
    let hold = known.released_in_audit(proposed_by.clone(), by.clone(), now);
    store::hold::save(tx, &hold).await?;
    let owed = statements::of_hold("hold.released", "release", &hold, &in_the_name_of(actor, by), now);
    means.outbox.owe(tx, now, vec![owed]).await?;
    Ok(Ok(applied(&hold)))
}

/// The service that tells of it, and the person for whom it does.
fn in_the_name_of(actor: &Actor, person: &str) -> Actor {
    Actor { person: Some(person.to_owned()), ..actor.clone() }
}

fn applied(hold: &Hold) -> Verdict {
    Verdict::Applied { resource: hold.name() }
}

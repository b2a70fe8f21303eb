//! Answering a greeting: what is known of a sender, and whether one of the two has lost something.

use super::Place;
use crate::{Finding, Greeting, Standing, store};
use handsel_storage::{Fault, Tx};

/// The answer to a greeting, and what it has brought to light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeted {
    /// To be answered.
    pub standing: Standing,
    /// To be acted on, in the same transaction.
    pub finding: Option<Finding>,
}

/// Locks the source and compares. From here on, lower leases than the greeting's are refused.
///
/// # Errors
/// As the database says.
pub async fn greet(tx: &mut Tx, greeting: &Greeting) -> Result<Greeted, Fault> {
    let source = &greeting.origin.source;
    let known = store::inbox::lock(tx, source).await?;
    let place = known.unwrap_or(Place { epoch: 0, last_sequence: 0 });
    let finding = finding(greeting, place);
    let epoch = place.epoch.max(greeting.origin.epoch);
    let later = Place { epoch, ..place };
    match known {
        // It has no lease yet, and nothing to be held against.
        None if epoch == 0 => {}
        None => store::inbox::insert(tx, source, later).await?,
        Some(place) if place == later => {}
        Some(_) => store::inbox::advance(tx, source, later).await?,
    }
    // What was known before: the sender compares it with what he knows himself.
    let standing = Standing { epoch: place.epoch, last_sequence: place.last_sequence, last_digest: Vec::new() };
    Ok(Greeted { standing, finding })
}

/// The sender's word first: he compares later than we do.
fn finding(greeting: &Greeting, place: Place) -> Option<Finding> {
    let (source, known) = (greeting.origin.source.clone(), place.last_sequence);
    if greeting.outdated {
        return Some(Finding::SenderOutdated { source, own: None, known });
    }
    let acknowledged = greeting.acknowledged;
    (acknowledged > known).then_some(Finding::ReceiverOutdated { source, known, acknowledged })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;

    #[test]
    fn the_ladder() {
        let place = Place { epoch: 2, last_sequence: 9 };
        for (situation, acknowledged, outdated, expected) in [
            ("all is well", 9, false, None),
            ("a receipt was lost on its way", 7, false, None),
            ("more was receipted than is remembered", 10, false, Some("RECEIVER_OUTDATED")),
            ("the sender says that he is outdated", 4, true, Some("SENDER_OUTDATED")),
            ("both", 10, true, Some("SENDER_OUTDATED")),
        ] {
            let origin = Origin { source: "referral/reward".to_owned(), epoch: 2 };
            let found = finding(&Greeting { origin, acknowledged, outdated }, place);
            let reason = found.map(|found| found.statement(handsel_money::Timestamp::MIN).reason.unwrap_or_default());
            assert_eq!(reason.as_deref(), expected, "{situation}");
        }
    }
}

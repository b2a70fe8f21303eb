//! The kit tried on itself.

use crate::{Lab, Role, on_both_engines};
use handsel_access::Branch;
use handsel_storage::MIGRATIONS;
use std::time::Duration;

on_both_engines! {
    async fn services_share_a_place_and_not_a_schema(lab: Lab) {
        let (reward, tier) = (lab.migrated("reward", MIGRATIONS).await, lab.migrated("tier", MIGRATIONS).await);
        assert_eq!((reward.engine(), reward.schema(), tier.schema()), (lab.engine(), "reward", "tier"));
        let again = lab.db("reward").await;
        assert_eq!(again.schema(), "reward");
    }

    async fn a_lab_repeats_itself(lab: Lab) {
        let again = Lab::at(lab.location().clone());
        assert_eq!(lab.world().ids.next(), again.world().ids.next());
        assert_eq!(lab.token(Role::BranchStaff, "0101", "anna"), again.token(Role::BranchStaff, "0101", "anna"));
        let before = lab.world().business.now();
        lab.clock.advance(Duration::from_secs(60)).unwrap();
        assert_eq!(lab.world().business.now().saturating_since(before), Duration::from_secs(60));
        assert_eq!(lab.world().system.now(), again.world().system.now(), "tokens do not age with business time");
    }

    async fn tokens_say_who_calls(lab: Lab) {
        let caller = lab.verifier().verify(&lab.token(Role::BranchStaff, "0101", "anna")).unwrap();
        assert_eq!((caller.person_or_subject(), caller.reaches("0101"), caller.reaches("0102")), ("anna", true, false));
        let service = lab.verifier().verify(&lab.token(Role::Service, "*", None)).unwrap();
        assert_eq!((service.subject.as_str(), service.person.as_deref(), &service.branch), ("service", None, &Branch::All));
    }
}

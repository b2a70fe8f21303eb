//! Erasures that another service asks to have cleared: a hold on the person, or on a record that carries his data, outranks them.

use crate::{
    openings::about_somebody,
    stage::{Producer, Stage},
};
use handsel_proto::handsel::audit::v1::{
    CheckErasureRequest, ClearErasureRequest, Hold, PlaceHoldRequest, ReleaseHoldRequest,
    clearance_service_client::ClearanceServiceClient,
    hold::{Records, Scope, scope::What},
    hold_service_client::HoldServiceClient,
};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use tonic::Status;

const ERASURE: &str = "erasures/018f3c6e-8f53-7d4e-9c50-0c3b0f1a2b3c";

fn somebody() -> Vec<String> {
    ["subjects/1", "referrals/1", "customers/42"].map(str::to_owned).to_vec()
}

impl Stage {
    pub(crate) async fn check(&self) -> String {
        let token = self.lab.token(Role::Service, "*", None);
        let request = self.lab.call(CheckErasureRequest { subjects: somebody() }, &token);
        let mut client = ClearanceServiceClient::new(self.server.channel());
        client.check_erasure(request).await.unwrap().into_inner().hold
    }

    pub(crate) async fn clear(&self) -> Result<i64, Status> {
        let token = self.lab.token(Role::Service, "*", None);
        let request = ClearErasureRequest { erasure: ERASURE.into(), subjects: somebody() };
        let mut client = ClearanceServiceClient::new(self.server.channel());
        Ok(client.clear_erasure(self.lab.call(request, &token)).await?.into_inner().record)
    }

    pub(crate) async fn hold_on(&self, what: What) -> Hold {
        let request = PlaceHoldRequest {
            request_id: self.lab.world().ids.next().to_string(),
            scope: Some(Scope { what: Some(what) }),
            reason: "COURT_ORDER".into(),
            ..PlaceHoldRequest::default()
        };
        HoldServiceClient::new(self.server.channel()).place_hold(self.ask(request)).await.unwrap().into_inner()
    }

    pub(crate) async fn let_go(&self, hold: &Hold) {
        for person in ["olga", "petr"] {
            let request = ReleaseHoldRequest {
                request_id: self.lab.world().ids.next().to_string(),
                name: hold.name.clone(),
                ..ReleaseHoldRequest::default()
            };
            let token = self.lab.token(Role::ComplianceOfficer, "*", person);
            HoldServiceClient::new(self.server.channel()).release_hold(self.lab.call(request, &token)).await.unwrap();
        }
    }
}

/// Everything that a hold can be on, of which each keeps him.
fn scopes() -> [What; 6] {
    let records = |first_index, end_index| Records { first_index, end_index, source: String::new() };
    [
        What::Subject("subjects/1".into()),
        What::Subject("referrals/1".into()),
        What::Subject("customers/42".into()),
        What::Records(records(3, 4)),
        What::Records(Records { source: "referral/audit".into(), ..records(0, 9) }),
        What::Type("referral.registered".into()),
    ]
}

on_both_engines! {
    async fn a_hold_outranks_an_erasure_whatever_it_is_on(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 3).await;
        stage.append("referral/audit", 1, vec![about_somebody(&mut producer)]).await.unwrap();
        stage.sign().await;
        for scope in scopes() {
            let hold = stage.hold_on(scope.clone()).await;
            assert_eq!(stage.check().await, hold.name, "{scope:?}");
            let refused = stage.clear().await.unwrap_err();
            assert_eq!((reason(&refused).as_str(), refused.message().contains(&hold.name)), ("HELD", true));
            stage.let_go(&hold).await;
            assert_eq!(stage.check().await, "");
        }
        let other = stage.hold_on(What::Subject("referrals/2".into())).await;
        assert_eq!(stage.check().await, "", "{} is somebody else's", other.name);

        let record = stage.clear().await.unwrap();
        stage.hold_on(What::Subject("subjects/1".into())).await;
        assert_eq!(stage.clear().await.unwrap(), record, "what was cleared before is cleared");
        stage.sign().await;
        let statements = stage.read().await;
        let cleared = &statements[usize::try_from(record).unwrap()];
        assert_eq!((&cleared["type"], &cleared["subjects"][0]), (&"erasure.cleared".into(), &ERASURE.into()));
        assert!(cleared["subjects"][3].as_str().unwrap().starts_with("customers/c-"));
        assert_eq!(statements.iter().filter(|one| one["type"] == "erasure.cleared").count(), 1);
    }

    async fn a_record_of_long_ago_is_held_as_one_of_today_is(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.append("referral/audit", 1, vec![about_somebody(&mut producer)]).await.unwrap();
        let hold = stage.hold_on(What::Records(Records { first_index: 0, end_index: 1, source: String::new() })).await;
        assert_eq!(stage.check().await, hold.name, "no run of the search's index tells of it yet");
        stage.fill(&mut producer, 4_200).await;
        let (told,): (i64,) = stage.db.one("SELECT next_bundle FROM record_term_position", ()).await.unwrap();
        assert_eq!((told, stage.check().await), (16, hold.name));
    }
}

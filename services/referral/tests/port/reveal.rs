//! Personal data in plain text: for whoever says why, and recorded; in bodies sealed, and committed to.

use crate::{
    bank::Bank,
    personal_data::{DestroyKeys, LoseKeys},
};
use handsel_access::DevToken;
use handsel_outbox::statement::pii_commitment;
use handsel_proto::handsel::referral::v1::{
    OpenPersonalDataRequest, Referee, RevealReason, RevealRefereeRequest, SealedField,
    open_personal_data_response::{Opening, Outcome},
    referee::Contact,
    subject_service_client::SubjectServiceClient,
};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use serde_json::Value;
use tonic::{Status, transport::Channel};

const PHONE: &str = "+420601123456";

fn subjects(bank: &Bank) -> SubjectServiceClient<Channel> {
    SubjectServiceClient::new(bank.server.channel())
}

pub(crate) async fn reveal(bank: &Bank, referral: &str, token: &str) -> Result<Referee, Status> {
    let request = RevealRefereeRequest {
        request_id: bank.request_id(),
        referral: referral.into(),
        reason: RevealReason::Contact.into(),
    };
    Ok(subjects(bank).reveal_referee(bank.lab.call(request, token)).await?.into_inner())
}

/// A token of one account, whichever human acts by it.
fn of_account(bank: &Bank, role: Role, person: &str) -> String {
    let token = DevToken { person: Some(person.to_owned()), ..DevToken::of_role(role, "a-desk") };
    bank.lab.issuer.issue(&token).unwrap()
}

/// The statements of a kind that are owed, oldest first.
async fn all(bank: &Bank, kind: &str) -> Vec<Value> {
    let sql = "SELECT content FROM outbox WHERE destination = 'audit' ORDER BY ordinal";
    let rows: Vec<(Vec<u8>,)> = bank.db.all(sql, ()).await.unwrap();
    let statements = rows.iter().map(|(content,)| serde_json::from_slice::<Value>(content).unwrap());
    statements.filter(|statement| statement["type"] == kind).collect()
}

/// The newest statement of a kind that is owed, and its body.
pub(crate) async fn newest(bank: &Bank, kind: &str) -> (Value, Value) {
    let sql = "SELECT content, body FROM outbox WHERE destination = 'audit' ORDER BY ordinal DESC";
    let rows: Vec<(Vec<u8>, Vec<u8>)> = bank.db.all(sql, ()).await.unwrap();
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    let found = rows.iter().find(|(content, _)| json(content)["type"] == kind).unwrap();
    let body = if found.1.is_empty() { Value::Null } else { json(&found.1) };
    (json(&found.0), body)
}

pub(crate) fn sealed(body: &Value) -> Vec<SealedField> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let field = |one: &Value| SealedField {
        subject: text(&one["subject"]),
        purpose: text(&one["purpose"]),
        field: text(&one["field"]),
        commitment: text(&one["c"]),
        sealed: hex::decode(text(&one["sealed"])).unwrap(),
    };
    body["personal"].as_array().unwrap().iter().map(field).collect()
}

pub(crate) async fn open(bank: &Bank, fields: Vec<SealedField>) -> Vec<Opening> {
    let token = bank.lab.token(Role::ComplianceOfficer, "*", "olga");
    let (request_id, reason) = (bank.request_id(), RevealReason::Investigation.into());
    let request = OpenPersonalDataRequest { request_id, reason, fields };
    subjects(bank).open_personal_data(bank.lab.call(request, &token)).await.unwrap().into_inner().openings
}

on_both_engines! {
    async fn a_referee_is_revealed_to_whoever_says_why_and_it_is_recorded(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let referral = bank.register(bank.introduction("friends", PHONE)).await.unwrap();
        let revealed = reveal(&bank, &referral.name, &bank.teller()).await.unwrap();
        assert_eq!(revealed, Referee { display_name: "Jan Novák".into(), contact: Some(Contact::Phone(PHONE.into())) });
        let (statement, _) = newest(&bank, "subject.revealed").await;
        assert_eq!(statement["reason"], "CONTACT");
        assert_eq!(statement["subjects"][0], referral.name);

        let elsewhere = bank.lab.token(Role::BranchStaff, "0202", "eva");
        assert_eq!(reason(&reveal(&bank, &referral.name, &elsewhere).await.unwrap_err()), "BRANCH_MISMATCH");
        let nobody = format!("referrals/{}", bank.request_id());
        assert_eq!(reason(&reveal(&bank, &nobody, &bank.teller()).await.unwrap_err()), "NOT_FOUND");
        bank.keys_db.transact(&DestroyKeys).await.unwrap();
        assert_eq!(reason(&reveal(&bank, &referral.name, &bank.teller()).await.unwrap_err()), "ERASED");
    }

    /// Also where the same call is sent again, and where another human behind the same account chooses the same id.
    async fn every_showing_leaves_its_record(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let referral = bank.register(bank.introduction("friends", PHONE)).await.unwrap();
        let (id, why) = (bank.request_id(), RevealReason::Contact.into());
        let asked = RevealRefereeRequest { request_id: id.clone(), referral: referral.name.clone(), reason: why };
        for person in ["anna", "anna", "berta"] {
            let token = of_account(&bank, Role::BranchManager, person);
            subjects(&bank).reveal_referee(bank.lab.call(asked.clone(), &token)).await.unwrap();
        }
        let looks = all(&bank, "subject.revealed").await;
        let who: Vec<&Value> = looks.iter().map(|look| &look["actor"]).collect();
        assert_eq!(who.len(), 3);
        assert!(who[0] == who[1] && who[1] != who[2], "{who:?}");
        assert!(looks.iter().all(|look| look["subjects"][0] == referral.name.as_str() && look["reason"] == "CONTACT"));

        // The id still stands for what was asked with it.
        let other = RevealRefereeRequest { reason: RevealReason::Complaint.into(), ..asked };
        let token = of_account(&bank, Role::BranchManager, "anna");
        let refused = subjects(&bank).reveal_referee(bank.lab.call(other, &token)).await.unwrap_err();
        assert_eq!(reason(&refused), "REQUEST_ID_REUSED");

        let (_, body) = newest(&bank, "referral.registered").await;
        let opened = OpenPersonalDataRequest { request_id: id, reason: why, fields: sealed(&body) };
        for person in ["olga", "olga", "petra"] {
            let token = of_account(&bank, Role::ComplianceOfficer, person);
            let answer = subjects(&bank).open_personal_data(bank.lab.call(opened.clone(), &token)).await.unwrap();
            assert!(answer.into_inner().openings.iter().all(|opening| opening.outcome() == Outcome::Open));
        }
        let looks = all(&bank, "subject.opened").await;
        let who: Vec<&Value> = looks.iter().map(|look| &look["actor"]).collect();
        assert_eq!(who.len(), 3);
        assert!(who[0] == who[1] && who[1] != who[2], "{who:?}");
    }

    /// Nobody is told that he was erased whom nobody has erased.
    async fn a_lost_key_is_no_erased_person(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let referral = bank.register(bank.introduction("friends", PHONE)).await.unwrap();
        let (_, body) = newest(&bank, "referral.registered").await;
        bank.keys_db.transact(&LoseKeys).await.unwrap();
        assert_eq!(reason(&reveal(&bank, &referral.name, &bank.teller()).await.unwrap_err()), "INTERNAL");
        for opening in open(&bank, sealed(&body)).await {
            assert_eq!((opening.outcome(), opening.plain.as_str()), (Outcome::NotOurs, ""));
        }
    }

    async fn a_body_says_who_was_introduced_sealed_and_an_officer_opens_it(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        bank.register(bank.introduction("friends", PHONE)).await.unwrap();
        let (statement, body) = newest(&bank, "referral.registered").await;
        let fields = sealed(&body);
        let committed: Vec<&str> = statement["pii"].as_array().unwrap().iter().map(|one| one["c"].as_str().unwrap()).collect();
        assert_eq!(fields.iter().map(|field| field.commitment.as_str()).collect::<Vec<_>>(), committed);
        assert_eq!(body["consent"]["means"], "SIGNED");

        let openings = open(&bank, fields.clone()).await;
        let plain: Vec<&str> = openings.iter().map(|opening| opening.plain.as_str()).collect();
        assert_eq!(plain, ["Jan Novák", PHONE]);
        for (opening, field) in openings.iter().zip(&fields) {
            let blind: [u8; 32] = opening.blind.as_slice().try_into().unwrap();
            assert_eq!(hex::encode(pii_commitment(&blind, opening.plain.as_bytes())), field.commitment);
        }
        let (look, _) = newest(&bank, "subject.opened").await;
        assert_eq!(look["reason"], "INVESTIGATION");

        // What was not sealed here is not opened: another bit, another field, another commitment.
        let mut changed = fields.clone();
        changed[0].sealed[20] ^= 1;
        changed[1].field = "display_name".into();
        let moved = SealedField { commitment: fields[1].commitment.clone(), ..fields[0].clone() };
        // Nor what there never was a key for: of nobody that was introduced here, or for another purpose.
        let stranger = SealedField { subject: format!("subjects/{}", bank.request_id()), ..fields[0].clone() };
        let elsewhere = SealedField { purpose: "TAX".into(), ..fields[0].clone() };
        for opening in open(&bank, [changed, vec![moved, stranger, elsewhere.clone()]].concat()).await {
            assert_eq!((opening.outcome(), opening.plain.as_str()), (Outcome::NotOurs, ""));
        }
        bank.keys_db.transact(&DestroyKeys).await.unwrap();
        assert_eq!(open(&bank, vec![elsewhere]).await[0].outcome(), Outcome::NotOurs);
        for opening in open(&bank, fields).await {
            assert_eq!((opening.outcome(), opening.plain.as_str()), (Outcome::Erased, ""));
        }
    }
}

//! Erasure, by two people and then by itself: what is left, what a hold and a duty keep, and that no crash and no copy brings anything
//! back.

use crate::{
    bank::{Bank, DAY, czk},
    log::Answer,
    reveal::{newest, open, reveal, sealed},
};
use handsel_proto::handsel::referral::v1::{
    ConfirmErasureRequest, Erasure, ErasureReason, Fact, FactKind, GetErasureRequest, ProposeErasureRequest, Purpose,
    Referral, SealedField, erasure::Stage, erasure_service_client::ErasureServiceClient,
    open_personal_data_response::Outcome, referral::State,
};
use handsel_referral::RetentionPeriods;
use handsel_service::Part as _;
use handsel_storage::{Command, Db, Fault, Tx};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use std::time::Duration;
use tonic::{Status, transport::Channel};

const PHONE: &str = "+420601123456";

fn erasures(bank: &Bank) -> ErasureServiceClient<Channel> {
    ErasureServiceClient::new(bank.server.channel())
}

pub(crate) async fn propose(
    bank: &Bank,
    referral: &str,
    purposes: &[Purpose],
    person: &str,
) -> Result<Erasure, Status> {
    let request = ProposeErasureRequest {
        request_id: bank.request_id(),
        referral: referral.into(),
        purposes: purposes.iter().map(|purpose| (*purpose).into()).collect(),
        reason: ErasureReason::DataSubjectRequest.into(),
    };
    let token = bank.lab.token(Role::ComplianceOfficer, "*", person);
    Ok(erasures(bank).propose_erasure(bank.lab.call(request, &token)).await?.into_inner())
}

pub(crate) async fn confirm(bank: &Bank, name: &str, person: &str) -> Result<Erasure, Status> {
    let request = ConfirmErasureRequest { request_id: bank.request_id(), name: name.into() };
    let token = bank.lab.token(Role::ComplianceOfficer, "*", person);
    Ok(erasures(bank).confirm_erasure(bank.lab.call(request, &token)).await?.into_inner())
}

pub(crate) async fn get(bank: &Bank, name: &str) -> Erasure {
    let token = bank.lab.token(Role::InternalAuditor, "*", "ivan");
    let request = bank.lab.call(GetErasureRequest { name: name.into() }, &token);
    erasures(bank).get_erasure(request).await.unwrap().into_inner()
}

/// One run of a job of the service's.
pub(crate) async fn run(bank: &Bank, job: &str) -> anyhow::Result<()> {
    let jobs = bank.service.jobs();
    jobs.iter().find(|one| one.name == job).unwrap().run_once().await.map(drop)
}

async fn decided(bank: &Bank, referral: &str, purposes: &[Purpose]) -> Erasure {
    let proposed = propose(bank, referral, purposes, "olga").await.unwrap();
    confirm(bank, &proposed.name, "petr").await.unwrap()
}

async fn erased(bank: &Bank, referral: &str, purposes: &[Purpose]) -> Erasure {
    let decided = decided(bank, referral, purposes).await;
    run(bank, "referral erasures").await.unwrap();
    get(bank, &decided.name).await
}

async fn with_referral(lab: Lab) -> (Bank, Referral) {
    let bank = Bank::with_log(lab, RetentionPeriods::default()).await;
    bank.run_program("friends", |_| {}).await;
    let referral = bank.register(bank.introduction("friends", PHONE)).await.unwrap();
    (bank, referral)
}

async fn qualified(bank: &Bank, referral: &Referral) {
    let opened = bank.fact("opened", FactKind::AccountOpened, None, Duration::ZERO);
    let deposit = bank.fact("deposit", FactKind::FirstDeposit, Some(czk(5_000)), Duration::ZERO);
    let named = |fact| Fact { referral: referral.name.clone(), ..fact };
    bank.ingest(vec![named(opened), named(deposit)]).await;
    assert_eq!(bank.referral(&referral.name).await.state(), State::Qualified);
}

/// Whether nobody reads anything of him any more: not the desk, not an officer who has the body of his record.
async fn is_unreadable(bank: &Bank, referral: &Referral, fields: &[SealedField]) -> bool {
    let shown = bank.referral(&referral.name).await.referee.unwrap().display_name;
    let revealed = reveal(bank, &referral.name, &bank.teller()).await;
    let opened = if fields.is_empty() { Vec::new() } else { open(bank, fields.to_vec()).await };
    shown == "***"
        && revealed.is_err_and(|status| reason(&status) == "ERASED")
        && opened.iter().all(|opening| opening.outcome() == Outcome::Erased && opening.plain.is_empty())
}

/// Statements past the service.
struct Past(Vec<&'static str>);

impl Command for Past {
    const NAME: &'static str = "test.past";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        for sql in &self.0 {
            tx.exec(sql, ()).await?;
        }
        Ok(())
    }
}

async fn past(db: &Db, postgres: &[&'static str], sqlite: &[&'static str]) {
    db.transact(&Past(db.pick(postgres, sqlite).to_vec())).await.unwrap();
}

/// From here on an erasure that comes to a stage is not saved: whatever was done outside, the process dies before it is on record.
async fn die_before(bank: &Bank, stage: &'static str) {
    let sqlite: &'static str = format!(
        "CREATE TRIGGER dies BEFORE UPDATE ON erasure WHEN NEW.stage = '{stage}' BEGIN SELECT RAISE(ABORT, 'dies'); END"
    )
    .leak();
    let postgres: &'static str = format!(
        "CREATE TRIGGER dies BEFORE UPDATE ON erasure FOR EACH ROW WHEN (NEW.stage = '{stage}') EXECUTE FUNCTION dies()"
    )
    .leak();
    let function =
        "CREATE OR REPLACE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'dies'; END $$";
    past(&bank.db, &[function, postgres], &[sqlite]).await;
}

on_both_engines! {
    async fn two_people_erase_a_person_and_each_step_has_its_receipt(lab: Lab) {
        let (bank, referral) = with_referral(lab).await;
        let (_, body) = newest(&bank, "referral.registered").await;
        let fields = sealed(&body);
        let proposed = propose(&bank, &referral.name, &[], "olga").await.unwrap();
        assert_eq!((proposed.stage(), proposed.purposes.len()), (Stage::Proposed, 3));
        let alone = confirm(&bank, &proposed.name, "olga").await.unwrap_err();
        assert_eq!(reason(&alone), "MAKER_IS_CHECKER");
        confirm(&bank, &proposed.name, "petr").await.unwrap();
        let twice = confirm(&bank, &proposed.name, "jana").await.unwrap_err();
        assert_eq!(reason(&twice), "STATE_CONFLICT");
        assert!(!is_unreadable(&bank, &referral, &fields).await, "decided, not done");

        run(&bank, "referral erasures").await.unwrap();
        let erased = get(&bank, &proposed.name).await;
        let receipts: Vec<(&str, &str)> =
            erased.steps.iter().map(|step| (step.service.as_str(), step.receipt.as_str())).collect();
        assert_eq!(receipts, [
            ("referral", "olga"), ("referral", "petr"), ("audit", "records/0"), ("key store", "3 keys"),
            ("referral", erased.name.as_str()),
        ]);
        assert_eq!((erased.stage(), erased.confirmer.as_str()), (Stage::Erased, "petr"));
        assert!(is_unreadable(&bank, &referral, &fields).await);
        let kinds: Vec<String> = bank.statements().await.into_iter().filter(|kind| kind.starts_with("subject.eras")).collect();
        assert_eq!(kinds, ["subject.erasure_proposed", "subject.erasure_decided", "subject.erased"]);
        let (statement, said) = newest(&bank, "subject.erased").await;
        assert_eq!((&statement["reason"], &said["keys_destroyed"]), (&"DATA_SUBJECT_REQUEST".into(), &3.into()));
        let staff = |statement: &serde_json::Value| {
            statement["subjects"].as_array().unwrap().iter().filter(|name| name.as_str().unwrap().starts_with("staff/s-")).count()
        };
        assert_eq!(staff(&statement), 2, "the log says who did it");
    }

    async fn a_person_is_erased_with_every_referral_of_his_and_known_again_only_by_his_suppression(lab: Lab) {
        let (bank, first) = with_referral(lab).await;
        let second = Referral { referrer: "customers/101".into(), ..bank.introduction("friends", PHONE) };
        let second = bank.register(second).await.unwrap();
        assert_eq!(second.state(), State::Rejected, "he was referred before");
        let erased = erased(&bank, &second.name, &[]).await;
        assert_eq!(erased.referrals, [first.name.clone(), second.name.clone()]);
        for referral in [&first, &second] {
            assert!(is_unreadable(&bank, referral, &[]).await);
        }
        assert!(bank.log.asked_about().contains(&first.name));
        let again = bank.register(bank.introduction("friends", PHONE)).await.unwrap();
        assert_eq!(again.state(), State::Rejected, "a suppression stands for him");
        bank.lab.clock.advance(3_660 * DAY).unwrap();
        run(&bank, "referral purge suppressions").await.unwrap();
        let (count,): (i64,) = bank.db.one("SELECT COUNT(*) FROM suppression", ()).await.unwrap();
        assert_eq!(count, 0);
    }

    async fn suppressions_may_be_switched_off(lab: Lab) {
        let periods = RetentionPeriods { suppression_years: 0, ..RetentionPeriods::default() };
        let bank = Bank::with_log(lab, periods).await;
        bank.run_program("friends", |_| {}).await;
        let referral = bank.register(bank.introduction("friends", PHONE)).await.unwrap();
        erased(&bank, &referral.name, &[]).await;
        let again = bank.register(bank.introduction("friends", PHONE)).await.unwrap();
        assert_eq!(again.state(), State::Registered, "nothing is known of him");
    }

    async fn a_duty_keeps_what_proves_a_reward_and_not_what_consent_gave(lab: Lab) {
        let (bank, referral) = with_referral(lab).await;
        qualified(&bank, &referral).await;
        let (_, body) = newest(&bank, "referral.registered").await;
        for purposes in [&[][..], &[Purpose::Contract], &[Purpose::Tax, Purpose::Marketing]] {
            let refused = propose(&bank, &referral.name, purposes, "olga").await.unwrap_err();
            assert_eq!(reason(&refused), "RETENTION_APPLIES", "{purposes:?}");
        }
        assert_eq!(erased(&bank, &referral.name, &[Purpose::Marketing]).await.stage(), Stage::Erased);
        assert_eq!(bank.referral(&referral.name).await.referee.unwrap().display_name, "***");
        let opened = open(&bank, sealed(&body)).await;
        assert_eq!(opened[0].plain, "Jan Novák", "what proves the reward is kept");
    }

    async fn a_hold_outranks_an_erasure_at_each_of_its_steps(lab: Lab) {
        let (bank, referral) = with_referral(lab).await;
        let (_, body) = newest(&bank, "referral.registered").await;
        let proposed = propose(&bank, &referral.name, &[], "olga").await.unwrap();
        for (answer, expected) in [(Answer::Held, "HELD"), (Answer::Away, "HOLDS_UNKNOWN")] {
            bank.log.answers(answer);
            assert_eq!(reason(&confirm(&bank, &proposed.name, "petr").await.unwrap_err()), expected);
        }
        bank.log.answers(Answer::Clear);
        confirm(&bank, &proposed.name, "petr").await.unwrap();
        // The log is away, and comes back with a hold.
        bank.log.answers(Answer::Away);
        assert!(run(&bank, "referral erasures").await.is_err());
        assert_eq!(get(&bank, &proposed.name).await.stage(), Stage::Decided, "no answer is no clearance");
        bank.log.answers(Answer::Held);
        run(&bank, "referral erasures").await.unwrap();
        let held = get(&bank, &proposed.name).await;
        assert_eq!((held.stage(), held.steps.last().unwrap().receipt.as_str()), (Stage::Held, "holds/7"));
        assert_eq!(open(&bank, sealed(&body)).await[0].plain, "Jan Novák", "nothing held is gone");
        assert_eq!(newest(&bank, "subject.erasure_held").await.0["outcome"], "refused");
        // Once it is released, it is proposed again.
        bank.log.answers(Answer::Clear);
        assert_eq!(erased(&bank, &referral.name, &[]).await.stage(), Stage::Erased);
    }

    async fn whatever_dies_between_two_steps_the_next_start_goes_on(lab: Lab) {
        let (mut bank, referral) = with_referral(lab).await;
        let (_, body) = newest(&bank, "referral.registered").await;
        let name = decided(&bank, &referral.name, &[]).await.name;
        for (dies, stands) in [("CLEARED", Stage::Decided), ("DESTROYED", Stage::Cleared), ("ERASED", Stage::Destroyed)] {
            die_before(&bank, dies).await;
            assert!(run(&bank, "referral erasures").await.is_err());
            bank = bank.restarted().await;
            assert_eq!(get(&bank, &name).await.stage(), stands);
            past(&bank.db, &["DROP TRIGGER dies ON erasure"], &["DROP TRIGGER dies"]).await;
        }
        run(&bank, "referral erasures").await.unwrap();
        let erased = get(&bank, &name).await;
        assert_eq!((erased.stage(), erased.steps[3].receipt.as_str()), (Stage::Erased, "3 keys"));
        assert_eq!(bank.log.cleared().len(), 1, "asked twice, cleared once");
        assert!(is_unreadable(&bank, &referral, &sealed(&body)).await);
        let done = bank.statements().await.iter().filter(|kind| *kind == "subject.erased").count();
        assert_eq!(done, 1);
    }

    async fn no_copy_of_a_database_brings_anything_back(lab: Lab) {
        let (bank, referral) = with_referral(lab).await;
        let (_, body) = newest(&bank, "referral.registered").await;
        let keep = "CREATE TABLE kept_subject AS SELECT * FROM subject";
        let keep_index = "CREATE TABLE kept_referral AS SELECT id, contact_index FROM referral";
        past(&bank.db, &[keep, keep_index], &[keep, keep_index]).await;
        past(&bank.keys_db, &["CREATE TABLE kept_key AS SELECT * FROM data_key"], &["CREATE TABLE kept_key AS SELECT * FROM data_key"]).await;
        let name = erased(&bank, &referral.name, &[]).await.name;

        // The key store from a copy: at the next start everything is destroyed again.
        let restore = [
            "DELETE FROM data_key",
            "INSERT INTO data_key SELECT * FROM kept_key",
        ];
        past(
            &bank.keys_db,
            &[&["ALTER TABLE data_key DISABLE TRIGGER ALL"], &restore[..], &["ALTER TABLE data_key ENABLE TRIGGER ALL"]].concat(),
            &[&["DROP TRIGGER data_key_kept"], &restore[..]].concat(),
        ).await;
        assert!(!is_unreadable(&bank, &referral, &sealed(&body)).await, "the copy opens what was sealed when it was made");
        let bank = bank.restarted().await;
        run(&bank, "referral keep erased").await.unwrap();
        assert!(is_unreadable(&bank, &referral, &sealed(&body)).await);

        // The database from a copy that knows of no erasure: nothing can be read, and he is forgotten again.
        let restore = [
            "DELETE FROM erasure_subject",
            "DELETE FROM erasure",
            "DELETE FROM suppression",
            "UPDATE subject SET sealed_name = (SELECT k.sealed_name FROM kept_subject k WHERE k.id = subject.id),
                sealed_contact = (SELECT k.sealed_contact FROM kept_subject k WHERE k.id = subject.id)",
            "UPDATE referral SET contact_index = (SELECT k.contact_index FROM kept_referral k WHERE k.id = referral.id)",
        ];
        past(
            &bank.db,
            &[
                &["ALTER TABLE erasure DISABLE TRIGGER ALL", "ALTER TABLE erasure_subject DISABLE TRIGGER ALL"],
                &restore[..],
                &["ALTER TABLE erasure ENABLE TRIGGER ALL", "ALTER TABLE erasure_subject ENABLE TRIGGER ALL"],
            ].concat(),
            &[&["DROP TRIGGER erasure_kept", "DROP TRIGGER erasure_subject_kept_delete"], &restore[..]].concat(),
        ).await;
        assert!(is_unreadable(&bank, &referral, &sealed(&body)).await);
        let bank = bank.restarted().await;
        run(&bank, "referral keep erased").await.unwrap();
        let (sealed_bytes,): (i64,) = bank.db.one("SELECT CAST(length(sealed_contact) AS BIGINT) FROM subject", ()).await.unwrap();
        assert_eq!(sealed_bytes, 0);
        assert_eq!(newest(&bank, "subject.erased_again").await.0["reason"], "RESTORED_FROM_COPY");
        let again = bank.register(bank.introduction("friends", PHONE)).await.unwrap();
        assert_eq!(again.state(), State::Rejected, "the suppression stands again");
        assert!(!name.is_empty());
    }

    async fn what_rests_on_a_consent_ends_two_years_after_the_last(lab: Lab) {
        let (bank, expired) = with_referral(lab).await;
        let customer = bank.register(bank.introduction("friends", "+420601999999")).await.unwrap();
        qualified(&bank, &customer).await;
        let (_, body) = newest(&bank, "referral.registered").await;
        bank.lab.clock.advance(732 * DAY).unwrap();
        bank.lab.system.advance(732 * DAY).unwrap();
        let bank = bank.restarted().await;
        let retained = async || {
            run(&bank, "referral retention").await.unwrap();
            run(&bank, "referral erasures").await.unwrap();
            (bank.referral(&expired.name).await.referee.unwrap().display_name, bank.referral(&customer.name).await.referee.unwrap().display_name)
        };
        assert_eq!(retained().await, ("J*** N***".to_owned(), "J*** N***".to_owned()), "to the day");
        bank.lab.clock.advance(Duration::from_secs(1)).unwrap();
        assert_eq!(retained().await, ("***".to_owned(), "***".to_owned()));
        assert_eq!(open(&bank, sealed(&body)).await[0].plain, "Jan Novák", "a reward was owed: that is proven for ten years");
        let decided = newest(&bank, "subject.erasure_decided").await.0;
        assert_eq!(decided["reason"], "RETENTION_OVER");
        let before = bank.statements().await.len();
        assert_eq!(retained().await.0, "***");
        assert_eq!(bank.statements().await.len(), before, "once");
    }

    async fn the_bytes_of_a_destroyed_key_are_nowhere_in_the_key_store(lab: Lab) {
        let (bank, referral) = with_referral(lab).await;
        let keys: Vec<(Vec<u8>,)> = bank.keys_db.all("SELECT wrapped FROM data_key", ()).await.unwrap();
        erased(&bank, &referral.name, &[]).await;
        if let handsel_storage::Location::Sqlite { folder } = bank.lab.location() {
            for end in ["", "-wal"] {
                let file = folder.join(format!("referral_keys.db{end}"));
                let bytes = std::fs::read(&file).unwrap_or_default();
                for (key,) in &keys {
                    assert!(!bytes.windows(key.len()).any(|window| window == key.as_slice()), "{}", file.display());
                }
            }
        }
        let (left,): (i64,) = bank.keys_db.one("SELECT COUNT(*) FROM data_key WHERE length(wrapped) > 0", ()).await.unwrap();
        assert_eq!((keys.len(), left), (2, 0));
        let insert = "INSERT INTO data_key (subject_id, purpose, wrapping_key, wrapped, created_at, bound)
            SELECT subject_id, purpose, '1', subject_id, created_at, TRUE FROM data_key WHERE destroyed_at IS NOT NULL";
        let insert_postgres = "INSERT INTO data_key (subject_id, purpose, wrapping_key, wrapped, created_at, bound)
            SELECT subject_id, purpose, '1', 'x', created_at, TRUE FROM data_key WHERE destroyed_at IS NOT NULL";
        let again = bank.keys_db.transact(&Past(bank.keys_db.pick([insert_postgres], [insert]).to_vec())).await;
        assert!(again.is_err(), "a destroyed key is never made again");
    }
}

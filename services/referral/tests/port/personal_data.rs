//! Names and contacts: shown masked, and nowhere to be found in either database.

use crate::bank::Bank;
use handsel_proto::handsel::referral::v1::{CreateReferralRequest, Referee, Referral, referee::Contact};
use handsel_storage::{Db, Engine, Location};
use handsel_testkit::{Lab, on_both_engines};

fn referee(name: &str, contact: Contact) -> Option<Referee> {
    Some(Referee { display_name: name.into(), contact: Some(contact) })
}

/// Every byte of both databases: the files of the one engine, every row of every table of the other.
async fn everything(bank: &Bank) -> Vec<u8> {
    match bank.lab.location() {
        Location::Sqlite { folder } => {
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect()
        }
        Location::Postgres { .. } => {
            let mut bytes = rows(&bank.db).await;
            bytes.extend(rows(&bank.keys_db).await);
            bytes
        }
    }
}

async fn rows(db: &Db) -> Vec<u8> {
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()";
    let mut bytes = Vec::new();
    for (table,) in db.all::<(String,)>(tables, ()).await.unwrap() {
        let sql: &'static str = format!("SELECT row_to_json(t)::text FROM \"{table}\" t").leak();
        for (row,) in db.all::<(String,)>(sql, ()).await.unwrap() {
            bytes.extend_from_slice(row.as_bytes());
        }
    }
    bytes
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

on_both_engines! {
    async fn answers_show_masks(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        for (given, shown) in [
            (referee("张伟", Contact::Phone("+8613812345678".into())), referee("张**", Contact::Phone("138****5678".into()))),
            (referee("Jan Novák", Contact::Phone("+420601123456".into())), referee("J*** N***", Contact::Phone("+420****456".into()))),
            (referee("Jan Novák", Contact::Email("Jan@example.org".into())), referee("J*** N***", Contact::Email("j***@example.org".into()))),
        ] {
            let introduction = bank.introduction("friends", "+420601123456");
            let registered = bank.register(Referral { referee: given, ..introduction }).await.unwrap();
            assert_eq!(registered.referee, shown);
            assert_eq!(bank.referral(&registered.name).await.referee, shown);
        }
    }

    async fn no_name_and_no_contact_is_in_either_database(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let (name, phone, mail) = ("Bartholomäus Zwölfenstein", "+420776554332", "bartholomaeus@zwoelfenstein.example");
        for (number, contact) in [Contact::Phone(phone.into()), Contact::Email(mail.into()), Contact::Phone(phone.into())].into_iter().enumerate() {
            let introduction = bank.introduction("friends", phone);
            let request = CreateReferralRequest {
                request_id: bank.request_id(),
                referral: Some(Referral { referee: referee(name, contact), ..introduction }),
            };
            // The third is rejected: that is on record too. Each is sent twice.
            for _ in 0..2 {
                let call = bank.lab.call(request.clone(), &bank.teller());
                bank.referrals().create_referral(call).await.unwrap_or_else(|status| panic!("{number}: {status}"));
            }
        }
        let bytes = everything(&bank).await;
        assert!(bytes.len() > 1_000 && contains(&bytes, "referee-contact/2"), "the search finds what is there");
        for secret in [name, "Bartholom", "Zwölfenstein", phone, &phone[1..], mail, "zwoelfenstein"] {
            assert!(!contains(&bytes, secret), "{secret} is in the database");
            assert!(!contains(&bytes, &hex(secret)), "{secret} is in the database, in hex");
        }
        if bank.lab.engine() == Engine::Postgres {
            assert!(contains(&bytes, "wrapped"), "the key store was searched too");
            assert!(contains(&bytes, &hex("referral.registered")), "and what is shown in hex");
        }
    }

    async fn a_referee_whose_key_is_gone_is_shown_as_nobody(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let nobody = referee("***", Contact::Phone("****".into()));
        let erased = bank.register(bank.introduction("friends", "+420601123456")).await.unwrap();
        bank.keys_db.transact(&DestroyKeys).await.unwrap();
        assert_eq!(bank.referral(&erased.name).await.referee, nobody);
    }

    async fn a_referee_whose_key_is_lost_is_shown_as_nobody(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let nobody = referee("***", Contact::Phone("****".into()));
        let lost = bank.register(bank.introduction("friends", "+420601123456")).await.unwrap();
        bank.keys_db.transact(&LoseKeys).await.unwrap();
        assert_eq!(bank.referral(&lost.name).await.referee, nobody);
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Destroys every key, as an erasure would one.
pub(crate) struct DestroyKeys;

impl handsel_storage::Command for DestroyKeys {
    const NAME: &'static str = "test.destroy_keys";
    type Output = u64;

    async fn apply(&self, tx: &mut handsel_storage::Tx) -> Result<u64, handsel_storage::Fault> {
        let sql = tx.pick(
            "UPDATE data_key SET wrapping_key = '', wrapped = '', bound = TRUE, destroyed_at = created_at, erasure_id = subject_id",
            "UPDATE data_key SET wrapping_key = '', wrapped = x'', bound = TRUE, destroyed_at = created_at, erasure_id = subject_id",
        );
        tx.exec(sql, ()).await
    }
}

/// Loses every key, as a key store would that is put back from too early a copy: nothing is left of them, no tombstone either.
pub(crate) struct LoseKeys;

impl handsel_storage::Command for LoseKeys {
    const NAME: &'static str = "test.lose_keys";
    type Output = u64;

    async fn apply(&self, tx: &mut handsel_storage::Tx) -> Result<u64, handsel_storage::Fault> {
        tx.exec("DELETE FROM data_key", ()).await
    }
}

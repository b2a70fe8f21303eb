//! The log only grows, and it does not start when it is not what it was.

use crate::stage::{ORIGIN, Producer, Stage, pseudonyms};
use handsel_audit::{Audit, AuditConfig, tlog::SigningKey};
use handsel_testkit::{Engine, Lab, on_both_engines};

const UPDATES: [&str; 8] = [
    "UPDATE leaf SET content = content",
    "UPDATE body SET salt = salt",
    "UPDATE tile SET root = root",
    "UPDATE head SET root = root",
    "UPDATE checkpoint SET note = note",
    "UPDATE place SET first_leaf = first_leaf",
    "UPDATE source_epoch SET epoch = epoch",
    "UPDATE conflict SET leaf_index = leaf_index",
];
const DELETES: [&str; 8] = [
    "DELETE FROM leaf",
    "DELETE FROM body",
    "DELETE FROM tile",
    "DELETE FROM head",
    "DELETE FROM checkpoint",
    "DELETE FROM place",
    "DELETE FROM source_epoch",
    "DELETE FROM conflict",
];
const REPLACES: [&str; 3] = [
    "INSERT OR REPLACE INTO leaf SELECT * FROM leaf WHERE leaf_index = 3",
    "INSERT OR REPLACE INTO head SELECT * FROM head",
    "INSERT OR REPLACE INTO tile SELECT * FROM tile",
];

/// A log with a full tile, a partial one, a conflict and a checkpoint.
async fn filled(lab: Lab) -> (Stage, Producer) {
    let stage = Stage::set(lab).await;
    let mut producer = Producer::of("referral/audit");
    stage.fill(&mut producer, 300).await;
    let other = Producer::of("referral/audit").made(1, "false");
    stage.append("referral/audit", 1, vec![other]).await.unwrap_err();
    stage.sign().await;
    (stage, producer)
}

/// What was done to the stored log, and what the start says to it.
struct Damage {
    what: &'static str,
    postgres: &'static [&'static str],
    sqlite: &'static [&'static str],
    says: &'static str,
}

async fn refused(lab: Lab, damage: Damage) {
    let (stage, _) = filled(lab).await;
    stage.tamper(damage.postgres, damage.sqlite).await.unwrap();
    let Err(error) = stage.restarted().await else { panic!("{}: it starts all the same", damage.what) };
    let told = format!("{error:#}");
    assert!(told.contains("does not start") && told.contains(damage.says), "{}: {told}", damage.what);
}

on_both_engines! {
    async fn nothing_of_the_log_is_changed_or_deleted(lab: Lab) {
        let (stage, _) = filled(lab).await;
        for sql in UPDATES.into_iter().chain(DELETES) {
            let error = stage.tamper(&[sql], &[sql]).await.unwrap_err().to_string();
            assert!(error.contains("the audit log only grows"), "{sql}: {error}");
        }
        for sql in REPLACES {
            if stage.lab.engine() == Engine::Sqlite {
                let error = stage.tamper(&[], &[sql]).await.unwrap_err().to_string();
                assert!(error.contains("the audit log only grows"), "{sql}: {error}");
            }
        }
        if stage.lab.engine() == Engine::Postgres {
            let error = stage.tamper(&["TRUNCATE leaf CASCADE"], &[]).await.unwrap_err().to_string();
            assert!(error.contains("the audit log only grows"), "{error}");
        }
        let lowered = "UPDATE sequencer SET epoch = epoch - 1";
        assert!(stage.tamper(&[lowered], &[lowered]).await.unwrap_err().to_string().contains("never falls"));
        stage.restarted().await.unwrap();
    }

    async fn a_log_that_was_left_alone_goes_on_where_it_was(lab: Lab) {
        let (stage, mut producer) = filled(lab).await;
        let stage = stage.restarted().await.unwrap();
        stage.fill(&mut producer, 300).await;
        let stage = stage.restarted().await.unwrap();
        assert_eq!(stage.kinds().await.len(), 601);
    }

    async fn a_changed_leaf(lab: Lab) {
        refused(lab, Damage {
            what: "a leaf changed",
            postgres: &["ALTER TABLE leaf DISABLE TRIGGER USER", "UPDATE leaf SET content = 'another'::BYTEA WHERE leaf_index = 290"],
            sqlite: &["DROP TRIGGER leaf_no_update", "UPDATE leaf SET content = CAST('another' AS BLOB) WHERE leaf_index = 290"],
            says: "leaf 290 is not what was hashed",
        }).await;
    }

    async fn a_changed_leaf_with_its_hash(lab: Lab) {
        refused(lab, Damage {
            what: "a leaf changed, and its hash with it",
            postgres: &["ALTER TABLE leaf DISABLE TRIGGER USER",
                "UPDATE leaf SET content = 'another'::BYTEA, hash = '\\x8f8c80d79addb826b8549a09e005ef7cc5d02d687419b6b99d88167311ae59a9'::BYTEA WHERE leaf_index = 290"],
            sqlite: &["DROP TRIGGER leaf_no_update",
                "UPDATE leaf SET content = CAST('another' AS BLOB),
                 hash = x'8f8c80d79addb826b8549a09e005ef7cc5d02d687419b6b99d88167311ae59a9' WHERE leaf_index = 290"],
            says: "leaves give root",
        }).await;
    }

    async fn a_changed_tile(lab: Lab) {
        refused(lab, Damage {
            what: "a tile's hashes exchanged",
            postgres: &["ALTER TABLE tile DISABLE TRIGGER USER",
                "UPDATE tile SET hashes = substr(hashes, 33) || substr(hashes, 1, 32)"],
            sqlite: &["DROP TRIGGER tile_no_update",
                "UPDATE tile SET hashes = CAST(substr(hashes, 33) || substr(hashes, 1, 32) AS BLOB)"],
            says: "tile 0/0 is not what its root was made of",
        }).await;
    }

    async fn a_changed_head(lab: Lab) {
        refused(lab, Damage {
            what: "a head's root replaced by an older one's",
            postgres: &["ALTER TABLE head DISABLE TRIGGER USER", "UPDATE head SET root = (SELECT root FROM head ORDER BY size LIMIT 1)"],
            sqlite: &["DROP TRIGGER head_no_update", "UPDATE head SET root = (SELECT root FROM head ORDER BY size LIMIT 1)"],
            says: "leaves give root",
        }).await;
    }

    async fn a_cut_log(lab: Lab) {
        refused(lab, Damage {
            what: "the end cut off",
            postgres: &["ALTER TABLE conflict DISABLE TRIGGER ALL", "ALTER TABLE place DISABLE TRIGGER ALL", "ALTER TABLE leaf DISABLE TRIGGER ALL",
                "DELETE FROM conflict", "DELETE FROM place WHERE first_leaf = 300", "DELETE FROM leaf WHERE leaf_index = 300"],
            sqlite: &["DROP TRIGGER conflict_no_delete", "DROP TRIGGER place_no_delete", "DROP TRIGGER leaf_no_delete",
                "DELETE FROM conflict", "DELETE FROM place WHERE first_leaf = 300", "DELETE FROM leaf WHERE leaf_index = 300"],
            says: "a leaf from 256 on is not there",
        }).await;
    }

    async fn a_log_that_another_key_signed(lab: Lab) {
        let (stage, _) = filled(lab).await;
        let stranger = AuditConfig::new(SigningKey::from_seed(ORIGIN, &[6; 32]).unwrap());
        let Err(error) = Audit::start(stage.db.clone(), stage.lab.world(), stranger, pseudonyms()).await else {
            panic!("it starts under another key");
        };
        assert!(format!("{error:#}").contains("not signed by the key expected"), "{error:#}");
    }
}

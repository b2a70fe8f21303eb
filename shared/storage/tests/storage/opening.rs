//! Opening and migrating: one process a folder, many at once on a schema, and versions that do not fit.
use crate::{
    on_both_engines,
    place::{Place, TABLES, migrations},
};
use handsel_storage::{Db, Engine, Location, MIGRATIONS, Migration, StorageError};
use std::{path::PathBuf, process::Command};
use tokio::task::JoinSet;

const CHILD: &str = "HANDSEL_TEST_CHILD_OPENS";

async fn start_together(place: &Place) {
    let mut starters = JoinSet::new();
    for service in ["one", "two", "three", "four"] {
        for _replica in 0..2 {
            let location = place.location.clone();
            let schema: &'static str = format!("{}_{service}", place.schema).leak();
            starters.spawn(async move {
                let db = Db::open(&location, schema).await.unwrap();
                db.migrate(&migrations()).await.unwrap();
                db.is_current(&migrations()).await.unwrap();
            });
        }
    }
    starters.join_all().await;
}

on_both_engines! {
    async fn services_start_together(place: Place) {
        start_together(&place).await;
        start_together(&place).await;
    }

    async fn a_newer_schema_is_refused(place: Place) {
        for refused in [place.db.migrate(MIGRATIONS).await, place.db.is_current(MIGRATIONS).await] {
            let error = refused.unwrap_err();
            assert!(matches!(error, StorageError::Newer { version: 100, .. }), "{error}");
        }
    }

    async fn a_schema_that_lacks_a_migration_is_told(place: Place) {
        let later = Migration { version: 101, name: "later", postgres: "SELECT 1", sqlite: "SELECT 1" };
        let error = place.db.is_current(&[migrations(), vec![later]].concat()).await.unwrap_err();
        assert!(matches!(error, StorageError::Behind { version: 101, .. }), "{error}");
    }

    async fn an_applied_migration_never_changes(place: Place) {
        let changed = Migration { postgres: "SELECT 2", sqlite: "SELECT 2", ..TABLES };
        let changed = [MIGRATIONS, &[changed]].concat();
        for refused in [place.db.migrate(&changed).await, place.db.is_current(&changed).await] {
            let error = refused.unwrap_err();
            assert!(matches!(error, StorageError::Changed { version: 100, .. }), "{error}");
        }
    }

    async fn a_migration_that_fails_leaves_nothing(place: Place) {
        let half = "CREATE TABLE half (id BIGINT); CREATE TABLE nonsense (";
        let broken = Migration { version: 101, name: "broken", postgres: half, sqlite: half };
        let error = place.db.migrate(&[migrations(), vec![broken]].concat()).await.unwrap_err();
        assert!(matches!(error, StorageError::Migrate { .. }), "{error}");
        assert!(place.db.opt::<(i64,)>("SELECT id FROM half", ()).await.is_err());
        place.db.migrate(&migrations()).await.unwrap();
    }

    async fn it_answers_until_it_is_closed(place: Place) {
        place.db.ping().await.unwrap();
        place.db.close().await;
        assert!(place.db.ping().await.is_err());
    }
}

#[tokio::test]
async fn nothing_is_current_before_the_first_migration() {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let place = Place::bare(engine, "never_migrated").await;
        let error = place.db.is_current(&migrations()).await.unwrap_err();
        assert!(matches!(error, StorageError::Behind { version: 1, .. }), "{error}");
    }
}

/// The other half of the test below, in a process of its own; by itself it does nothing.
#[tokio::test]
async fn child() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let opened = Db::open(&Location::Sqlite { folder: PathBuf::from(folder) }, "service").await;
    println!("opened: {}", opened.map_or_else(|error| error.to_string(), |_| "yes".to_owned()));
}

fn child_opens(folder: &std::path::Path) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", "opening::child", "--nocapture"]).env(CHILD, folder).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    output.split_once("opened: ").and_then(|(_, told)| told.lines().next()).unwrap().to_owned()
}

#[tokio::test]
async fn a_folder_belongs_to_one_process_and_all_its_services() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite { folder: folder.path().to_owned() };
    let one = Db::open(&location, "one").await.unwrap();
    let two = Db::open(&location, "two").await.unwrap();
    let told = child_opens(folder.path());
    assert!(told.contains(&format!("in use by another process (pid {})", std::process::id())), "{told}");
    assert!(told.contains("stop that one"), "{told}");

    one.close().await;
    drop(one);
    assert_ne!(child_opens(folder.path()), "yes", "the second service still holds it");
    two.close().await;
    drop(two);
    assert_eq!(child_opens(folder.path()), "yes");
}

//! Messages that were put aside because their receiver failed at them: shown, and released once it has been mended.

use crate::cli::{ParkedArguments, ServiceName};
use crate::place::data_and_pseudonyms;
use crate::serve;
use anstream::println;
use anyhow::{Result, ensure};
use handsel_outbox::{Actor, Outbox, Parked, Pseudonyms, ReleaseParked, parked};
use handsel_service::World;
use handsel_storage::Db;
use std::path::Path;

/// Where messages may be put aside.
const DESTINATIONS: [&str; 2] = ["reward", "referral"];
/// How many are shown.
const SHOWN: i64 = 500;

/// Shows what is put aside, or releases it.
///
/// # Errors
/// As the database says; nothing is put aside of the aggregate.
pub(crate) async fn run(arguments: &ParkedArguments) -> Result<()> {
    let (location, pseudonyms) = data_and_pseudonyms(arguments.config.as_deref(), &arguments.place)?;
    let schema = serve::name(arguments.service);
    let db = Db::open(&location, schema).await?;
    match (&arguments.release, &arguments.person) {
        (Some(aggregate), Some(person)) => release(&db, arguments.service, &pseudonyms, aggregate, person).await,
        _ => list(&db).await,
    }
}

async fn list(db: &Db) -> Result<()> {
    let mut count = 0;
    for destination in DESTINATIONS {
        for Parked { sequence, aggregate, reason, parked_at } in parked(db, destination, SHOWN).await? {
            println!("{destination} {sequence} {aggregate} {reason} {parked_at}");
            count += 1;
        }
    }
    println!("{count} put aside");
    Ok(())
}

async fn release(db: &Db, service: ServiceName, pseudonyms: &Path, aggregate: &str, person: &str) -> Result<()> {
    let world = World::real();
    ensure!(pseudonyms.exists(), "there is no {}: whose installation is this?", pseudonyms.display());
    let pseudonyms = Pseudonyms::from_file_or_create(pseudonyms, &*world.entropy)?;
    let outbox = Outbox::new(serve::name(service), world.clone(), pseudonyms);
    let actor = Actor { person: Some(person.to_owned()), ..Actor::system("operator") };
    let mut released = 0;
    for destination in DESTINATIONS {
        let (aggregate, outbox, actor) = (aggregate.to_owned(), outbox.clone(), actor.clone());
        let command = ReleaseParked { destination, aggregate, outbox, actor, now: world.business.now() };
        released += db.transact(&command).await?;
    }
    ensure!(released > 0, "nothing is put aside of {aggregate}");
    println!("{released} released: they go under new numbers, and what waited behind them follows");
    Ok(())
}

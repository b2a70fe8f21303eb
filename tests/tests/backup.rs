//! A whole installation copied while it works, and put back days later: what was paid since is not paid again, though nothing in the
//! copy knows of it.
#![expect(clippy::expect_used, reason = "what a test needs and does not get fails the test")]

use handsel_proto::handsel::reward::v1::{reward::State, settlement_latch, sign::Cause};
use handsel_tests::desk::{Desk, OneProcess, Standing};
use handsel_tests::patience::Patience;
use handsel_tests::process::Process;
use handsel_tests::program;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Answers are lost and repeated, now and then a payout is refused.
const FAULTS: &str = "lost-answer=20,duplicate=20,reject=10,seed=5";
/// Introductions before the copy, and of those how many rewards two people have not approved when it is taken.
const BEFORE: u32 = 5;

fn ask(arguments: &[&str], data: &Path) -> Result<String, String> {
    let done = Command::new(program()).args(arguments).arg("--data").arg(data).output().expect("it runs");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if done.status.success() { Ok(said(&done.stdout)) } else { Err(said(&done.stderr)) }
}

async fn all_paid(desk: &Desk, rewards: usize) {
    let paid = async || {
        desk.approve().await;
        desk.retry().await;
        let paid = desk.standing(State::Paid).await.len();
        if paid == rewards { Ok(()) } else { Err(format!("{paid} of {rewards}")) }
    };
    desk.patience.until("everything is paid", paid).await;
}

/// The core bank's payments: by end-to-end id, how much.
fn paid(desk: &Desk) -> BTreeMap<String, String> {
    let orders = desk.query("SELECT end_to_end_id, amount_minor FROM corebank.payment_order WHERE standing = 'PAID'");
    orders
        .into_iter()
        .map(|order| <[String; 2]>::try_from(order).expect("two columns"))
        .map(|[id, of]| (id, of))
        .collect()
}

/// Starts, works, is copied while a reward is being paid, goes on, and is put back.
#[tokio::test]
async fn a_copy_that_is_put_back_pays_nothing_twice() {
    let suite = OneProcess::new(FAULTS);
    let desk = suite.desk(Patience::within(Duration::from_secs(120)));
    let mut process = suite.process();
    process.start();
    desk.make_plan().await;
    for number in 0..BEFORE {
        desk.grant(number).await;
    }
    // Referees are paid by nobody's word; referrers wait for two people.
    let half = async || {
        desk.retry().await;
        let paid = desk.standing(State::Paid).await.len();
        if paid == BEFORE as usize { Ok(()) } else { Err(paid) }
    };
    desk.patience.until("referees are paid", half).await;
    let copy = suite.data().with_file_name("copy");
    let told = ask(&["backup", &copy.display().to_string()], &suite.data()).expect("a copy");
    assert!(told.contains("not in it: the folder of keys"), "{told}");
    assert!(copy.join("subject-keys").join("referral_keys.db").exists(), "people's keys lie by themselves");

    all_paid(&desk, 2 * BEFORE as usize).await;
    let before = paid(&desk);
    assert_eq!(before.len(), 2 * BEFORE as usize);

    let restore = ["restore", &copy.display().to_string(), "--person", "olga"];
    let refused = ask(&restore, &suite.data()).expect_err("it runs");
    assert!(refused.contains("in use by another process"), "{refused}");
    assert!(process.stop().await.success());
    println!("{}", ask(&restore, &suite.data()).expect("put back"));
    process.start();

    stopped_until_two_people_reconcile(&desk, &before).await;
    all_paid(&desk, 2 * BEFORE as usize).await;
    assert_eq!(paid(&desk), before, "what the bank had paid is taken as paid, and nothing else was");
    let standing = desk.books().await;
    assert_eq!(standing, Standing { paid: 2 * BEFORE as usize, unknown: 0, waiting: 0, ..standing });
    desk.grant(BEFORE).await;
    all_paid(&desk, 2 * BEFORE as usize + 2).await;
    assert_eq!(paid(&desk).len(), before.len() + 2, "and it goes on");
    nothing_failed(&process);
}

/// Referrers are to be paid anew, as far as the copy knows; two people approve; and nothing leaves.
async fn stopped_until_two_people_reconcile(desk: &Desk, before: &BTreeMap<String, String>) {
    let latch = desk.latch().await;
    assert_eq!(latch.state(), settlement_latch::State::Down);
    assert_eq!((latch.signs[0].cause(), latch.signs[0].author.as_str()), (Cause::Restored, "olga"));
    assert_eq!(desk.standing(State::Paid).await.len(), BEFORE as usize, "the copy knows no more");
    desk.approve().await;
    let approved = async || {
        let approved = desk.standing(State::Approved).await.len();
        if approved == BEFORE as usize { Ok(()) } else { Err(approved) }
    };
    desk.patience.until("all are approved again", approved).await;
    assert_eq!(desk.standing(State::Paying).await.len(), 0, "nothing is decided");
    assert_eq!(paid(desk), *before, "nothing is paid");
    desk.lift_latch("after the copy was put back").await;
}

fn nothing_failed(process: &Process) {
    handsel_tests::trouble::nothing_failed_inside(std::slice::from_ref(process));
}

#[test]
fn a_copy_is_whole_or_none() {
    let suite = OneProcess::new("");
    let data = suite.data();
    let copy = data.with_file_name("copy").display().to_string();
    let nothing = ask(&["backup", &copy], &data).expect_err("there is nothing");
    assert!(nothing.contains("there is no"), "{nothing}");
    ask(&["migrate"], &data).expect("migrated");
    ask(&["backup", &copy], &data).expect("a copy");
    let again = ask(&["backup", &copy], &data).expect_err("not over another");
    assert!(again.contains("is not empty"), "{again}");

    let restore = ["restore", &copy, "--person", "olga"];
    let keyless = ask(&restore, &data).expect_err("no keys");
    assert!(keyless.contains("pseudonyms.key"), "{keyless}");
    let file = Path::new(&copy).join("reward.db");
    let mut bytes = std::fs::read(&file).expect("the copy");
    bytes[5_000] ^= 1;
    std::fs::write(&file, bytes).expect("written");
    let changed = ask(&restore, &data).expect_err("not the file that was copied");
    assert!(changed.contains("is not the file that was copied"), "{changed}");
    std::fs::remove_file(Path::new(&copy).join("backup.json")).expect("removed");
    let unfinished = ask(&restore, &data).expect_err("no word about it");
    assert!(unfinished.contains("is this a finished copy?"), "{unfinished}");
    let elsewhere = ["backup", &copy, "--database", "postgres://nobody@localhost/nothing"];
    let postgres = ask(&elsewhere, &data).expect_err("another engine");
    assert!(postgres.contains("pg_dump") && postgres.contains("handsel restored"), "{postgres}");
}

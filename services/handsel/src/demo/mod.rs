//! The demo: a real bank's introductions, played through the suite's rpcs by the right callers in their own time, to the last
//! payout and the proof of the log.

mod berka;
mod cast;
mod findings;
mod history;
mod report;
mod requests;
mod rules;
mod story;

use crate::progress::Progress;
use crate::simulator::Faults;
use crate::suite::{Clock, Suite, SuiteSettings, Way};
use anstream::{eprintln, println};
use anyhow::{Context as _, Result};
use berka::Bank;
use cast::Cast;
use findings::Findings;
use handsel_money::{Date, Timestamp, Zone};
use handsel_proto::handsel::reward::v1::{
    SummarizeRewardsRequest, reward::State, reward_service_client::RewardServiceClient,
};
use history::History;
use report::Setting;
use std::time::{Duration, Instant};

/// What a person may choose.
pub(crate) struct DemoSettings {
    /// Data folder or database.
    pub(crate) place: crate::place::Place,
    /// Only the first introductions of the history.
    pub(crate) introductions: usize,
    /// What goes wrong at the core bank.
    pub(crate) faults: Faults,
    /// One JSON object instead of a page.
    pub(crate) json: bool,
}

/// Plays it. `Ok(false)`: it ended, but what it claims does not hold.
///
/// # Errors
/// Anything that keeps it from its end; the data stays, and the next run goes on from it.
pub(crate) async fn run(settings: DemoSettings) -> Result<bool> {
    let begun = Instant::now();
    let bank = Bank::read()?;
    let days = story::days(&bank, settings.introductions);
    let introduced: usize = days.values().map(|day| day.introductions.len()).sum();
    eprintln!(
        "{introduced} introductions at {} branches of a real bank, with what became of them, in {} days of 1993 to 1998",
        bank.branches.len(),
        days.len()
    );

    let suite = Suite::start(SuiteSettings {
        place: settings.place.clone(),
        listen: ([127, 0, 0, 1], 0).into(),
        clock: Clock::Simulated { start: first_morning()? },
        simulator: Some(settings.faults),
        way: Way::Listed,
    })
    .await?;
    let cast = Cast::assemble(suite.issuer(), suite.channel(), bank.branches.keys())?;
    rules::make(&cast, first_morning()?).await.context("making the rules")?;

    let mut history = History::new(&suite, &cast)?;
    let progress = Progress::bar("days", days.len() as u64, settings.json);
    for (date, day) in &days {
        progress.say(date);
        history.play(*date, day).await.with_context(|| format!("on {date}"))?;
        progress.step();
    }
    progress.say("settling");
    settle(&suite, &cast, &history).await?;
    progress.finish();

    let findings = Findings::gather(&suite, &cast).await?;
    let sound = findings.sound().is_ok();
    let setting = Setting { data: settings.place.folder(), flags: settings.place.flags(), elapsed: begun.elapsed() };
    if settings.json {
        println!("{}", report::json(&findings, &setting)?);
    } else {
        report::page(&findings, &setting)?;
    }
    suite.stop().await;
    Ok(sound)
}

/// Lets the years pass that holding days and deadlines need, until everything is paid that may be, and every referral has
/// qualified or expired.
async fn settle(suite: &Suite, cast: &Cast, history: &History<'_>) -> Result<()> {
    suite.advance_clock(history.at("2001-01-01".parse()?, 9)?).await?;
    suite.wait_until_delivered().await?;
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        history.approve().await?;
        let groups = RewardServiceClient::new(cast.officer.clone())
            .summarize_rewards(SummarizeRewardsRequest::default())
            .await?
            .into_inner()
            .groups;
        let undecided = findings::undecided(cast).await?;
        let open: i64 = groups
            .iter()
            .filter(|group| {
                use State::{Accrued, Approved, Due, Paying, PendingApproval};
                matches!(group.state(), Accrued | Due | PendingApproval | Approved | Paying)
            })
            .map(|group| group.count)
            .sum();
        if open == 0 && undecided == 0 {
            break;
        }
        anyhow::ensure!(Instant::now() < deadline, "{open} rewards and {undecided} referrals are still on their way");
        suite.wake();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    suite.wait_until_signed().await
}

/// The clock's first instant.
fn first_morning() -> Result<Timestamp> {
    let zone: Zone = "Europe/Prague".parse()?;
    Ok("1993-01-01".parse::<Date>()?.start_in(&zone))
}

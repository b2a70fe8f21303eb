//! Prints the findings: for people as a page, for programs as one JSON object.

use super::findings::{Findings, minor};
use crate::paint::{bad, bold, dim, good};
use crate::place::program;
use anstream::println;
use anyhow::Result;
use handsel_money::{Currency, Money};
use handsel_proto::google::r#type::Money as WireMoney;
use handsel_proto::handsel::reward::v1::{BeneficiaryRole, reward};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// What a page says besides the findings.
pub(crate) struct Setting<'run> {
    /// Where the data lies.
    pub(crate) data: &'run Path,
    /// How to name that data on the command line: `--data …` or `--database …`.
    pub(crate) flags: String,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

/// For people.
pub(crate) fn page(findings: &Findings, setting: &Setting<'_>) -> Result<()> {
    funnel(findings);
    rewards(findings)?;
    explanation(findings)?;
    trial_balance(findings)?;
    log(findings);
    next(setting);
    Ok(())
}

fn funnel(findings: &Findings) {
    heading("Introductions");
    let total: i64 = findings.funnel.iter().map(|(_, count)| count).sum();
    println!("  {:<22}{total:>8}", "in all");
    for (state, count) in findings.funnel.iter().filter(|(_, count)| *count > 0) {
        println!("  {:<22}{count:>8}", name(state.as_str_name()));
    }
}

fn rewards(findings: &Findings) -> Result<()> {
    heading("Rewards by tier");
    println!(
        "  {}",
        dim(format!("{:<11}{:<12}{:<12}{:>7}{:>16}{:>16}", "role", "tier", "state", "count", "reward", "received"))
    );
    for group in &findings.rewards {
        let role = match group.role() {
            BeneficiaryRole::Referrer => "referrer",
            BeneficiaryRole::Referee => "referee",
            BeneficiaryRole::Staff => "staff",
            BeneficiaryRole::Team => "team",
            BeneficiaryRole::Unspecified => "",
        };
        let tier = if group.tier.is_empty() { "none" } else { &group.tier };
        let state = name(group.state().as_str_name());
        let (reward, net) = (amount(group.reward_amount.as_ref())?, amount(group.net_amount.as_ref())?);
        println!("  {role:<11}{tier:<12}{state:<12}{:>7}{reward:>16}{net:>16}", group.count);
    }
    let (granted, budget) = (amount(findings.plan.granted.as_ref())?, amount(findings.plan.budget.as_ref())?);
    println!("  granted {granted} of a budget of {budget}");
    Ok(())
}

fn explanation(findings: &Findings) -> Result<()> {
    let one = &findings.example;
    heading("One payout, explained");
    println!("  {} for {}, {}", bold(&one.name), one.referral, amount(one.net_amount.as_ref())?);
    for sentence in &one.explanation {
        println!("  · {sentence}");
    }
    for step in &one.steps {
        println!("  {}", dim(format!("{:<24}{:<28}{}", step.step, step.value, step.reason)));
    }
    Ok(())
}

fn trial_balance(findings: &Findings) -> Result<()> {
    heading("Trial balance");
    println!("  {}", dim(format!("{:<22}{:>18}{:>18}{:>18}", "account", "debits", "credits", "balance")));
    for line in &findings.balance.lines {
        let account =
            line.account().as_str_name().trim_start_matches("LEDGER_ACCOUNT_").to_lowercase().replace('_', " ");
        let (debits, credits) = (amount(line.debits.as_ref())?, amount(line.credits.as_ref())?);
        println!("  {account:<22}{debits:>18}{credits:>18}{:>18}", amount(line.balance.as_ref())?);
    }
    match findings.sound() {
        Ok(()) => println!(
            "  {} sums to zero; clearing is empty; the core bank paid {} payouts, {}",
            good("✓"),
            findings.payments.count,
            Money::new(findings.payments.currency, findings.payments.sum_minor)
        ),
        Err(fault) => println!("  {} {fault}", bad("✗")),
    }
    Ok(())
}

fn log(findings: &Findings) {
    let log = &findings.log;
    heading("The log");
    println!("  origin  {}", log.origin);
    println!("  records {}", log.tree_size);
    println!("  root    {}", log.root);
    println!("  key     {}", log.verifier_key);
    println!(
        "  {} every record read from the first on, hashed again, found under this root, and the root signed",
        good("✓")
    );
    println!(
        "  {} record {} proved by itself, by {} hashes up to the root",
        good("✓"),
        log.proven_index,
        log.proof_length
    );
}

fn next(setting: &Setting<'_>) {
    let (program, flags) = (program(), &setting.flags);
    heading("Where it lies, and what to try next");
    println!(
        "  {} holds everything; run the demo again and each call is answered as before, nothing is paid twice",
        setting.data.display()
    );
    println!("  {program} up {flags}");
    println!("  {}", dim("    serves this data; then, in another terminal:"));
    println!("  {program} token {flags} --role branch.staff --branch 0001 --person anna");
    println!("  {program} audit verify {flags}");
    println!("  {}", dim(format!("done in {:.1?}", setting.elapsed)));
}

/// For programs.
pub(crate) fn json(findings: &Findings, setting: &Setting<'_>) -> Result<serde_json::Value> {
    let funnel: serde_json::Map<_, _> =
        findings.funnel.iter().map(|(state, count)| (state.as_str_name().to_owned(), json!(count))).collect();
    let rewards = findings
        .rewards
        .iter()
        .map(|group| {
            Ok(json!({
                "plan": group.plan, "role": group.role().as_str_name(), "tier": group.tier, "state": group.state().as_str_name(),
                "count": group.count, "reward": plain(group.reward_amount.as_ref())?, "net": plain(group.net_amount.as_ref())?,
            }))
        })
        .collect::<Result<Vec<_>>>()?;
    let balance = findings
        .balance
        .lines
        .iter()
        .map(|line| {
            Ok(json!({
                "account": line.account().as_str_name(), "debits": plain(line.debits.as_ref())?,
                "credits": plain(line.credits.as_ref())?, "balance": plain(line.balance.as_ref())?,
            }))
        })
        .collect::<Result<Vec<_>>>()?;
    let paid: i64 =
        findings.rewards.iter().filter(|group| group.state() == reward::State::Paid).map(|group| group.count).sum();
    let sound = findings.sound();
    Ok(json!({
        "funnel": funnel,
        "rewards": rewards,
        "paid_rewards": paid,
        "example": { "name": findings.example.name, "net": plain(findings.example.net_amount.as_ref())?, "explanation": findings.example.explanation },
        "trial_balance": balance,
        "core_bank": { "payments": findings.payments.count, "sum_minor": findings.payments.sum_minor.to_string(), "repeated_requests": findings.payments.repeated },
        "log": { "origin": findings.log.origin, "tree_size": findings.log.tree_size, "root": findings.log.root, "verified": true },
        "sound": sound.is_ok(),
        "fault": sound.err().map(|fault| fault.to_string()),
        "data": setting.data,
        "elapsed_ms": u64::try_from(setting.elapsed.as_millis()).unwrap_or(u64::MAX),
    }))
}

fn heading(text: &str) {
    println!("\n{}", bold(text));
}

/// `REFERRAL_STATE_QUALIFIED` and the like as a word.
fn name(enum_name: &str) -> String {
    enum_name.trim_start_matches("STATE_").to_lowercase().replace('_', " ")
}

/// With its currency.
fn amount(money: Option<&WireMoney>) -> Result<String> {
    value(money).map(|money| money.to_string())
}

/// Major units alone.
fn plain(money: Option<&WireMoney>) -> Result<String> {
    value(money).map(Money::to_major_string)
}

fn value(money: Option<&WireMoney>) -> Result<Money> {
    let currency: Currency = money.map_or("CZK", |money| &money.currency_code).parse()?;
    Ok(Money::new(currency, minor(money)?))
}

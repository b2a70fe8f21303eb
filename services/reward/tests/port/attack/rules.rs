//! What holds at every moment of rest, whatever was called in whatever order.

use super::truth::{AttemptRow, ChoiceRow, RewardRow, Truth};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};
use uuid::Uuid;

/// States in which nothing is owed any more, and no room is taken.
const FREE: [&str; 5] = ["REJECTED", "CANCELLED", "EXPIRED", "REVERSED", "WRITTEN_OFF"];
/// Who has a hand in every reward: whoever registered its referral, and whoever made its plan.
const MAKERS: [&str; 2] = ["tom", "mia"];
/// Plans whose payouts the bank is asked of.
const GATED: &str = "spring";

/// Every rule that is broken, with the numbers.
pub(super) fn broken(before: &Truth, after: &Truth) -> String {
    let mut found = Broken(String::new());
    let balances = Balances::of(after);
    found.say(balances.of_account("NETTING") != 0, || "netting is not zero".into());
    for reward in &after.rewards {
        let story = Story { truth: after, reward, balances: &balances };
        story.ledger(&mut found);
        story.attempts(&mut found);
        story.people(&mut found);
    }
    counters(after, &mut found);
    claims(after, &balances, &mut found);
    leaving(before, after, &mut found);
    found.0
}

struct Broken(String);

impl Broken {
    fn say(&mut self, broken: bool, words: impl FnOnce() -> String) {
        if broken {
            writeln!(self.0, "{}", words()).unwrap();
        }
    }

    fn equal(&mut self, what: impl Fn() -> String, is: i64, should: i64) {
        self.say(is != should, || format!("{}: is {is}, should be {should}", what()));
    }
}

/// The balance of each account by reward: debits less credits.
struct Balances(BTreeMap<(Option<Uuid>, String), i64>);

impl Balances {
    fn of(truth: &Truth) -> Self {
        let mut balances = BTreeMap::new();
        for one in &truth.transfers {
            *balances.entry((one.reward_id, one.debit.clone())).or_default() += one.amount_minor;
            *balances.entry((one.reward_id, one.credit.clone())).or_default() -= one.amount_minor;
        }
        Self(balances)
    }

    fn of_reward(&self, reward: Uuid, account: &str) -> i64 {
        self.0.get(&(Some(reward), account.to_owned())).copied().unwrap_or_default()
    }

    fn of_account(&self, account: &str) -> i64 {
        self.0.iter().filter(|((_, name), _)| name == account).map(|(_, balance)| balance).sum()
    }
}

/// One reward and everything about it.
struct Story<'a> {
    truth: &'a Truth,
    reward: &'a RewardRow,
    balances: &'a Balances,
}

impl Story<'_> {
    fn named(&self, what: &str) -> String {
        format!("{} {} of {}: {what}", self.reward.state, self.reward.id, self.reward.plan_id)
    }

    fn own(&self) -> impl Iterator<Item = &AttemptRow> {
        self.truth.attempts.iter().filter(|attempt| attempt.reward_id == self.reward.id)
    }

    fn open(&self) -> Vec<&AttemptRow> {
        self.own().filter(|attempt| matches!(attempt.status.as_str(), "UNKNOWN" | "ACCEPTED")).collect()
    }

    /// How often it was paid, less how often that came back.
    fn payments(&self) -> i64 {
        let events = self.truth.transfers.iter().filter(|one| one.reward_id == Some(self.reward.id));
        events
            .map(|one| match one.event.as_str() {
                "SETTLEMENT" | "LATE_SETTLEMENT" | "DELIVERY" | "LATE_DELIVERY" => 1,
                "RETURN" | "DELIVERY_RETURN" => -1,
                _ => 0,
            })
            .sum()
    }

    /// Each account says of it what its state says.
    fn ledger(&self, found: &mut Broken) {
        let reward = self.reward;
        let owed = reward.net_minor - reward.netted_minor;
        let state = reward.state.as_str();
        let is = |account| self.balances.of_reward(reward.id, account);
        let (payable, clearing) = match state {
            "PAYING" => (0, -owed),
            "PAID" => (0, 0),
            state if FREE.contains(&state) => (0, 0),
            _ => (-owed, 0),
        };
        found.equal(|| self.named("customer payable"), is("CUSTOMER_PAYABLE"), payable);
        found.equal(|| self.named("clearing"), is("CLEARING"), clearing);
        let open: i64 = self.open().iter().map(|attempt| attempt.amount_minor).sum();
        found.equal(|| self.named("clearing by open attempts"), is("CLEARING"), -open);
        let tax = match state {
            // Of what was kept for claims, the tax stands.
            "WRITTEN_OFF" => reward.tax_minor - reward.tax_minor * owed / reward.net_minor.max(1),
            state if FREE.contains(&state) => 0,
            _ => reward.tax_minor - reward.reversed_tax_minor,
        };
        found.equal(|| self.named("tax payable"), is("TAX_PAYABLE"), -tax);
        let paid = i64::from(matches!(state, "PAID" | "REVERSED") && (owed > 0 || reward.quantity > 0));
        found.equal(|| self.named("payments"), self.payments(), paid);
        if reward.kind == "CASH" {
            let claims = self.truth.claims.iter().filter(|claim| claim.reward_id == reward.id);
            let recovered: i64 = claims.map(|claim| claim.recovered_minor).sum();
            found.equal(|| self.named("settled"), is("SETTLED"), recovered - paid * owed);
        } else {
            found.equal(|| self.named("fulfilled"), is("FULFILLED"), -paid * owed);
        }
    }

    /// One attempt at a time; a new one only once the one before is over.
    fn attempts(&self, found: &mut Broken) {
        let (reward, open) = (self.reward, self.open());
        found.say(open.len() > 1, || self.named("two attempts at once"));
        found.say((reward.state == "PAYING") != (open.len() == 1), || self.named("paying without an attempt, or not"));
        found.say(open.iter().any(|one| one.number != reward.attempts), || self.named("an old attempt is open"));
        let settled = self.own().filter(|one| one.status == "SETTLED").count();
        found.say(settled > 1, || self.named("two attempts have paid"));
        let numbers: Vec<i64> = self.own().map(|one| one.number).collect();
        let counted = i64::try_from(numbers.len()).unwrap() == reward.attempts;
        found.say(!counted, || self.named(&format!("attempts {numbers:?}, counted {}", reward.attempts)));
    }

    /// Nobody has approved his own, and nothing goes on without the people who are asked.
    fn people(&self, found: &mut Broken) {
        let reward = self.reward;
        let given: BTreeSet<&str> = self
            .truth
            .approvals
            .iter()
            .filter(|one| one.reward_id == reward.id)
            .map(|one| one.person.as_str())
            .collect();
        let payee = self.truth.payees.iter().rfind(|payee| payee.reward_id == reward.id);
        let own = reward.beneficiary.split_once('/').unwrap().1;
        let hands = MAKERS.into_iter().chain([own]).chain(payee.map(|payee| payee.person.as_str()));
        for hand in hands {
            found.say(given.contains(hand) || reward.approver == hand, || {
                self.named(&format!("{hand} checked his own"))
            });
        }
        let asked = match (reward.plan_id.as_str(), reward.reward_minor >= 10_000, payee.is_some()) {
            ("spring", true, _) => 2,
            (_, _, true) => 1,
            _ => 0,
        };
        let goes_on = matches!(reward.state.as_str(), "APPROVED" | "PAYING");
        found.say(goes_on && given.len() < asked, || self.named(&format!("{} of {asked} people", given.len())));
    }
}

/// Every counter is the sum of what the rewards, choices and rates of its plan take.
fn counters(truth: &Truth, found: &mut Broken) {
    let plans: BTreeSet<&str> = truth.counters.iter().map(|one| one.plan_id.as_str()).collect();
    for plan in plans {
        let own = || truth.rewards.iter().filter(move |reward| reward.plan_id == plan);
        let taking = || own().filter(|reward| !FREE.contains(&reward.state.as_str()));
        let rewards: i64 = taking().map(|reward| reward.reward_minor - reward.reversed_minor).sum();
        let cost: i64 = taking().map(cost).sum();
        let beyond = beyond_money(truth, plan);
        let chosen = |of: &dyn Fn(&RewardRow) -> bool| -> i64 {
            beyond.iter().filter(|one| of(one.reward)).map(|one| one.minor).sum()
        };
        let is = |kind, period: &str, who: &str| truth.counter(kind, plan, period, who);
        rates(truth, plan, found);
        if taken_back_in_use(truth, plan, "BUDGET") {
            continue;
        }
        found.equal(|| format!("budget of {plan}"), is("BUDGET", "", "").1, rewards + chosen(&|_| true));
        let cost = cost + beyond.iter().map(|one| one.cost_minor).sum::<i64>();
        found.equal(|| format!("cost budget of {plan}"), is("COST", "", "").1, cost);
        for season in
            own().map(|reward| reward.season.as_str()).filter(|season| !season.is_empty()).collect::<BTreeSet<_>>()
        {
            let of_it = taking().filter(|reward| reward.season == season);
            let sum: i64 = of_it.map(|reward| reward.reward_minor - reward.reversed_minor).sum();
            let sum = sum + chosen(&|reward| reward.season == season);
            found.equal(|| format!("season {season} of {plan}"), is("SEASON", season, "").1, sum);
        }
        let windows: BTreeSet<(&str, &str)> = own()
            .filter(|reward| !reward.window_key.is_empty())
            .map(|reward| (reward.window_key.as_str(), reward.beneficiary.as_str()))
            .collect();
        for (window, who) in windows {
            let of_it = || taking().filter(|one| one.window_key == window && one.beneficiary == who);
            let sum: i64 = of_it().map(|reward| reward.reward_minor - reward.reversed_minor).sum();
            let sum = sum + chosen(&|reward| reward.window_key == window && reward.beneficiary == who);
            let (count, minor) = is("WINDOW", window, who);
            found.equal(|| format!("window {window} of {who}"), minor, sum);
            found.equal(|| format!("count in {window} of {who}"), count, i64::try_from(of_it().count()).unwrap());
        }
    }
}

/// What a reward costs as it stands.
fn cost(reward: &RewardRow) -> i64 {
    let borne = if reward.cost_minor == reward.reward_minor { 0 } else { reward.reversed_tax_minor };
    reward.cost_minor - reward.reversed_minor - borne
}

/// What one choice, or the rate that was chosen, holds beside the rewards.
struct Beyond<'a> {
    /// The reward that it stands beside, or instead of.
    reward: &'a RewardRow,
    minor: i64,
    cost_minor: i64,
}

/// What choices and the rates that were chosen hold of a plan's caps and budgets beyond its rewards.
fn beyond_money<'a>(truth: &'a Truth, plan: &str) -> Vec<Beyond<'a>> {
    let held = |choice: &ChoiceRow| {
        let reward = truth.reward(choice.reward_id);
        let (minor, cost_minor) = match (&choice.side, choice.grant_id) {
            (None, _) if choice.extra_minor > 0 => {
                (choice.extra_minor, (choice.estimate_minor - reward.cost_minor).max(0))
            }
            (Some(_), Some(grant)) => {
                let grant = truth.grants.iter().find(|one| one.id == grant).unwrap();
                let kept = match grant.state.as_str() {
                    "OFFERED" => grant.estimate_minor,
                    "ACTIVE" | "ENDED" => grant.estimate_minor.min(grant.benefit_minor.unwrap()),
                    _ => 0,
                };
                (kept, kept)
            }
            _ => (0, 0),
        };
        Beyond { reward, minor, cost_minor }
    };
    truth.choices.iter().map(held).filter(|one| one.reward.plan_id == plan).collect()
}

/// Whether a rate was taken back while a contract had it: what its days were worth stays in the counter, and is not summed here.
fn taken_back_in_use(truth: &Truth, plan: &str, charge: &str) -> bool {
    let own = truth.grants.iter().filter(|grant| grant.plan_id == plan && grant.charge == charge);
    own.filter(|grant| grant.state == "REVOKED").any(|grant| grant.benefit_minor.is_some())
}

/// What rates take of the plan's limits on rates.
fn rates(truth: &Truth, plan: &str, found: &mut Broken) {
    let own = || truth.grants.iter().filter(|grant| grant.plan_id == plan && grant.charge == "RATE_LIMITS");
    if taken_back_in_use(truth, plan, "RATE_LIMITS") {
        return;
    }
    let taking = || own().filter(|grant| matches!(grant.state.as_str(), "OFFERED" | "ACTIVE" | "ENDED"));
    let (count, minor) = truth.counter("RATE", plan, "", "");
    found.equal(|| format!("rates of {plan}"), count, i64::try_from(taking().count()).unwrap());
    let sum: i64 = taking().map(|grant| grant.benefit_minor.unwrap_or(grant.estimate_minor)).sum();
    found.equal(|| format!("benefit of {plan}"), minor, sum);
}

/// What beneficiaries owe back is what the ledger says.
fn claims(truth: &Truth, balances: &Balances, found: &mut Broken) {
    for claim in &truth.claims {
        let open = claim.claimed_minor - claim.netted_minor - claim.recovered_minor;
        let is = balances.of_reward(claim.reward_id, "CLAWBACK_RECEIVABLE");
        found.equal(|| format!("claim on {}", claim.reward_id), is, open);
    }
}

/// What left for the first time since, had every right to; what was held has neither left nor expired.
fn leaving(before: &Truth, after: &Truth, found: &mut Broken) {
    for attempt in &after.attempts {
        let known = before.attempts.iter().find(|one| one.end_to_end_id == attempt.end_to_end_id);
        let reward = after.reward(attempt.reward_id);
        let kept = before.holds_on(reward).intersection(&after.holds_on(reward)).next().is_some();
        let stopped = before.latched && after.latched && before.latch_events == after.latch_events;
        if known.is_none() {
            found.say(kept || stopped, || format!("{} was decided past a hold or the latch", attempt.end_to_end_id));
        }
        let left = attempt.first_sent_at.is_some() && known.is_none_or(|known| known.first_sent_at.is_none());
        if !left {
            continue;
        }
        found.say(kept || stopped, || format!("{} left past a hold or the latch", attempt.end_to_end_id));
        let yes = after.round(reward.id).is_some_and(|it| it.verdict == "PASS" && it.holds_until.0 > before.now);
        found.say(reward.plan_id == GATED && !yes, || format!("{} left past the gate", attempt.end_to_end_id));
        let paid = before.paid_against.contains(&reward.id);
        found.say(paid, || format!("{} left though an earlier one had paid", attempt.end_to_end_id));
    }
    for reward in after.rewards.iter().filter(|reward| reward.state == "EXPIRED") {
        let was = before.rewards.iter().find(|one| one.id == reward.id);
        let kept = before.holds_on(reward).intersection(&after.holds_on(reward)).next().is_some();
        let now = was.is_some_and(|was| was.state != "EXPIRED");
        found.say(now && kept, || format!("{} expired while it was held", reward.id));
    }
}

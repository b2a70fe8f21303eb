//! Facts in any order: tables of situations, and the property that order does not matter.

use super::*;
use crate::domain::success::{Condition, Requirement};
use handsel_money::Money;
use proptest::prelude::*;

const REFERRAL: Uuid = Uuid::from_u128(1);
const START: i64 = 1_800_000_000_000_000;
const DAY: i64 = 86_400_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(START + micros)
}

fn czk(minor: i64) -> Option<Money> {
    Some(Money::new("CZK".parse().unwrap(), minor))
}

fn condition(kind: FactKind, minimum: Option<Money>) -> Condition {
    Condition { kind, minimum }
}

/// An account, and a deposit of 1,000 or a loan; 30 days, 5 days of grace; paid by the deposit.
fn rule() -> Arc<SuccessRule> {
    let account = Requirement { any_of: vec![condition(FactKind::AccountOpened, None)] };
    let money = Requirement {
        any_of: vec![condition(FactKind::FirstDeposit, czk(100_000)), condition(FactKind::LoanDrawn, None)],
    };
    Arc::new(SuccessRule {
        requirements: vec![account, money],
        within_days: 30,
        grace_days: 5,
        qualifying_amount: Some(FactKind::FirstDeposit),
        reversal_days: 10,
        plan_currency: None,
    })
}

fn book(state: State) -> Book {
    let rule = rule();
    let tracked = Tracked {
        loaded_state: state,
        state,
        created_at: at(0),
        expires_at: rule.expiry(at(0)),
        rule,
        referrer: "customers/1".to_owned(),
        customer: None,
        evidence: Vec::new(),
        completion: None,
        qualified_at: None,
        reversed_at: None,
        touched_at: None,
    };
    Book { referrals: BTreeMap::from([(REFERRAL, tracked)]), ..Book::default() }
}

fn fact(id: &str, kind: FactKind, amount: Option<Money>, occurred: i64) -> Fact {
    let (id, customer) = (id.to_owned(), "customers/2".to_owned());
    Fact { id, kind, customer, referral: Some(REFERRAL), amount, occurred_at: at(occurred) }
}

fn digest(fact: &Fact) -> FactDigest {
    let mut digest = [0_u8; 32];
    let text = format!("{:?}{:?}{}{}", fact.kind, fact.amount, fact.customer, fact.occurred_at);
    for (place, byte) in text.bytes().enumerate() {
        digest[place % 32] = digest[place % 32].wrapping_mul(31).wrapping_add(byte);
    }
    digest
}

fn take(book: &mut Book, now: i64, facts: &[Fact]) -> Vec<Outcome> {
    let facts: Vec<_> = facts.iter().map(|fact| (fact.clone(), digest(fact), at(now))).collect();
    book.take_all(&facts)
}

fn state(book: &Book) -> State {
    book.referrals[&REFERRAL].state
}

#[test]
fn an_account_and_a_deposit_qualify_when_the_later_of_them_happened() {
    let mut book = book(State::Registered);
    let opened = fact("a", FactKind::AccountOpened, None, 10);
    assert_eq!(take(&mut book, 50, std::slice::from_ref(&opened)), [Outcome::Applied(REFERRAL)]);
    assert_eq!(state(&book), State::Converting);
    assert_eq!(book.by_customer["customers/2"], REFERRAL);
    let deposit = Fact { referral: None, ..fact("b", FactKind::FirstDeposit, czk(250_000), 20) };
    assert_eq!(take(&mut book, 60, &[deposit, opened]), [Outcome::Applied(REFERRAL), Outcome::Duplicate(REFERRAL)]);
    assert_eq!(state(&book), State::Qualified);
    let completion = Completion { qualified_at: at(20), amount: czk(250_000) };
    assert_eq!(book.referrals[&REFERRAL].completion, Some(completion));
}

#[test]
fn what_does_not_count() {
    let eur = Some(Money::new("EUR".parse().unwrap(), 900_000));
    for (why, deposit) in [
        ("too small", fact("d", FactKind::FirstDeposit, czk(99_999), 20)),
        ("another currency", fact("d", FactKind::FirstDeposit, eur, 20)),
        ("too late", fact("d", FactKind::FirstDeposit, czk(100_000), 30 * DAY)),
        ("before registration", fact("d", FactKind::FirstDeposit, czk(100_000), -1)),
    ] {
        let mut book = book(State::Registered);
        take(&mut book, 31 * DAY, &[deposit]);
        assert_eq!(state(&book), State::Registered, "{why}");
        assert_eq!(book.recorded.len(), 1, "{why}: on record all the same");
    }
}

#[test]
fn a_closing_within_the_days_reverses_whichever_arrives_first() {
    let reaching = [
        fact("a", FactKind::AccountOpened, None, 0),
        fact("b", FactKind::FirstDeposit, czk(100_000), 20),
        fact("c", FactKind::AccountClosed, None, 20),
    ];
    for order in [[0, 1, 2], [2, 0, 1], [0, 2, 1], [1, 2, 0]] {
        let mut book = book(State::Registered);
        for place in order {
            take(&mut book, 2 * DAY, std::slice::from_ref(&reaching[place]));
        }
        assert_eq!(state(&book), State::Reversed, "{order:?}");
        let tracked = &book.referrals[&REFERRAL];
        assert_eq!((tracked.qualified_at, tracked.reversed_at), (Some(at(20)), Some(at(20))), "{order:?}");
        assert_eq!(tracked.completion.map(|done| done.amount), Some(czk(100_000)), "it had been owed: {order:?}");
    }
}

#[test]
fn a_closing_out_of_its_days_changes_nothing() {
    for (why, closed) in [("before it qualified", 19), ("the first instant after the days", 20 + 10 * DAY)] {
        let mut book = book(State::Registered);
        let facts = [
            fact("a", FactKind::AccountOpened, None, 0),
            fact("b", FactKind::FirstDeposit, czk(100_000), 20),
            fact("c", FactKind::AccountClosed, None, closed),
        ];
        assert_eq!(take(&mut book, 20 * DAY, &facts), [const { Outcome::Applied(REFERRAL) }; 3], "{why}");
        assert_eq!(state(&book), State::Qualified, "{why}");
    }
}

#[test]
fn what_was_decided_otherwise_is_not_reversed() {
    for decided in [State::Expired, State::Reversed] {
        let mut book = book(decided);
        take(&mut book, DAY, &[fact("c", FactKind::AccountClosed, None, 20)]);
        assert_eq!(state(&book), decided);
        assert!(!book.recorded[0].evidence.counted, "on record, and it changes nothing");
    }
}

#[test]
fn the_last_instants_in_time() {
    let facts =
        [fact("a", FactKind::AccountOpened, None, 0), fact("b", FactKind::FirstDeposit, czk(100_000), 30 * DAY - 1)];
    let mut in_time = book(State::Registered);
    take(&mut in_time, 35 * DAY - 1, &facts);
    assert_eq!(state(&in_time), State::Qualified);
    let mut too_late = book(State::Registered);
    assert_eq!(take(&mut too_late, 35 * DAY, &facts), [Outcome::Applied(REFERRAL), Outcome::Applied(REFERRAL)]);
    assert_eq!(state(&too_late), State::Expired, "they happened in time, but came after the grace");
    assert!(too_late.recorded.iter().all(|recorded| !recorded.evidence.counted));
}

#[test]
fn what_is_refused() {
    let good = fact("a", FactKind::AccountOpened, None, 10);
    let invalid = |text: &str| FactRefusal::Invalid(text.to_owned());
    for (fact, refusal) in [
        (fact("x", FactKind::AccountOpened, czk(1), 0), invalid("amount: ACCOUNT_OPENED has none")),
        (fact("x", FactKind::FirstDeposit, None, 0), invalid("amount: FIRST_DEPOSIT needs one")),
        (fact("x", FactKind::LoanDrawn, czk(0), 0), invalid("amount: must be above 0")),
        (fact("x", FactKind::CardIssued, None, 100 + 300_000_001), FactRefusal::FutureTime),
        (fact("a", FactKind::AccountOpened, None, 11), FactRefusal::IdReused),
        (Fact { referral: Some(Uuid::from_u128(9)), ..good.clone() }, FactRefusal::IdReused),
        (Fact { id: "y".into(), referral: Some(Uuid::from_u128(9)), ..good.clone() }, FactRefusal::NotFound),
        (Fact { id: "y".into(), customer: "customers/3".into(), ..good.clone() }, FactRefusal::CustomerConflict),
        (Fact { id: "y".into(), customer: "customers/1".into(), ..good.clone() }, FactRefusal::CustomerConflict),
    ] {
        let mut book = book(State::Registered);
        take(&mut book, 100, std::slice::from_ref(&good));
        let recorded = book.recorded.len();
        assert_eq!(take(&mut book, 100, &[fact]), [Outcome::Refused(refusal)]);
        assert_eq!(book.recorded.len(), recorded, "nothing is written");
    }
    let mut rejected = book(State::Rejected);
    assert_eq!(take(&mut rejected, 100, &[good]), [Outcome::Refused(FactRefusal::Rejected)]);
}

#[test]
fn a_fact_that_matched_nothing_is_taken_when_it_comes_again_and_does() {
    let mut book = book(State::Registered);
    let unbound = Fact { referral: None, ..fact("b", FactKind::FirstDeposit, czk(100_000), 20) };
    assert_eq!(take(&mut book, 50, std::slice::from_ref(&unbound)), [Outcome::Unmatched]);
    assert_eq!(take(&mut book, 50, std::slice::from_ref(&unbound)), [Outcome::Unmatched]);
    assert_eq!(book.unmatched.len(), 1);
    let other = Fact { amount: czk(5), ..unbound.clone() };
    assert_eq!(take(&mut book, 50, &[other]), [Outcome::Refused(FactRefusal::IdReused)]);
    take(&mut book, 50, &[fact("a", FactKind::AccountOpened, None, 10)]);
    assert_eq!(take(&mut book, 60, &[unbound]), [Outcome::Applied(REFERRAL)]);
    assert_eq!(book.matched_late, ["b"]);
    assert_eq!(state(&book), State::Qualified);
}

#[test]
fn after_the_decision_facts_are_on_record_and_change_nothing() {
    for decided in [State::Qualified, State::Expired] {
        let mut book = book(decided);
        let facts = [fact("a", FactKind::AccountOpened, None, 10), fact("b", FactKind::FirstDeposit, czk(100_000), 20)];
        take(&mut book, 60, &facts);
        assert_eq!(state(&book), decided);
        assert_eq!(book.referrals[&REFERRAL].completion, None);
        assert!(book.recorded.iter().all(|recorded| !recorded.evidence.counted));
    }
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let kind = prop_oneof![
        Just(FactKind::AccountOpened),
        Just(FactKind::FirstDeposit),
        Just(FactKind::CardIssued),
        Just(FactKind::LoanDrawn)
    ];
    let currency = prop_oneof![9 => Just("CZK"), 1 => Just("EUR")];
    (0..1_000_000_u32, kind, currency, 90_000..110_000_i64, -2..32_i64).prop_map(|(id, kind, currency, minor, day)| {
        let amount = kind.has_amount().then(|| Money::new(currency.parse().unwrap(), minor));
        fact(&id.to_string(), kind, amount, day * DAY)
    })
}

/// What an order of arrival leads to.
fn result(book: &Book) -> (State, Option<Completion>) {
    (state(book), book.referrals[&REFERRAL].completion)
}

proptest! {
    /// In one batch, any order of any facts gives the same state, qualifying instant and amount.
    #[test]
    fn order_within_a_batch_changes_nothing(
        (facts, shuffled) in prop::collection::vec(any_fact(), 0..12)
            .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle()))
    ) {
        let mut ids: Vec<_> = facts.iter().map(|fact| fact.id.clone()).collect();
        ids.sort();
        ids.dedup();
        prop_assume!(ids.len() == facts.len());
        let (mut one, mut other) = (book(State::Registered), book(State::Registered));
        take(&mut one, 33 * DAY, &facts);
        take(&mut other, 33 * DAY, &shuffled);
        prop_assert_eq!(result(&one), result(&other));
    }

    /// One by one, any order of arrival leads to the same state; where each requirement has but one fact that can meet
    /// it, amid any number that cannot, to the same instant and amount too.
    #[test]
    fn order_of_arrival_changes_nothing(
        facts in (0..30_i64, 0..30_i64, 100_000..200_000_i64, 0..5_usize).prop_flat_map(|(opened, paid, minor, noise)| {
            let mut facts = vec![
                fact("opened", FactKind::AccountOpened, None, opened * DAY),
                fact("paid", FactKind::FirstDeposit, czk(minor), paid * DAY),
            ];
            facts.extend((0..noise).map(|number| fact(&format!("card{number}"), FactKind::CardIssued, None, opened * DAY)));
            facts.push(fact("late", FactKind::LoanDrawn, czk(minor), 30 * DAY));
            facts.push(fact("small", FactKind::FirstDeposit, czk(99_999), paid * DAY));
            Just(facts).prop_shuffle()
        })
    ) {
        let (mut together, mut apart) = (book(State::Registered), book(State::Registered));
        take(&mut together, 33 * DAY, &facts);
        for fact in facts {
            take(&mut apart, 33 * DAY, &[fact]);
        }
        prop_assert_eq!(state(&apart), State::Qualified);
        prop_assert_eq!(result(&together), result(&apart));
    }

    /// Whatever arrives in whatever order, whether it qualifies is the same.
    #[test]
    fn whether_it_qualifies_never_depends_on_order(
        (facts, shuffled) in prop::collection::vec(any_fact(), 0..12)
            .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle()))
    ) {
        let mut ids: Vec<_> = facts.iter().map(|fact| fact.id.clone()).collect();
        ids.sort();
        ids.dedup();
        prop_assume!(ids.len() == facts.len());
        let (mut one, mut other) = (book(State::Registered), book(State::Registered));
        facts.iter().for_each(|fact| drop(take(&mut one, 33 * DAY, std::slice::from_ref(fact))));
        shuffled.iter().for_each(|fact| drop(take(&mut other, 33 * DAY, std::slice::from_ref(fact))));
        prop_assert_eq!(state(&one), state(&other));
    }
}

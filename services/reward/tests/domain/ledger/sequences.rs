//! Any legal sequence of acts on two rewards of one beneficiary, with what ought to stand beside it.

use super::{borne, withheld};
use crate::cny;
use handsel_money::Money;
use handsel_reward::domain::{
    ledger::{self, Account, Ending, Form, Posting, Share},
    reward::Amounts,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One act, told by a number that chooses among what is possible, and how much of it in hundredths.
type Act = (u8, i64);

/// Where the money of one reward is, told without accounts.
#[derive(Clone, Debug)]
struct Life {
    amounts: Amounts,
    form: Form,
    /// What of it is not taken back.
    left: Share,
    /// Owed and not under way.
    owed: i64,
    /// Told to the bank, outcome unknown.
    under_way: i64,
    /// Refused, and may yet turn out to be paid.
    refused: i64,
    /// With the beneficiary, in money or in kind.
    paid: i64,
    /// Claimed back and open.
    claimed: i64,
    ended: Option<(Ending, Share)>,
}

#[derive(Debug, Default)]
struct Books(BTreeMap<Account, i64>);

impl Books {
    fn write(&mut self, postings: &[Posting]) {
        for posting in postings {
            assert!(posting.amount.is_positive(), "{posting:?}");
            *self.0.entry(posting.debit()).or_default() += posting.amount.minor();
            *self.0.entry(posting.credit()).or_default() -= posting.amount.minor();
        }
    }

    fn debit_balance(&self, account: Account) -> i64 {
        self.0.get(&account).copied().unwrap_or_default()
    }
}

impl Life {
    fn begin(amounts: Amounts, form: Form, books: &mut Books) -> Self {
        books.write(&ledger::accrual(&amounts));
        let owed = amounts.net.minor();
        Self {
            amounts,
            form,
            left: Share::whole(&amounts),
            owed,
            under_way: 0,
            refused: 0,
            paid: 0,
            claimed: 0,
            ended: None,
        }
    }

    fn money(&self, minor: i64) -> Money {
        Money::new(self.amounts.net.currency(), minor)
    }

    /// Does the act if it is legal here; what it writes is nothing otherwise.
    fn act(&mut self, (which, part): Act) -> Vec<Posting> {
        match which {
            0 => self.end(Ending::Rejection),
            1 => self.end(Ending::Cancellation),
            2 => self.end(Ending::Expiry),
            3 => self.end(Ending::WriteOff),
            4 => self.instruct(),
            5 => self.settle(),
            6 => self.refuse(),
            7 => self.settle_late(),
            8 => self.bring_back(),
            9 => self.reverse(part),
            10 => self.recover(part),
            _ => self.give_up_claim(part),
        }
    }

    fn end(&mut self, how: Ending) -> Vec<Posting> {
        if self.ended.is_some() || self.owed <= 0 || self.under_way > 0 || self.owed != self.left.net.minor() {
            return Vec::new();
        }
        self.ended = Some((how, self.left));
        self.owed = 0;
        ledger::ending(how, &self.left)
    }

    fn instruct(&mut self) -> Vec<Posting> {
        if self.ended.is_some() || self.owed <= 0 || self.under_way > 0 {
            return Vec::new();
        }
        (self.under_way, self.owed, self.refused) = (self.owed, 0, 0);
        ledger::instruction(self.money(self.under_way))
    }

    fn settle(&mut self) -> Vec<Posting> {
        let amount = std::mem::take(&mut self.under_way);
        self.paid += amount;
        ledger::settlement(self.form, self.money(amount))
    }

    fn refuse(&mut self) -> Vec<Posting> {
        let amount = std::mem::take(&mut self.under_way);
        self.owed += amount;
        self.refused = self.refused.max(amount);
        ledger::refusal(self.money(amount))
    }

    fn settle_late(&mut self) -> Vec<Posting> {
        let amount = std::mem::take(&mut self.refused);
        let mut postings = Vec::new();
        if amount == 0 || (self.ended.is_none() && self.owed < amount) {
            return postings;
        }
        let late = ledger::late_settlement(self.form, self.money(amount));
        self.paid += amount;
        match self.ended {
            Some((Ending::WriteOff, share)) => {
                self.ended = None;
                self.owed += share.net.minor() - amount;
                postings = ledger::write_off_undone(&share);
                postings.extend(late);
            }
            Some(_) => {
                self.claimed += amount;
                postings = [late, ledger::claim(self.money(amount))].concat();
            }
            None => {
                self.owed -= amount;
                postings.extend(late);
            }
        }
        postings
    }

    fn bring_back(&mut self) -> Vec<Posting> {
        // Money on which there is a claim comes back as a recovery.
        if self.paid != self.left.net.minor() || self.ended.is_some() {
            return Vec::new();
        }
        let amount = std::mem::take(&mut self.paid);
        self.owed += amount;
        ledger::return_of_funds(self.form, self.money(amount))
    }

    fn reverse(&mut self, part: i64) -> Vec<Posting> {
        if self.under_way > 0 || self.ended.is_some() {
            return Vec::new();
        }
        let of = |whole: Money| self.money(whole.minor() * part / 100);
        let share = Share { net: of(self.left.net), tax: of(self.left.tax) };
        self.left = self.left.less(&share).unwrap();
        let postings = ledger::reversal(self.money(self.owed), &share);
        let from_owed = self.owed.min(share.net.minor());
        self.owed -= from_owed;
        self.claimed += share.net.minor() - from_owed;
        self.refused = 0;
        postings
    }

    fn recover(&mut self, part: i64) -> Vec<Posting> {
        let amount = self.claimed * part / 100;
        self.claimed -= amount;
        self.paid -= amount;
        ledger::recovery(self.money(amount))
    }

    fn give_up_claim(&mut self, part: i64) -> Vec<Posting> {
        let amount = self.claimed * part / 100;
        self.claimed -= amount;
        ledger::claim_written_off(self.money(amount))
    }
}

/// A claim on one is met out of what the other owes.
fn net(from: &mut Life, claim: &mut Life, books: &mut Books) {
    let amount = from.owed.min(claim.claimed);
    if amount <= 0 || from.under_way > 0 || from.ended.is_some() {
        return;
    }
    (from.owed, claim.claimed) = (from.owed - amount, claim.claimed - amount);
    books.write(&ledger::netting(from.money(amount)));
    books.write(&ledger::claim_netted(claim.money(amount)));
}

fn check(lives: &[Life; 2], books: &Books) -> Result<(), TestCaseError> {
    let sum = |of: fn(&Life) -> i64| lives.iter().map(of).sum::<i64>();
    prop_assert_eq!(books.0.values().sum::<i64>(), 0);
    prop_assert_eq!(-books.debit_balance(Account::CustomerPayable), sum(|life| life.owed));
    prop_assert_eq!(-books.debit_balance(Account::Clearing), sum(|life| life.under_way));
    prop_assert_eq!(books.debit_balance(Account::ClawbackReceivable), sum(|life| life.claimed));
    prop_assert_eq!(books.debit_balance(Account::Netting), 0);
    let tax = sum(|life| if life.ended.is_some() { 0 } else { life.left.tax.minor() });
    prop_assert_eq!(-books.debit_balance(Account::TaxPayable), tax);
    Ok(())
}

proptest! {
    #[test]
    fn the_books_say_where_the_money_is(
        acts in prop::collection::vec((0..2_usize, (0..13_u8, 0..=100_i64)), 0..40),
    ) {
        let mut books = Books::default();
        let mut lives = [
            Life::begin(withheld(), Form::Money, &mut books),
            Life::begin(borne(), Form::InKind, &mut books),
        ];
        for (whose, act) in acts {
            if act.0 == 12 {
                let [first, second] = &mut lives;
                if whose == 0 { net(first, second, &mut books) } else { net(second, first, &mut books) }
            } else {
                let postings = lives[whose].act(act);
                books.write(&postings);
            }
            check(&lives, &books)?;
        }
        // When the bank has answered everything, clearing is at zero whatever happened.
        for life in &mut lives {
            let postings = life.settle();
            books.write(&postings);
        }
        prop_assert_eq!(books.debit_balance(Account::Clearing), 0);
        prop_assert_eq!(cny("0.00").minor(), books.0.values().sum::<i64>());
    }
}

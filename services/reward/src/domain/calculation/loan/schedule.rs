//! The schedule of a loan: one row for each instalment.

use handsel_money::{Date, Exact, Money, MoneyError, level_payment, round_to_minor};

use super::super::error::CalculationError;
use super::{InterestBasis, Loan, Method};

/// Months in a year.
const MONTHS: i64 = 12;

/// One instalment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// k, from 1.
    pub number: u32,
    /// When it is due.
    pub due: Date,
    /// The principal it repays.
    pub principal: Money,
    /// The interest it pays.
    pub interest: Money,
    /// Both.
    pub payment: Money,
    /// What is owed after it.
    pub balance: Money,
}

/// One of a row's amounts, added up.
pub(super) fn total(rows: &[Row], like: Money, amount: impl Fn(&Row) -> Money) -> Result<Money, CalculationError> {
    rows.iter().try_fold(Money::zero(like.currency()), |sum, row| Ok(sum.checked_add(amount(row))?))
}

impl Loan {
    /// The schedule at a preferential rate; after the discount months it goes on at r0.
    pub(super) fn schedule(&self, rate: &Exact) -> Result<Vec<Row>, CalculationError> {
        let base_rate = Exact::from(self.base_rate);
        let discount_months = self.discount_months.unwrap_or(self.instalments);
        let mut rows = Vec::new();
        let mut balance = self.principal;
        let mut last_due = self.drawdown;
        let mut instalment = Money::zero(self.principal.currency());
        for number in 1..=self.instalments {
            let rate = if number <= discount_months { rate } else { &base_rate };
            let due = self.due(number)?;
            let interest = self.interest(balance, rate, last_due, due)?;
            if self.method == Method::EqualInstalment {
                // Computed at the first, and again at the first after the discount, also if the rate stays.
                if number == 1 || number.checked_sub(1) == Some(discount_months) {
                    instalment = self.instalment(balance, rate, number)?;
                }
                if instalment.minor() < interest.minor() {
                    return Err(CalculationError::InterestNotCovered);
                }
            }
            let principal = self.principal_due(number, balance, instalment, interest)?;
            balance = balance.checked_sub(principal)?;
            rows.push(Row { number, due, principal, interest, payment: principal.checked_add(interest)?, balance });
            last_due = due;
        }
        Ok(rows)
    }

    /// `months(drawdown, k)`.
    fn due(&self, number: u32) -> Result<Date, CalculationError> {
        let months = i32::try_from(number).map_err(|_| MoneyError::OutOfRange)?;
        Ok(self.drawdown.months(months)?)
    }

    /// `round(balance × p_k)`.
    fn interest(&self, balance: Money, rate: &Exact, from: Date, to: Date) -> Result<Money, CalculationError> {
        let years = match self.interest_basis {
            InterestBasis::Twelfth => Exact::fraction(1, MONTHS).unwrap_or(Exact::ZERO),
            InterestBasis::Days(day_count) => day_count.year_fraction(from, to)?.exact(),
        };
        let interest = balance.exact().times(rate).times(&years);
        Ok(round_to_minor(&interest, balance.currency(), self.rounding)?)
    }

    /// A: what repays the balance in the instalments left, at this yearly rate.
    fn instalment(&self, balance: Money, rate: &Exact, number: u32) -> Result<Money, CalculationError> {
        let left = self.instalments.saturating_sub(number).saturating_add(1);
        let monthly = rate.over(&Exact::whole(MONTHS)).unwrap_or(Exact::ZERO);
        let exact = match level_payment(&balance.exact(), &monthly, left) {
            Some(payment) => payment,
            None => balance.exact().over(&Exact::whole(left.into())).ok_or(CalculationError::NoInstalments)?,
        };
        Ok(round_to_minor(&exact, balance.currency(), self.rounding)?)
    }

    /// What an instalment repays: never above the balance, and all of it with the last.
    fn principal_due(
        &self,
        number: u32,
        balance: Money,
        instalment: Money,
        interest: Money,
    ) -> Result<Money, CalculationError> {
        if number == self.instalments {
            return Ok(balance);
        }
        let due = match self.method {
            Method::EqualInstalment => instalment.checked_sub(interest)?,
            Method::EqualPrincipal => {
                let share = self.principal.exact().over(&Exact::whole(self.instalments.into()));
                let share = share.ok_or(CalculationError::NoInstalments)?;
                round_to_minor(&share, self.principal.currency(), self.rounding)?
            }
            Method::InterestOnly => Money::zero(balance.currency()),
        };
        Ok(due.at_most(balance)?)
    }
}

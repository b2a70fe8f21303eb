//! The simulated core bank's books: every statement, and their rows.

use super::bank::{Order, Standing};
use handsel_money::{Currency, Money};
use handsel_storage::{At, Db, Fault, Migration, Tx, row, text_enum};

/// The schema that the simulator keeps its books in.
pub(crate) const SCHEMA: &str = "corebank";

/// The simulator's tables.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 100,
        name: "simulator",
        postgres: include_str!("../../migrations/postgres/100_simulator.sql"),
        sqlite: include_str!("../../migrations/sqlite/100_simulator.sql"),
    },
    Migration {
        version: 110,
        name: "simulator_files",
        postgres: include_str!("../../migrations/postgres/110_simulator_files.sql"),
        sqlite: include_str!("../../migrations/sqlite/110_simulator_files.sql"),
    },
];

text_enum! { for Standing { Received = "RECEIVED", Accepted = "ACCEPTED", Paid = "PAID", Refused = "REFUSED" } }

row! {
    struct OrderRow {
        end_to_end_id: String,
        reward: String,
        payee: String,
        amount_minor: i64,
        currency: String,
        asked: i64,
        standing: Standing,
        stands_since: At,
    }
    struct SumRow {
        payments: i64,
        sum_minor: i64,
        repeated: i64,
        doubled: i64,
        twice: i64,
    }
}

/// What the bank has paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Payments {
    /// How many orders were paid.
    pub(crate) count: i64,
    /// What they come to.
    pub(crate) sum_minor: i64,
    /// In this currency.
    pub(crate) currency: Currency,
    /// How often an order was asked for that the bank had already.
    pub(crate) repeated: i64,
    /// Rewards paid by more than one order, less those that came back: there must be none.
    pub(crate) doubled: i64,
    /// Orders that came in more than one file, in any currency: there must be none.
    pub(crate) twice: i64,
}

/// The order of this id, if there is one.
pub(crate) async fn find(tx: &mut Tx, end_to_end_id: &str) -> Result<Option<Order>, Fault> {
    let row: Option<OrderRow> =
        tx.opt("SELECT * FROM payment_order WHERE end_to_end_id = $1", (end_to_end_id,)).await?;
    row.map(OrderRow::order).transpose()
}

/// Writes a new order.
pub(crate) async fn insert(tx: &mut Tx, order: &Order) -> Result<(), Fault> {
    let Order { end_to_end_id, reward, payee, amount, asked, standing, stands_since } = order;
    tx.exec(
        "INSERT INTO payment_order (end_to_end_id, reward, payee, amount_minor, currency, asked, standing, stands_since)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        (
            end_to_end_id.as_str(),
            reward.as_str(),
            payee.as_str(),
            amount.minor(),
            amount.currency().code(),
            *asked,
            *standing,
            At(*stands_since),
        ),
    )
    .await?;
    Ok(())
}

/// Writes how an order stands now.
pub(crate) async fn update(tx: &mut Tx, order: &Order) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE payment_order SET asked = $2, standing = $3, stands_since = $4 WHERE end_to_end_id = $1",
        (order.end_to_end_id.as_str(), order.asked, order.standing, At(order.stands_since)),
    )
    .await
}

/// What was paid in a currency.
pub(crate) async fn payments(db: &Db, currency: Currency) -> Result<Payments, Fault> {
    let row: SumRow = db
        .one(
            "SELECT COUNT(*) FILTER (WHERE standing = 'PAID') AS payments,
                    CAST(COALESCE(SUM(amount_minor) FILTER (WHERE standing = 'PAID'), 0) AS BIGINT) AS sum_minor,
                    CAST(COALESCE(SUM(asked - 1), 0) AS BIGINT) AS repeated,
                    (SELECT COUNT(*) FROM (SELECT o.reward FROM payment_order o WHERE o.standing = 'PAID'
                                             AND NOT EXISTS (SELECT 1 FROM ordered_payment p
                                                             WHERE p.end_to_end_id = o.end_to_end_id AND p.fate = 'RETURNED')
                                           GROUP BY o.reward HAVING COUNT(*) > 1) AS paid_twice) AS doubled,
                    (SELECT COUNT(*) FROM ordered_twice) AS twice
             FROM payment_order WHERE currency = $1",
            (currency.code(),),
        )
        .await?;
    Ok(Payments {
        count: row.payments,
        sum_minor: row.sum_minor,
        currency,
        repeated: row.repeated,
        doubled: row.doubled,
        twice: row.twice,
    })
}

/// Every order, by its end-to-end id.
pub(crate) async fn all(db: &Db) -> Result<Vec<Order>, Fault> {
    let rows: Vec<OrderRow> = db.all("SELECT * FROM payment_order ORDER BY end_to_end_id", ()).await?;
    rows.into_iter().map(OrderRow::order).collect()
}

impl OrderRow {
    fn order(self) -> Result<Order, Fault> {
        let currency: Currency =
            self.currency.parse().map_err(|_| Fault::Invalid(format!("{} is no currency", self.currency)))?;
        Ok(Order {
            end_to_end_id: self.end_to_end_id,
            reward: self.reward,
            payee: self.payee,
            amount: Money::new(currency, self.amount_minor),
            asked: self.asked,
            standing: self.standing,
            stands_since: self.stands_since.0,
        })
    }
}

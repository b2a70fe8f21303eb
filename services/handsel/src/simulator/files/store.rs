//! What the bank's book says of orders that came in files: every statement, and their rows.

use super::fate::Fate;
use crate::simulator::bank::Order;
use handsel_money::{Currency, Money};
use handsel_storage::{At, Column, Command, Db, Fault, TextEnum as _, Tx, row, text_enum};
use std::collections::HashMap;

text_enum! { for Fate { Paid = "PAID", Late = "LATE", Returned = "RETURNED", Refused = "REFUSED" } }

row! {
    /// An order that was read.
    pub(super) struct OrderFile {
        pub message_id: String,
        pub sha256: String,
        pub account: String,
        pub iban: i64,
        pub read_at: At,
        pub answered: i64,
    }
    struct FoundRow {
        end_to_end_id: String,
        message_id: String,
    }
    struct PaymentRow {
        end_to_end_id: String,
        amount_minor: i64,
        currency: String,
        fate: Fate,
    }
}

/// A payment of an order, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Payment {
    pub(super) end_to_end_id: String,
    pub(super) amount: Money,
    pub(super) fate: Fate,
}

/// An order whose reading begins, or goes on.
pub(super) struct Begin(pub(super) OrderFile);

impl Command for Begin {
    const NAME: &'static str = "simulator.order_file";
    /// As it is in the book: the one that came first.
    type Output = OrderFile;

    async fn apply(&self, tx: &mut Tx) -> Result<OrderFile, Fault> {
        let OrderFile { message_id, sha256, account, iban, read_at, answered: _ } = self.0.clone();
        tx.exec(
            "INSERT INTO order_file (message_id, sha256, account, iban, read_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (message_id) DO NOTHING",
            (message_id.clone(), sha256, account, iban, read_at),
        )
        .await?;
        tx.one("SELECT * FROM order_file WHERE message_id = $1", (message_id,)).await
    }
}

/// The order of this id, if it was read.
pub(super) async fn file(db: &Db, message_id: &str) -> Result<Option<OrderFile>, Fault> {
    db.opt("SELECT * FROM order_file WHERE message_id = $1", (message_id.to_owned(),)).await
}

/// A run of an order's payments.
pub(super) struct Book {
    pub(super) message_id: String,
    /// Each with what becomes of it and its position.
    pub(super) orders: Vec<(Order, Fate, i64)>,
}

impl Command for Book {
    const NAME: &'static str = "simulator.order_file_run";
    /// What is in another file already: it is not paid again. The id, and that file.
    type Output = Vec<(String, String)>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let ids: Vec<String> = self.orders.iter().map(|(order, _, _)| order.end_to_end_id.clone()).collect();
        let known = known(tx, ids).await?;
        let orders = || self.orders.iter();
        let new: Vec<_> = orders().filter(|(order, _, _)| !known.contains_key(&order.end_to_end_id)).collect();
        insert(tx, &self.message_id, &new).await?;
        let elsewhere = known.into_iter().filter(|(_, file)| *file != self.message_id);
        let twice: Vec<(String, String)> = elsewhere.collect();
        for (end_to_end_id, _) in &twice {
            tx.exec(
                "INSERT INTO ordered_twice (end_to_end_id, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                (end_to_end_id.clone(), self.message_id.clone()),
            )
            .await?;
        }
        Ok(twice)
    }
}

async fn known(tx: &mut Tx, ids: Vec<String>) -> Result<HashMap<String, String>, Fault> {
    let rows: Vec<FoundRow> = tx
        .all_by(
            "SELECT end_to_end_id, message_id FROM ordered_payment WHERE end_to_end_id = ANY($1)",
            "SELECT end_to_end_id, message_id FROM ordered_payment WHERE end_to_end_id = $1",
            Column::Text(ids),
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.end_to_end_id, row.message_id)).collect())
}

async fn insert(tx: &mut Tx, message_id: &str, new: &[&(Order, Fate, i64)]) -> Result<(), Fault> {
    if new.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&Order) -> String| Column::Text(new.iter().map(|(order, _, _)| of(order)).collect());
    tx.bulk(
        "INSERT INTO payment_order (end_to_end_id, reward, payee, amount_minor, currency, asked, standing, stands_since)
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::text[],
                              $8::timestamptz[])",
        "INSERT INTO payment_order (end_to_end_id, reward, payee, amount_minor, currency, asked, standing, stands_since)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        vec![
            text(|order| order.end_to_end_id.clone()),
            text(|order| order.reward.clone()),
            text(|order| order.payee.clone()),
            Column::Int(new.iter().map(|(order, _, _)| order.amount.minor()).collect()),
            text(|order| order.amount.currency().code().to_owned()),
            Column::Int(new.iter().map(|(order, _, _)| order.asked).collect()),
            Column::Text(new.iter().map(|(_, fate, _)| fate.standing().text().to_owned()).collect()),
            Column::At(new.iter().map(|(order, _, _)| At(order.stands_since)).collect()),
        ],
    )
    .await?;
    tx.bulk(
        "INSERT INTO ordered_payment (end_to_end_id, message_id, position, fate)
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::text[])",
        "INSERT INTO ordered_payment (end_to_end_id, message_id, position, fate) VALUES ($1, $2, $3, $4)",
        vec![
            text(|order| order.end_to_end_id.clone()),
            Column::Text(vec![message_id.to_owned(); new.len()]),
            Column::Int(new.iter().map(|(_, _, position)| *position).collect()),
            Column::Text(new.iter().map(|(_, fate, _)| fate.text().to_owned()).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// Orders with answers that were not sent yet, oldest first.
pub(super) async fn unanswered(db: &Db) -> Result<Vec<OrderFile>, Fault> {
    db.all("SELECT * FROM order_file WHERE answered < 2 ORDER BY read_at, message_id", ()).await
}

/// The payments of an order, in its order; what came in an earlier file is not among them.
pub(super) async fn payments(db: &Db, message_id: &str) -> Result<Vec<Payment>, Fault> {
    let rows: Vec<PaymentRow> = db
        .all(
            "SELECT p.end_to_end_id, o.amount_minor, o.currency, p.fate
             FROM ordered_payment p JOIN payment_order o ON o.end_to_end_id = p.end_to_end_id
             WHERE p.message_id = $1 ORDER BY p.position",
            (message_id.to_owned(),),
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let currency: Currency =
                row.currency.parse().map_err(|_| Fault::Invalid(format!("{} is no currency", row.currency)))?;
            let PaymentRow { end_to_end_id, amount_minor, currency: _, fate } = row;
            Ok(Payment { end_to_end_id, amount: Money::new(currency, amount_minor), fate })
        })
        .collect()
}

/// The next round of an order's answers was sent.
pub(super) async fn answered(db: &Db, order: &OrderFile) -> Result<(), Fault> {
    db.transact(&Answered { message_id: order.message_id.clone(), rounds: order.answered.saturating_add(1) }).await
}

struct Answered {
    message_id: String,
    rounds: i64,
}

impl Command for Answered {
    const NAME: &'static str = "simulator.answered";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        tx.exec_one("UPDATE order_file SET answered = $2 WHERE message_id = $1", (self.message_id.clone(), self.rounds))
            .await
    }
}

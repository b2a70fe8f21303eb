//! The simulated core bank's books, for people and for programs.

use super::bank::Order;
use super::store::{self, Payments};
use crate::paint::bold;
use crate::place::Place;
use anstream::println;
use anyhow::Result;
use handsel_money::Money;
use handsel_storage::{Db, TextEnum as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Prints what the bank has paid.
///
/// # Errors
/// There are no books in this place: no simulator ever ran over it.
pub(crate) async fn print(place: &Place, as_json: bool) -> Result<()> {
    let db = Db::open(place.location(), store::SCHEMA).await?;
    db.is_current(store::MIGRATIONS).await?;
    let orders = store::all(&db).await?;
    let mut totals = BTreeMap::new();
    for order in &orders {
        let currency = order.amount.currency();
        if !totals.contains_key(currency.code()) {
            totals.insert(currency.code(), store::payments(&db, currency).await?);
        }
    }
    if as_json {
        let totals: Vec<Value> = totals.values().map(total).collect();
        let orders: Vec<Value> = orders.iter().map(entry).collect();
        println!("{}", json!({ "totals": totals, "orders": orders }));
        return Ok(());
    }
    for payments in totals.values() {
        let Payments { count, repeated, doubled, twice, .. } = payments;
        println!("{} in {count} payments", bold(sum(payments)));
        println!("orders asked for again: {repeated}, rewards paid twice: {doubled}, orders in two files: {twice}");
    }
    Ok(())
}

fn sum(payments: &Payments) -> Money {
    Money::new(payments.currency, payments.sum_minor)
}

fn total(payments: &Payments) -> Value {
    let Payments { count, sum_minor, currency, repeated, doubled, twice } = payments;
    json!({
        "currency": currency.code(), "payments": count, "sum_minor": sum_minor,
        "repeated": repeated, "doubled": doubled, "in_two_files": twice,
    })
}

fn entry(order: &Order) -> Value {
    let Order { end_to_end_id, reward, payee, amount, asked, standing, stands_since } = order;
    json!({
        "end_to_end_id": end_to_end_id, "reward": reward, "payee": payee,
        "amount_minor": amount.minor(), "currency": amount.currency().code(),
        "asked": asked, "standing": standing.text(), "stands_since": stands_since.to_string(),
    })
}

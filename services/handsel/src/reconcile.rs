//! Holds what the log says was paid to what the ledger says, and lists what differs.

use crate::audit::NotProven;
use crate::bearer::Caller;
use crate::cli::ReconcileArguments;
use anstream::println;
use anyhow::{Result, bail};
use handsel_proto::google::r#type::Money;
use handsel_proto::handsel::audit::v1::{
    ReconcileRequest, Reconciliation,
    reconcile_service_client::ReconcileServiceClient,
    reconciliation::{Difference, Outcome, Side, Total},
};
use handsel_service::wire::{money_from, to_timestamp};

/// Compares the payouts of a period.
///
/// # Errors
/// [`NotProven`] if the sides differ; anything else if nothing can be said.
pub(crate) async fn reconcile(caller: &Caller, arguments: ReconcileArguments) -> Result<()> {
    let ReconcileArguments { server: _, source, from, to } = arguments;
    let asked = ReconcileRequest { source, from_time: Some(to_timestamp(from)), to_time: Some(to_timestamp(to)) };
    let found = ReconcileServiceClient::new(caller.clone()).reconcile(asked).await?.into_inner();
    let outcome = found.outcome();
    let Reconciliation { totals, differences, differences_left_out, finding, record_index, .. } = found;
    for total in &totals {
        print_total(total);
    }
    for difference in &differences {
        print_difference(difference);
    }
    if differences_left_out > 0 {
        println!("and {differences_left_out} more");
    }
    if let Some(index) = record_index {
        println!("record {index}");
    }
    match outcome {
        Outcome::Matched => {
            println!("the log and the ledger say the same");
            Ok(())
        }
        Outcome::Different => Err(NotProven::because(format!("what was paid differs, {finding}")).into()),
        Outcome::Incomplete | Outcome::Unspecified => {
            bail!("statements of that period are still on their way to the log: ask again")
        }
    }
}

fn print_total(total: &Total) {
    let flow = total.flow().as_str_name().trim_start_matches("FLOW_").to_lowercase();
    let (ledger, log) = (amount(total.ledger_sum.as_ref()), amount(total.log_sum.as_ref()));
    println!("{flow:<9} ledger {} {ledger} · log {} {log}", total.ledger_count, total.log_count);
}

fn print_difference(difference: &Difference) {
    let Difference { reward, transfer_id, ledger, log, log_count } = difference;
    let told = |side: Option<&Side>| side.map_or_else(|| "nothing".to_owned(), |side| amount(side.amount.as_ref()));
    let (ledger, log) = (told(ledger.as_ref()), told(log.as_ref()));
    println!("{reward} transfers/{transfer_id}: ledger {ledger}, log {log} ({log_count})");
}

fn amount(money: Option<&Money>) -> String {
    money_from(money, "amount").map_or_else(|_| "?".to_owned(), |money| money.to_string())
}

//! What records of officers' acts say: the row that each is the reason for, and what the record of a hold says, so that it can be told
//! from the record alone.

use super::{
    hold::{Hold, Scope},
    kept::{PRUNED_BODIES, Row},
    prune::PRUNED,
    violation::Violation,
};
use handsel_money::Timestamp;
use serde_json::{Map, Value};

/// What a record of the log's own says of an act.
#[derive(Debug)]
pub(crate) struct ActSaid<'a> {
    /// Its type.
    pub(crate) kind: &'a str,
    /// What it is about.
    pub(crate) subjects: &'a [String],
    /// What came of it.
    pub(crate) outcome: &'a str,
    /// Why, as a code.
    pub(crate) reason: Option<&'a str>,
    /// When.
    pub(crate) at: Timestamp,
    /// Whose act it was, by pseudonym: the person's, where a system called for one.
    pub(crate) by: &'a str,
    /// The details, where they are those that the statement commits to.
    pub(crate) body: Option<&'a Value>,
    /// Bodies that it says were pruned, if it is a record of a prune that can be read.
    pub(crate) pruned: Option<u64>,
}

impl ActSaid<'_> {
    /// The row that this record is the reason for; none: it is the reason for none. What a body does not say, or what nobody can read
    /// in it, is missing in the row: so no stored row is like it.
    #[must_use]
    pub(crate) fn row(&self) -> Option<Row> {
        let (by, at) = (Some(self.by.to_owned()), Some(self.at.to_string()));
        let reason = self.reason.map(str::to_owned);
        let row = match self.kind {
            "case.opened" => {
                let id = self.id("cases/");
                Row::of("case_file", [("id", id), ("reason", reason), ("opened_by", by), ("opened_at", at)])
            }
            "case.added" => self.entry(by, at),
            "case.closed" => {
                let id = self.id("cases/");
                Row::of("case_closing", [("case_id", id), ("outcome", reason), ("closed_by", by), ("closed_at", at)])
            }
            "hold.placed" => self.hold(by, at),
            "hold.release_proposed" => self.release("PROPOSED", by, at),
            "hold.released" => self.release("CONFIRMED", by, at),
            "hold.in_force" | "hold.refused" => self.answer("PLACED", at),
            "hold.lifted" => self.answer("RELEASED", at),
            "audit.reconciled" => self.reconciliation(at),
            "erasure.cleared" => Row::of("clearance", [("erasure", self.subjects.first().cloned())]),
            "bodies.prune_proposed" => {
                let types = self.body.and_then(|body| body.get("types")).map(Value::to_string);
                let (id, before) = (self.id("prunes/"), self.detail("before"));
                let columns =
                    [("id", id), ("types", types), ("before_at", before), ("proposer", by), ("proposed_at", at)];
                Row::of("prune", columns)
            }
            "bodies.prune_confirmed" => {
                let columns = [("prune_id", self.id("prunes/")), ("person", by), ("confirmed_at", at)];
                Row::of("prune_confirmation", columns)
            }
            PRUNED => Row::of(PRUNED_BODIES, [("rows", self.pruned.map(|count| count.to_string()))]),
            _ => return None,
        };
        Some(row)
    }

    fn entry(&self, by: Option<String>, at: Option<String>) -> Row {
        let number = self.subjects.get(1).and_then(|name| name.rsplit_once("/entries/"));
        let what = self.subjects.get(2).map(String::as_str).unwrap_or_default();
        let range = what.strip_prefix("records/").and_then(|range| range.split_once('-'));
        let finding = what.strip_prefix("findings/").map(str::to_owned);
        let item = if range.is_some() {
            "RECORDS"
        } else if finding.is_some() {
            "FINDING"
        } else {
            "NOTE"
        };
        let columns = [
            ("case_id", self.id("cases/")),
            ("number", number.map(|(_, number)| number.to_owned())),
            ("item", Some(item.to_owned())),
            ("first_index", range.map(|(first, _)| first.to_owned())),
            ("end_index", range.map(|(_, end)| end.to_owned())),
            ("finding", finding),
            ("added_by", by),
            ("added_at", at),
        ];
        Row::of("case_entry", columns)
    }

    fn hold(&self, by: Option<String>, at: Option<String>) -> Row {
        let columns = [
            ("id", self.id("holds/")),
            ("reason", self.reason.map(str::to_owned)),
            ("placed_by", by),
            ("placed_at", at),
            ("subject", self.detail("token")),
            ("case_id", self.detail("case_id")),
            ("scope", self.detail("scope")),
            ("token", self.detail("token")),
            ("first_index", self.detail("first_index")),
            ("end_index", self.detail("end_index")),
            ("source", self.detail("source")),
            ("record_type", self.detail("record_type")),
        ];
        Row::of("hold", columns)
    }

    fn release(&self, step: &str, by: Option<String>, at: Option<String>) -> Row {
        let columns =
            [("hold_id", self.id("holds/")), ("step", Some(step.to_owned())), ("person", by), ("released_at", at)];
        Row::of("hold_release", columns)
    }

    /// What was answered lies in the outcome: applied, or refused with a reason.
    fn answer(&self, step: &str, at: Option<String>) -> Row {
        let reason = if self.outcome == "refused" { self.reason.unwrap_or_default() } else { "" };
        let columns = [
            ("hold_id", self.id("holds/")),
            ("step", Some(step.to_owned())),
            ("reason", Some(reason.to_owned())),
            ("answered_at", at),
        ];
        Row::of("hold_answer", columns)
    }

    fn reconciliation(&self, at: Option<String>) -> Row {
        let (from, to) = (self.detail("from"), self.detail("to"));
        let id = self.subjects.get(1).and_then(|name| name.strip_prefix("reconciliations/"));
        let differs = self.outcome == "failure";
        let by = match self.detail("why").as_deref() {
            Some("due") => Some(String::new()),
            Some(_) => Some(self.by.to_owned()),
            None => None,
        };
        let columns = [
            ("id", id.map(str::to_owned)),
            ("source", self.id("sources/")),
            ("outcome", Some(if differs { "DIFFERENT" } else { "MATCHED" }.to_owned())),
            ("asked_by", by),
            ("finding", if differs { self.fingerprint() } else { None }),
            ("reconciled_at", at),
            ("from_time", from),
            ("to_time", to),
        ];
        Row::of("reconciliation", columns)
    }

    /// Of the finding that a reconciliation has led to.
    fn fingerprint(&self) -> Option<String> {
        let (source, from, to) = (self.id("sources/")?, self.detail("from")?, self.detail("to")?);
        let (ledger, log) = (self.detail("ledger")?, self.detail("log")?);
        let first = self.body?.pointer("/transfers/0").and_then(Value::as_str);
        Some(Violation::of_ledger((&source, &from, &to), &ledger, &log, first).fingerprint().to_string())
    }

    /// The id of what it is about first.
    fn id(&self, collection: &str) -> Option<String> {
        self.subjects.first()?.strip_prefix(collection).map(str::to_owned)
    }

    fn detail(&self, name: &str) -> Option<String> {
        self.body?.get(name)?.as_str().map(str::to_owned)
    }
}

/// The details in the record of a hold: everything that keeps something, and whether payments stop.
#[must_use]
pub(crate) fn body_of_hold(hold: &Hold, token: Option<&str>) -> Value {
    let payments = if hold.scope.stops_payments() { "stop" } else { "go on" };
    let mut body = Map::from_iter([("payments".to_owned(), Value::from(payments))]);
    let mut say = |name: &str, value: String| body.insert(name.to_owned(), Value::from(value));
    if let Some(case) = hold.case {
        say("case_id", case.to_string());
    }
    if let Some(token) = token {
        say("token", token.to_owned());
    }
    let scope = match &hold.scope {
        Scope::Payments(_) => "PAYMENTS",
        Scope::Subject(_) => "SUBJECT",
        Scope::Records(stretch) => {
            say("first_index", stretch.first.to_string());
            say("end_index", stretch.end.to_string());
            if let Some(source) = &stretch.source {
                say("source", source.clone());
            }
            "RECORDS"
        }
        Scope::Type(kind) => {
            say("record_type", kind.clone());
            "TYPE"
        }
    };
    say("scope", scope.to_owned());
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hold::{State, Step, Stop, Stretch};
    use serde_json::json;
    use uuid::Uuid;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn said<'a>(kind: &'a str, subjects: &'a [String], body: Option<&'a Value>) -> ActSaid<'a> {
        let (outcome, reason, at, by) = ("success", Some("COURT_ORDER"), Timestamp::from_micros(0), "s-1");
        ActSaid { kind, subjects, outcome, reason, at, by, body, pruned: None }
    }

    fn told(said: &ActSaid<'_>) -> String {
        said.row().map_or_else(|| "none".to_owned(), |row| format!("{}: {}", row.table, row.told()))
    }

    #[test]
    fn each_act_has_its_row() {
        let about = names(&["holds/h", "cases/c"]);
        let entry = |what: &[&str]| [names(&["cases/c", "cases/c/entries/3"]), names(what)].concat();
        let (records, finding, note) = (entry(&["records/5-9"]), entry(&["findings/4"]), entry(&[]));
        let (case, prune, erasure) = (names(&["cases/c"]), names(&["prunes/p"]), names(&["erasures/e", "subjects/1"]));
        let (before, at) = (json!({ "types": ["a.b"], "before": "then" }), "1970-01-01T00:00:00.000000Z");
        for (said, row) in [
            (
                said("case.opened", &case, None),
                format!("case_file: id c, opened_at {at}, opened_by s-1, reason COURT_ORDER"),
            ),
            (
                said("case.added", &records, None),
                format!(
                    "case_entry: added_at {at}, added_by s-1, case_id c, end_index 9, first_index 5, item RECORDS, number 3"
                ),
            ),
            (
                said("case.added", &finding, None),
                format!("case_entry: added_at {at}, added_by s-1, case_id c, finding 4, item FINDING, number 3"),
            ),
            (
                said("case.added", &note, None),
                format!("case_entry: added_at {at}, added_by s-1, case_id c, item NOTE, number 3"),
            ),
            (
                said("case.closed", &case, None),
                format!("case_closing: case_id c, closed_at {at}, closed_by s-1, outcome COURT_ORDER"),
            ),
            (
                said("hold.release_proposed", &about, None),
                format!("hold_release: hold_id h, person s-1, released_at {at}, step PROPOSED"),
            ),
            (
                said("hold.released", &about, None),
                format!("hold_release: hold_id h, person s-1, released_at {at}, step CONFIRMED"),
            ),
            (
                said("hold.in_force", &about, None),
                format!("hold_answer: answered_at {at}, hold_id h, reason , step PLACED"),
            ),
            (
                ActSaid { outcome: "refused", ..said("hold.refused", &about, None) },
                format!("hold_answer: answered_at {at}, hold_id h, reason COURT_ORDER, step PLACED"),
            ),
            (
                said("hold.lifted", &about, None),
                format!("hold_answer: answered_at {at}, hold_id h, reason , step RELEASED"),
            ),
            (said("erasure.cleared", &erasure, None), "clearance: erasure erasures/e".to_owned()),
            (
                said("bodies.prune_proposed", &prune, Some(&before)),
                format!("prune: before_at then, id p, proposed_at {at}, proposer s-1, types [\"a.b\"]"),
            ),
            (
                said("bodies.prune_confirmed", &prune, None),
                format!("prune_confirmation: confirmed_at {at}, person s-1, prune_id p"),
            ),
            (ActSaid { pruned: Some(7), ..said("bodies.pruned", &prune, None) }, "pruned_body: rows 7".to_owned()),
            (said("audit.read", &case, None), "none".to_owned()),
        ] {
            assert_eq!(told(&said), row);
        }
    }

    #[test]
    fn the_record_of_a_hold_says_what_it_keeps() {
        let hold = |scope| Hold {
            id: Uuid::nil(),
            case: Some(Uuid::max()),
            scope,
            reason: "COURT_ORDER".to_owned(),
            placed: Step { by: "olga".to_owned(), at: Timestamp::from_micros(0) },
            index: 0,
            state: State::Active,
            stop: Stop::Unasked,
        };
        let about = names(&["holds/h"]);
        let row = |scope, token| {
            let body = body_of_hold(&hold(scope), token);
            told(&said("hold.placed", &about, Some(&body)))
        };
        let case = format!("hold: case_id {}, ", Uuid::max());
        let rest = "placed_at 1970-01-01T00:00:00.000000Z, placed_by s-1, reason COURT_ORDER";
        let stretch = Stretch { first: 5, end: 9, source: Some("tier/audit".to_owned()) };
        for (scope, token, expected) in [
            (
                Scope::Payments("customers/42".to_owned()),
                Some("customers/c-1"),
                format!("{case}id h, {rest}, scope PAYMENTS, subject customers/c-1, token customers/c-1"),
            ),
            (Scope::Type("tier.".to_owned()), None, format!("{case}id h, {rest}, record_type tier., scope TYPE")),
            (
                Scope::Records(stretch),
                None,
                format!("{case}end_index 9, first_index 5, id h, {rest}, scope RECORDS, source tier/audit"),
            ),
        ] {
            assert_eq!(row(scope, token), expected);
        }
    }
}

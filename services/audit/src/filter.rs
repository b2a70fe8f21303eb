//! Which records somebody asks for. One pure rule, applied by the server that leaves something out, and again by the client that
//! believes nothing.

use handsel_money::Timestamp;
use handsel_proto::handsel::audit::v1 as proto;
use handsel_service::{status::Violation, wire};
use serde_json::Value;

/// Parts that are set must all hold; of each, any one value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// Types of statements; with a dot at its end, all that begin so.
    pub types: Vec<String>,
    /// Sources.
    pub sources: Vec<String>,
    /// What statements are about.
    pub subjects: Vec<String>,
    /// Who acted.
    pub staff: Vec<String>,
    /// What became of it.
    pub outcomes: Vec<String>,
    /// Sealed at this instant or later.
    pub from: Option<Timestamp>,
    /// Sealed before this instant.
    pub to: Option<Timestamp>,
}

impl RecordFilter {
    /// Reads a message.
    ///
    /// # Errors
    /// A violation for an instant that is none.
    pub fn read(filter: proto::RecordFilter) -> Result<Self, Violation> {
        let proto::RecordFilter { types, sources, subjects, staff, outcomes, from_time, to_time } = filter;
        let from = from_time.map(|given| wire::timestamp_from(Some(&given), "filter.from_time")).transpose()?;
        let to = to_time.map(|given| wire::timestamp_from(Some(&given), "filter.to_time")).transpose()?;
        Ok(Self { types, sources, subjects, staff, outcomes, from, to })
    }

    /// As a message.
    #[must_use]
    pub fn message(&self) -> proto::RecordFilter {
        let Self { types, sources, subjects, staff, outcomes, from, to } = self.clone();
        let (from_time, to_time) = (from.map(wire::to_timestamp), to.map(wire::to_timestamp));
        proto::RecordFilter { types, sources, subjects, staff, outcomes, from_time, to_time }
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// What it says, for the record of somebody's reading: `{}` for all.
    #[must_use]
    pub fn described(&self) -> Value {
        let Self { types, sources, subjects, staff, outcomes, from, to } = self;
        let instants = |at: &Option<Timestamp>| at.map(|at| at.to_string()).into_iter().collect::<Vec<_>>();
        let parts = [
            ("types", types.clone()),
            ("sources", sources.clone()),
            ("subjects", subjects.clone()),
            ("staff", staff.clone()),
            ("outcomes", outcomes.clone()),
            ("from", instants(from)),
            ("to", instants(to)),
        ];
        let set = parts.into_iter().filter(|(_, values)| !values.is_empty());
        Value::Object(set.map(|(name, values)| (name.to_owned(), values.into())).collect())
    }

    /// Whether it asks for a record: the instant at which the log sealed it, and its statement.
    #[must_use]
    pub fn asks_for(&self, logged_at: &str, statement: &Value) -> bool {
        let text = |path: &str| statement.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let one_of = |wanted: &[String], path: &str| wanted.is_empty() || wanted.iter().any(|one| one == text(path));
        self.in_time(logged_at)
            && (self.types.is_empty() || self.types.iter().any(|wanted| is_of_type(wanted, text("/type"))))
            && one_of(&self.sources, "/source")
            && one_of(&self.staff, "/actor/staff")
            && one_of(&self.outcomes, "/outcome")
            && (self.subjects.is_empty() || self.names_a_subject(statement))
    }

    /// The log writes its instants in a fixed width, so they sort as text.
    fn in_time(&self, logged_at: &str) -> bool {
        self.from.is_none_or(|from| *logged_at >= *from.to_string())
            && self.to.is_none_or(|to| *logged_at < *to.to_string())
    }

    fn names_a_subject(&self, statement: &Value) -> bool {
        let subjects = statement.get("subjects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        subjects.iter().filter_map(Value::as_str).any(|subject| self.subjects.iter().any(|wanted| wanted == subject))
    }
}

fn is_of_type(wanted: &str, kind: &str) -> bool {
    if wanted.ends_with('.') { kind.starts_with(wanted) } else { kind == wanted }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SEALED: &str = "2026-01-01T00:00:00.000001Z";

    fn statement() -> Value {
        json!({
            "type": "reward.granted", "source": "reward/audit", "outcome": "success",
            "actor": { "staff": "staff/7" }, "subjects": ["rewards/1", "referrals/2"],
        })
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn what_a_filter_asks_for() {
        let open = RecordFilter::default;
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        for (asked, filter) in [
            (true, open()),
            (true, RecordFilter { types: texts(&["x.y", "reward.granted"]), ..open() }),
            (true, RecordFilter { types: texts(&["reward."]), ..open() }),
            (false, RecordFilter { types: texts(&["reward"]), ..open() }),
            (false, RecordFilter { types: texts(&["rew."]), ..open() }),
            (true, RecordFilter { sources: texts(&["reward/audit"]), ..open() }),
            (false, RecordFilter { sources: texts(&["tier/audit"]), ..open() }),
            (true, RecordFilter { subjects: texts(&["referrals/2"]), ..open() }),
            (false, RecordFilter { subjects: texts(&["referrals/1"]), ..open() }),
            (true, RecordFilter { staff: texts(&["staff/7"]), outcomes: texts(&["success"]), ..open() }),
            (false, RecordFilter { staff: texts(&["staff/7"]), outcomes: texts(&["refused"]), ..open() }),
            (true, RecordFilter { from: at(SEALED), ..open() }),
            (false, RecordFilter { from: at("2026-01-01T00:00:00.000002Z"), ..open() }),
            (true, RecordFilter { to: at("2026-01-01T00:00:00.000002Z"), ..open() }),
            (false, RecordFilter { to: at(SEALED), ..open() }),
        ] {
            assert_eq!(filter.asks_for(SEALED, &statement()), asked, "{filter:?}");
            assert_eq!(RecordFilter::read(filter.message()).unwrap(), filter);
        }
    }
}

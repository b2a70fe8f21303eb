//! An officer puts records, a finding or a note into a case.

use super::Act;
use crate::{
    domain::{
        case::{Case, Entry, Item},
        refused::Refused,
    },
    store,
};
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::{Value, json};
use uuid::Uuid;

/// Puts something into a case.
pub(crate) struct AddToCase {
    pub(crate) act: Act,
    pub(crate) case: Uuid,
    pub(crate) what: Addition,
}

/// What is put into a case.
pub(crate) enum Addition {
    /// Records, from the first to before the end.
    Records { first: u64, end: u64 },
    /// A finding.
    Finding(i64),
    /// Prose.
    Note(String),
}

impl Addition {
    fn item(&self) -> Item {
        match self {
            Self::Records { first, end } => Item::Records { first: *first, end: *end },
            Self::Finding(number) => Item::Finding(*number),
            Self::Note(_) => Item::Note,
        }
    }

    /// What the record of it names besides the case and the entry, and its body.
    fn said(&self) -> (Option<String>, Value) {
        match self {
            Self::Records { first, end } => (Some(format!("records/{first}-{end}")), Value::Null),
            Self::Finding(number) => (Some(format!("findings/{number}")), Value::Null),
            Self::Note(note) => (None, json!({ "note": note })),
        }
    }
}

impl Command for AddToCase {
    const NAME: &'static str = "audit.add_to_case";
    type Output = Result<String, Refused>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Self { act, case, what } = self;
        let Some(case) = store::case::load(tx, *case).await? else {
            return Ok(Err(Refused::NotFound(format!("cases/{case}"))));
        };
        let number = match case.add() {
            Ok(number) => number,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Err(refused) = self.is_there(tx).await? {
            return Ok(Err(refused));
        }
        let (names, body) = what.said();
        let entry = format!("{}/entries/{number}", case.name());
        let subjects = [case.name(), entry].into_iter().chain(names).collect();
        let index = match act.record(act.notice(("case.added", "add"), subjects, None, body), tx).await? {
            Ok(index) => index,
            Err(refused) => return Ok(Err(refused)),
        };
        let entry = Entry { number, item: what.item(), added: act.step(), index };
        store::case::add_entry(tx, case.id, &entry).await?;
        Ok(Ok(Case::name(&case)))
    }
}

impl AddToCase {
    /// What is named must be there: a case points to nothing that may yet become something.
    async fn is_there(&self, tx: &mut Tx) -> Result<Result<(), Refused>, Fault> {
        match &self.what {
            Addition::Records { end, .. } => {
                let size = store::head::newest(tx).await?.map_or(0, |head| head.size);
                let beyond = Refused::FieldInvalid { field: "records.end_index", description: "beyond the log's end" };
                Ok(if *end <= size { Ok(()) } else { Err(beyond) })
            }
            Addition::Finding(number) => {
                let found = store::finding::load(tx, *number).await?;
                Ok(found.map(|_| ()).ok_or_else(|| Refused::NotFound(format!("findings/{number}"))))
            }
            Addition::Note(_) => Ok(Ok(())),
        }
    }
}

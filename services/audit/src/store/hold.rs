//! Holds, who released them, and what the reward service has answered.

use super::column;
use crate::domain::hold::{Hold, InForce, Scope, State, Step, Stop, Stretch};
use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx, row, text_enum};
use uuid::Uuid;

text_enum! {
    enum ScopeWord { Payments = "PAYMENTS", Subject = "SUBJECT", Records = "RECORDS", Type = "TYPE" }
}

row! {
    struct HoldRow {
        id: Uuid,
        case_id: Option<Uuid>,
        scope: ScopeWord,
        subject: Option<String>,
        first_index: Option<i64>,
        end_index: Option<i64>,
        source: Option<String>,
        record_type: Option<String>,
        reason: String,
        placed_by: String,
        placed_at: At,
        leaf_index: i64,
        proposed_by: Option<String>,
        proposed_at: Option<At>,
        confirmed_by: Option<String>,
        confirmed_at: Option<At>,
        stop_reason: Option<String>,
        stopped_at: Option<At>,
        lifted_at: Option<At>,
    }

    struct InForceRow {
        id: Uuid,
        scope: ScopeWord,
        subject: Option<String>,
        token: Option<String>,
        first_index: Option<i64>,
        end_index: Option<i64>,
        source: Option<String>,
        record_type: Option<String>,
    }
}

/// Every hold that is in force, with the sequencer's row locked until this transaction is over: a hold is placed under the same lock,
/// so whoever takes something away by what this says is not overtaken by one.
pub(crate) async fn in_force(tx: &mut Tx) -> Result<InForce, Fault> {
    let sql = tx.pick("SELECT id FROM sequencer WHERE id = 1 FOR UPDATE", "SELECT id FROM sequencer WHERE id = 1");
    tx.one::<(i64,)>(sql, ()).await?;
    let rows: Vec<InForceRow> = tx
        .all(
            "SELECT id, scope, subject, token, first_index, end_index, source, record_type FROM hold
             WHERE NOT EXISTS (SELECT 1 FROM hold_release r WHERE r.hold_id = hold.id AND r.step = 'CONFIRMED')",
            (),
        )
        .await?;
    let mut holds = InForce::default();
    for InForceRow { id, scope, subject, token, first_index, end_index, source, record_type } in rows {
        holds.add(id, restored(id, scope, (subject, record_type), (first_index, end_index, source))?, token);
    }
    Ok(holds)
}

/// Adds a hold. `token` is what statements call the resource that it names.
pub(crate) async fn insert(tx: &mut Tx, hold: &Hold, token: Option<String>) -> Result<(), Fault> {
    let (mut first, mut end, mut source, mut kind) = (None, None, None, None);
    let scope = match &hold.scope {
        Scope::Payments(_) => ScopeWord::Payments,
        Scope::Subject(_) => ScopeWord::Subject,
        Scope::Records(stretch) => {
            (first, end) = (Some(column(stretch.first)?), Some(column(stretch.end)?));
            source.clone_from(&stretch.source);
            ScopeWord::Records
        }
        Scope::Type(held) => {
            kind = Some(held.clone());
            ScopeWord::Type
        }
    };
    let subject = hold.scope.subject().map(str::to_owned);
    tx.exec_one(
        "INSERT INTO hold (id, case_id, scope, subject, token, first_index, end_index, source, record_type, reason,
                           placed_by, placed_at, leaf_index)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        (
            hold.id,
            hold.case,
            scope,
            subject,
            token,
            first,
            end,
            source,
            kind,
            hold.reason.as_str(),
            hold.placed.by.as_str(),
            At(hold.placed.at),
            hold.index,
        ),
    )
    .await
}

/// Adds a person's step towards its release: a proposal, or its confirmation.
pub(crate) async fn add_release(tx: &mut Tx, hold: &Hold, index: i64) -> Result<(), Fault> {
    let (word, step) = match &hold.state {
        State::Active => return Err(Fault::Invalid(format!("{} has no release", hold.name()))),
        State::ReleaseProposed(step) => ("PROPOSED", step),
        State::Released { confirmed, .. } => ("CONFIRMED", confirmed),
    };
    tx.exec_one(
        "INSERT INTO hold_release (hold_id, step, person, released_at, leaf_index) VALUES ($1, $2, $3, $4, $5)",
        (hold.id, word, step.by.as_str(), At(step.at), index),
    )
    .await
    .map_err(Fault::unique_is_race)
}

/// Adds what the reward service has answered: to the hold, or to its release.
pub(crate) async fn add_answer(
    tx: &mut Tx,
    hold: Uuid,
    (released, reason): (Asked, &str),
    at: Timestamp,
    index: i64,
) -> Result<(), Fault> {
    tx.exec_one(
        "INSERT INTO hold_answer (hold_id, step, reason, answered_at, leaf_index) VALUES ($1, $2, $3, $4, $5)",
        (hold, released, reason, At(at), index),
    )
    .await
    .map_err(Fault::unique_is_race)
}

text_enum! {
    /// What the reward service was told.
    pub(crate) enum Asked {
        /// To stop payments.
        Placed = "PLACED",
        /// To let them leave again.
        Released = "RELEASED",
    }
}

/// One hold.
pub(crate) async fn load(tx: &mut Tx, id: Uuid) -> Result<Option<Hold>, Fault> {
    let row: Option<HoldRow> = tx
        .opt(
            "SELECT h.id, h.case_id, h.scope, h.subject, h.first_index, h.end_index, h.source, h.record_type, h.reason,
                    h.placed_by, h.placed_at, h.leaf_index, p.person AS proposed_by, p.released_at AS proposed_at,
                    c.person AS confirmed_by, c.released_at AS confirmed_at, s.reason AS stop_reason,
                    s.answered_at AS stopped_at, l.answered_at AS lifted_at
             FROM hold h
             LEFT JOIN hold_release p ON p.hold_id = h.id AND p.step = 'PROPOSED'
             LEFT JOIN hold_release c ON c.hold_id = h.id AND c.step = 'CONFIRMED'
             LEFT JOIN hold_answer s ON s.hold_id = h.id AND s.step = 'PLACED'
             LEFT JOIN hold_answer l ON l.hold_id = h.id AND l.step = 'RELEASED'
             WHERE h.id = $1",
            (id,),
        )
        .await?;
    row.map(HoldRow::restore).transpose()
}

/// Which holds are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Only those of this case.
    pub(crate) case: Option<Uuid>,
    /// Only those on this resource.
    pub(crate) subject: Option<String>,
    /// Which as to their release.
    pub(crate) which: Which,
}

/// Which holds as to their release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Which {
    /// All.
    #[default]
    All,
    /// Those that are not released.
    InForce,
}

/// At most `most` holds placed before a position, the newest first.
pub(crate) async fn page(
    tx: &mut Tx,
    Listed { case, subject, which }: Listed,
    before: Option<(Timestamp, Uuid)>,
    most: i64,
) -> Result<Vec<Hold>, Fault> {
    let (at, id) = before.map(|(at, id)| (At(at), id)).unzip();
    let rows: Vec<HoldRow> = tx
        .all(
            "SELECT h.id, h.case_id, h.scope, h.subject, h.first_index, h.end_index, h.source, h.record_type, h.reason,
                    h.placed_by, h.placed_at, h.leaf_index, p.person AS proposed_by, p.released_at AS proposed_at,
                    c.person AS confirmed_by, c.released_at AS confirmed_at, s.reason AS stop_reason,
                    s.answered_at AS stopped_at, l.answered_at AS lifted_at
             FROM hold h
             LEFT JOIN hold_release p ON p.hold_id = h.id AND p.step = 'PROPOSED'
             LEFT JOIN hold_release c ON c.hold_id = h.id AND c.step = 'CONFIRMED'
             LEFT JOIN hold_answer s ON s.hold_id = h.id AND s.step = 'PLACED'
             LEFT JOIN hold_answer l ON l.hold_id = h.id AND l.step = 'RELEASED'
             WHERE ($1 IS NULL OR h.case_id = $1)
               AND ($2 IS NULL OR h.subject = $2)
               AND (NOT $3 OR c.person IS NULL)
               AND ($4 IS NULL OR (h.placed_at, h.id) < ($4, $5))
             ORDER BY h.placed_at DESC, h.id DESC LIMIT $6",
            (case, subject, which == Which::InForce, at, id, most),
        )
        .await?;
    rows.into_iter().map(HoldRow::restore).collect()
}

/// Holds on payments, and releases of such, that the reward service has not answered yet as far as is written down here; oldest first.
pub(crate) async fn unanswered(tx: &mut Tx, most: i64) -> Result<Vec<Uuid>, Fault> {
    let rows: Vec<(Uuid,)> = tx
        .all(
            "SELECT h.id FROM hold h
             WHERE h.scope = 'PAYMENTS'
               AND (NOT EXISTS (SELECT 1 FROM hold_answer a WHERE a.hold_id = h.id AND a.step = 'PLACED')
                    OR (EXISTS (SELECT 1 FROM hold_release r WHERE r.hold_id = h.id AND r.step = 'CONFIRMED')
                        AND NOT EXISTS (SELECT 1 FROM hold_answer a WHERE a.hold_id = h.id AND a.step = 'RELEASED')))
             ORDER BY h.placed_at, h.id LIMIT $1",
            (most,),
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

impl HoldRow {
    fn restore(self) -> Result<Hold, Fault> {
        let Self {
            id,
            case_id,
            scope,
            subject,
            first_index,
            end_index,
            source,
            record_type,
            reason,
            placed_by,
            placed_at,
            leaf_index,
            proposed_by,
            proposed_at,
            confirmed_by,
            confirmed_at,
            stop_reason,
            stopped_at,
            lifted_at,
        } = self;
        let step = |by: Option<String>, at: Option<At>| by.zip(at).map(|(by, at)| Step { by, at: at.0 });
        let state = match (step(proposed_by, proposed_at), step(confirmed_by, confirmed_at)) {
            (None, None) => State::Active,
            (Some(proposed), None) => State::ReleaseProposed(proposed),
            (Some(proposed), Some(confirmed)) => State::Released { proposed, confirmed },
            (None, Some(_)) => return Err(corrupt(id)),
        };
        let scope = restored(id, scope, (subject, record_type), (first_index, end_index, source))?;
        let stop = match (scope.stops_payments(), stop_reason.zip(stopped_at), lifted_at) {
            (false, ..) => Stop::Unasked,
            (true, None, _) => Stop::Owed,
            (true, Some((reason, at)), _) if !reason.is_empty() => Stop::Refused { reason, at: at.0 },
            (true, Some((_, at)), None) => Stop::InForce { since: at.0 },
            (true, Some(_), Some(at)) => Stop::Lifted { at: at.0 },
        };
        let placed = Step { by: placed_by, at: placed_at.0 };
        Ok(Hold { id, case: case_id, scope, reason, placed, index: leaf_index, state, stop })
    }
}

fn restored(
    id: Uuid,
    scope: ScopeWord,
    (subject, kind): (Option<String>, Option<String>),
    (first, end, source): (Option<i64>, Option<i64>, Option<String>),
) -> Result<Scope, Fault> {
    let corrupt = || corrupt(id);
    Ok(match scope {
        ScopeWord::Payments => Scope::Payments(subject.ok_or_else(corrupt)?),
        ScopeWord::Subject => Scope::Subject(subject.ok_or_else(corrupt)?),
        ScopeWord::Type => Scope::Type(kind.ok_or_else(corrupt)?),
        ScopeWord::Records => {
            let (first, end) = first.zip(end).ok_or_else(corrupt)?;
            Scope::Records(Stretch { first: first.cast_unsigned(), end: end.cast_unsigned(), source })
        }
    })
}

fn corrupt(id: Uuid) -> Fault {
    Fault::Invalid(format!("hold {id} is not one"))
}

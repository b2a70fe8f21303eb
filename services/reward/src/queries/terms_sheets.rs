//! Terms sheets: as they were kept when the version came into force; of a draft, as it would read.

use crate::{
    domain::{calculation::explanation::Language, plan::Plan},
    store,
};
use handsel_storage::{Db, Fault};

pub(crate) use crate::store::terms_sheet::SheetRow;

/// The sheet of a version in a language; version 0: of the one in force or paused, else of the newest.
pub(crate) async fn get(
    db: &Db,
    plan: &str,
    version: i64,
    language: Language,
) -> Result<Option<(Plan, SheetRow)>, Fault> {
    let mut tx = db.read().await?;
    let Some(plan) = store::plan::read(&mut tx, plan, version).await? else { return Ok(None) };
    let kept = store::terms_sheet::read(&mut tx, &plan.id, plan.version, language).await?;
    let shown = kept.unwrap_or_else(|| SheetRow::of(&plan, language));
    Ok(Some((plan, shown)))
}

//! Terms sheets of versions that were put in force. Written once.

use crate::domain::{
    calculation::explanation::Language,
    plan::Plan,
    terms_sheet::{SHEET_FORMAT, sheet},
};
use aws_lc_rs::digest::{SHA256, digest};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};

row! {
    pub(crate) struct SheetRow {
        pub plan_id: String,
        pub plan_version: i64,
        pub language: String,
        pub format: i64,
        pub text: String,
        pub digest: String,
    }
}

impl SheetRow {
    /// The sheet of a version as it is generated now.
    pub(crate) fn of(plan: &Plan, language: Language) -> Self {
        let text = sheet(plan, language);
        Self {
            plan_id: plan.id.clone(),
            plan_version: plan.version,
            language: code(language).to_owned(),
            format: i64::from(SHEET_FORMAT),
            digest: hex::encode(digest(&SHA256, text.as_bytes())),
            text,
        }
    }
}

fn code(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::Chinese => "zh-Hans",
    }
}

/// Keeps the sheets of a version that comes into force, in every language.
pub(crate) async fn insert(tx: &mut Tx, plan: &Plan, now: Timestamp) -> Result<(), Fault> {
    let sheets = [Language::English, Language::Chinese].map(|language| SheetRow::of(plan, language));
    let text = |of: fn(&SheetRow) -> &str| Column::Text(sheets.iter().map(|one| of(one).to_owned()).collect());
    tx.bulk(
        "INSERT INTO terms_sheet (plan_id, plan_version, language, format, text, digest, created_at)
         SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::timestamptz[])",
        "INSERT INTO terms_sheet (plan_id, plan_version, language, format, text, digest, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        vec![
            text(|one| &one.plan_id),
            Column::Int(sheets.iter().map(|one| one.plan_version).collect()),
            text(|one| &one.language),
            Column::Int(sheets.iter().map(|one| one.format).collect()),
            text(|one| &one.text),
            text(|one| &one.digest),
            Column::At(sheets.iter().map(|_| At(now)).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// The sheet of a version in a language, where the version was put in force.
pub(crate) async fn read(tx: &mut Tx, plan: &str, version: i64, language: Language) -> Result<Option<SheetRow>, Fault> {
    tx.opt(
        "SELECT plan_id, plan_version, language, format, text, digest FROM terms_sheet
         WHERE plan_id = $1 AND plan_version = $2 AND language = $3",
        (plan.to_owned(), version, code(language).to_owned()),
    )
    .await
}

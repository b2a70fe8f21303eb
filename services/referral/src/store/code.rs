//! `code`: one row a code.

use super::{count, word};
use crate::domain::code::{Code, CodeDraft, CodeText};
use handsel_storage::{At, Fault, Tx, row};

row! {
    struct CodeRow {
        code: String,
        program_id: String,
        referrer: String,
        branch: String,
        expires_at: Option<At>,
        usage_limit: i64,
        usage_count: i64,
        created_at: At,
    }
}

impl CodeRow {
    fn code(self) -> Result<Code, Fault> {
        Ok(Code {
            text: word(&self.code)?,
            terms: CodeDraft {
                program: self.program_id,
                referrer: self.referrer,
                branch: self.branch,
                expires_at: self.expires_at.map(|at| at.0),
                usage_limit: count(self.usage_limit)?,
            },
            usage_count: count(self.usage_count)?,
            created_at: self.created_at.0,
        })
    }
}

/// Adds a code; false if the text is taken.
pub(crate) async fn insert(tx: &mut Tx, code: &Code) -> Result<bool, Fault> {
    let terms = &code.terms;
    let added = tx
        .exec(
            "INSERT INTO code (code, program_id, referrer, branch, expires_at, usage_limit, usage_count, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (code) DO NOTHING",
            (
                code.text.canonical(),
                terms.program.as_str(),
                terms.referrer.as_str(),
                terms.branch.as_str(),
                terms.expires_at.map(At),
                i64::from(terms.usage_limit),
                i64::from(code.usage_count),
                At(code.created_at),
            ),
        )
        .await?;
    Ok(added == 1)
}

/// One code.
pub(crate) async fn get(tx: &mut Tx, text: &CodeText) -> Result<Option<Code>, Fault> {
    let row: Option<CodeRow> = tx
        .opt(
            "SELECT code, program_id, referrer, branch, expires_at, usage_limit, usage_count, created_at
             FROM code WHERE code = $1",
            (text.canonical(),),
        )
        .await?;
    row.map(CodeRow::code).transpose()
}

/// Counts one use; contention if another has taken the last since the code was read.
pub(crate) async fn count_use(tx: &mut Tx, text: &CodeText) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE code SET usage_count = usage_count + 1
         WHERE code = $1 AND (usage_limit = 0 OR usage_count < usage_limit)",
        (text.canonical(),),
    )
    .await
}

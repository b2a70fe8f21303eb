//! Qualified referrals: one row each, for ever.

use super::{corrupt, money};
use crate::domain::qualification::{Qualification, StaffShare};
use handsel_money::{Currency, Money, Timestamp, parse_decimal};
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct QualificationRow {
        pub referral: Uuid,
        pub plan_id: String,
        pub plan_version: i64,
        pub branch: String,
        pub referrer: String,
        pub referee: String,
        pub currency: String,
        pub qualifying_minor: i64,
        pub qualified_at: At,
        pub registrar: String,
        pub stage: String,
        pub staff: String,
    }
}

impl QualificationRow {
    fn restore(self) -> Result<Qualification, Fault> {
        let Self {
            referral,
            plan_id,
            plan_version,
            branch,
            referrer,
            referee,
            currency,
            qualifying_minor,
            qualified_at,
            registrar,
            stage,
            staff,
        } = self;
        Ok(Qualification {
            referral,
            plan: plan_id,
            plan_version,
            branch,
            referrer,
            referee,
            qualifying_amount: Some(money(&currency, qualifying_minor)?),
            qualified_at: qualified_at.0,
            registrar,
            stage,
            staff: read_staff(&staff)?,
        })
    }
}

/// `staff/7=1.5 staff/8=1`: neither part holds a space or a '='.
fn write_staff(staff: &[StaffShare]) -> String {
    let shares: Vec<String> = staff.iter().map(|share| format!("{}={}", share.staff, share.weight)).collect();
    shares.join(" ")
}

fn read_staff(text: &str) -> Result<Vec<StaffShare>, Fault> {
    let share = |text: &str| {
        let (staff, weight) = text.split_once('=')?;
        Some(StaffShare { staff: staff.to_owned(), weight: parse_decimal(weight).ok()? })
    };
    text.split_whitespace().map(|one| share(one).ok_or_else(|| corrupt("qualification.staff", text))).collect()
}

/// Those of these referrals that were granted before, each stage apart.
pub(crate) async fn of_referrals(tx: &mut Tx, referrals: Vec<Uuid>) -> Result<Vec<Qualification>, Fault> {
    let rows: Vec<QualificationRow> = tx
        .all_by(
            "SELECT referral, plan_id, plan_version, branch, referrer, referee, currency, qualifying_minor, qualified_at,
                    registrar, stage, staff
             FROM qualification WHERE referral = ANY($1)",
            "SELECT referral, plan_id, plan_version, branch, referrer, referee, currency, qualifying_minor, qualified_at,
                    registrar, stage, staff
             FROM qualification WHERE referral = $1",
            Column::Uuid(referrals),
        )
        .await?;
    rows.into_iter().map(QualificationRow::restore).collect()
}

/// Adds qualifications, an absent amount as 0 in the plan's currency. One that another process added meanwhile is a lost race.
pub(crate) async fn insert(tx: &mut Tx, added: &[(&Qualification, Currency)], now: Timestamp) -> Result<(), Fault> {
    if added.is_empty() {
        return Ok(());
    }
    let column = |text: fn(&Qualification) -> &str| {
        Column::Text(added.iter().map(|(qualification, _)| text(qualification).to_owned()).collect())
    };
    let inserted = tx
        .bulk(
            "INSERT INTO qualification (referral, plan_id, plan_version, branch, referrer, referee, currency,
                                        qualifying_minor, qualified_at, registrar, stage, staff, recorded_at)
             SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
                                  $8::bigint[], $9::timestamptz[], $10::text[], $11::text[], $12::text[], $13::timestamptz[])
             ON CONFLICT (referral, stage) DO NOTHING",
            "INSERT INTO qualification (referral, plan_id, plan_version, branch, referrer, referee, currency,
                                        qualifying_minor, qualified_at, registrar, stage, staff, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (referral, stage) DO NOTHING",
            vec![
                Column::Uuid(added.iter().map(|(qualification, _)| qualification.referral).collect()),
                column(|one| &one.plan),
                Column::Int(added.iter().map(|(qualification, _)| qualification.plan_version).collect()),
                column(|one| &one.branch),
                column(|one| &one.referrer),
                column(|one| &one.referee),
                Column::Text(added.iter().map(|(_, currency)| currency.code().to_owned()).collect()),
                Column::Int(added.iter().map(|(one, _)| one.qualifying_amount.map_or(0, Money::minor)).collect()),
                Column::At(added.iter().map(|(qualification, _)| At(qualification.qualified_at)).collect()),
                column(|one| &one.registrar),
                column(|one| &one.stage),
                Column::Text(added.iter().map(|(one, _)| write_staff(&one.staff)).collect()),
                Column::At(added.iter().map(|_| At(now)).collect()),
            ],
        )
        .await?;
    if usize::try_from(inserted) == Ok(added.len()) { Ok(()) } else { Err(Fault::Contention) }
}

row! {
    pub(crate) struct RegistrarRow {
        pub referral: Uuid,
        pub stage: String,
        pub registrar: String,
        pub plan_maker: String,
    }
}

/// Who registered these referrals, and who made the plans that pay for them: none of them approves what they earned.
pub(crate) async fn makers(tx: &mut Tx, referrals: Vec<Uuid>) -> Result<Vec<RegistrarRow>, Fault> {
    tx.all_by(
        "SELECT q.referral, q.stage, q.registrar, p.maker AS plan_maker
         FROM qualification q JOIN plan p ON p.id = q.plan_id AND p.version = q.plan_version
         WHERE q.referral = ANY($1)",
        "SELECT q.referral, q.stage, q.registrar, p.maker AS plan_maker
         FROM qualification q JOIN plan p ON p.id = q.plan_id AND p.version = q.plan_version
         WHERE q.referral = $1",
        Column::Uuid(referrals),
    )
    .await
}

//! What the bank said of rewards that are to be paid.

use super::corrupt;
use crate::domain::{
    gate::{Answer, Round, Verdict},
    terms::GateCheck,
};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use std::collections::HashMap;
use uuid::Uuid;

row! {
    pub(crate) struct RoundRow {
        pub reward_id: Uuid,
        pub verdict: String,
        pub asked_at: At,
        pub holds_until: At,
    }
    pub(crate) struct AnswerRow {
        pub reward_id: Uuid,
        pub gate_check: String,
        pub verdict: String,
        pub reason_code: String,
        pub asked_at: At,
    }
    pub(crate) struct CandidateRow {
        pub id: Uuid,
        pub plan_id: String,
        pub plan_version: i64,
    }
}

fn verdict(code: &str) -> Result<Verdict, Fault> {
    Verdict::from_code(code).ok_or_else(|| corrupt("gate.verdict", code))
}

/// The last round of each of these rewards, in no order, its answers in theirs; those that nobody asked of are absent.
pub(crate) async fn rounds(tx: &mut Tx, rewards: Vec<Uuid>) -> Result<Vec<Round>, Fault> {
    if rewards.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<RoundRow> = tx
        .all_by(
            "SELECT reward_id, verdict, asked_at, holds_until FROM gate_round WHERE reward_id = ANY($1)",
            "SELECT reward_id, verdict, asked_at, holds_until FROM gate_round WHERE reward_id = $1",
            Column::Uuid(rewards),
        )
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let said: Vec<AnswerRow> = tx
        .all_by(
            "SELECT reward_id, gate_check, verdict, reason_code, asked_at FROM gate_answer WHERE reward_id = ANY($1)",
            "SELECT reward_id, gate_check, verdict, reason_code, asked_at FROM gate_answer WHERE reward_id = $1",
            Column::Uuid(rows.iter().map(|row| row.reward_id).collect()),
        )
        .await?;
    let mut answers: HashMap<Uuid, Vec<Answer>> = HashMap::new();
    for row in said {
        let answer = Answer {
            check: GateCheck::from_code(&row.gate_check).ok_or_else(|| corrupt("gate.check", &row.gate_check))?,
            verdict: verdict(&row.verdict)?,
            reason_code: row.reason_code,
            asked_at: row.asked_at.0,
        };
        answers.entry(row.reward_id).or_default().push(answer);
    }
    rows.into_iter()
        .map(|row| {
            let mut answers = answers.remove(&row.reward_id).unwrap_or_default();
            // Answers of a round before, to what the plan asks no more, do not count.
            answers.retain(|answer| answer.asked_at == row.asked_at.0);
            answers.sort_by_key(|answer| answer.check);
            Ok(Round {
                reward: row.reward_id,
                verdict: verdict(&row.verdict)?,
                asked_at: row.asked_at.0,
                holds_until: row.holds_until.0,
                answers,
            })
        })
        .collect()
}

/// What is to be paid and of which the bank is to be asked: nobody has, or what it said holds no more; and nobody holds it. Of reward
/// `r`, with the instant of now as `$1`.
macro_rules! is_to_be_asked_of {
    () => {
        "r.state IN ('APPROVED', 'PAYING')
           AND (r.state = 'APPROVED'
                OR (r.state = 'PAYING' AND EXISTS (SELECT 1 FROM attempt a
                                                   WHERE a.reward_id = r.id AND a.number = r.attempts
                                                     AND a.first_sent_at IS NULL)
                    AND EXISTS (SELECT 1 FROM gate_round g WHERE g.reward_id = r.id)))
           AND NOT EXISTS (SELECT 1 FROM gate_round g WHERE g.reward_id = r.id AND g.holds_until > $1)
           AND NOT EXISTS (SELECT 1 FROM hold h
                           WHERE h.state <> 'RELEASED' AND (h.reward_id = r.id OR h.referral = r.referral
                                                            OR h.beneficiary = r.beneficiary OR h.plan_id = r.plan_id))"
    };
}

/// Rewards of which the bank is to be asked, the longest approved first. Those of plans that ask nothing are not read, however many
/// wait; and however many are held, the others have their turn.
///
/// PostgreSQL is told to go plan by plan, each from its own longest approved on: left to itself it may read everything that waits.
pub(crate) async fn candidates(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<CandidateRow>, Fault> {
    let sql = tx.pick(
        concat!(
            "SELECT r.id, r.plan_id, r.plan_version
             FROM plan p CROSS JOIN LATERAL (
                 SELECT r.id, r.plan_id, r.plan_version, r.updated_at FROM reward r
                 WHERE r.plan_id = p.id AND r.plan_version = p.version AND ",
            is_to_be_asked_of!(),
            " ORDER BY r.updated_at, r.id LIMIT $2) AS r
             WHERE p.asks_bank ORDER BY r.updated_at, r.id LIMIT $2"
        ),
        concat!(
            "SELECT r.id, r.plan_id, r.plan_version
             FROM plan p CROSS JOIN reward r
             WHERE p.asks_bank AND r.plan_id = p.id AND r.plan_version = p.version AND ",
            is_to_be_asked_of!(),
            " ORDER BY r.updated_at, r.id LIMIT $2"
        ),
    );
    tx.all(sql, (At(now), limit)).await
}

/// What the bank said of a reward holds no more: it is locked, and what is to be paid is another thing now.
pub(crate) async fn void(tx: &mut Tx, reward: Uuid, now: Timestamp) -> Result<(), Fault> {
    tx.exec("UPDATE gate_round SET holds_until = $2 WHERE reward_id = $1 AND holds_until > $2", (reward, At(now)))
        .await
        .map(|_| ())
}

/// Saves rounds of rewards that are locked, over those before.
pub(crate) async fn save(tx: &mut Tx, rounds: &[Round]) -> Result<(), Fault> {
    if rounds.is_empty() {
        return Ok(());
    }
    tx.bulk(
        "INSERT INTO gate_round (reward_id, verdict, asked_at, holds_until)
         SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[])
         ON CONFLICT (reward_id) DO UPDATE
         SET verdict = excluded.verdict, asked_at = excluded.asked_at, holds_until = excluded.holds_until",
        "INSERT INTO gate_round (reward_id, verdict, asked_at, holds_until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (reward_id) DO UPDATE
         SET verdict = excluded.verdict, asked_at = excluded.asked_at, holds_until = excluded.holds_until",
        vec![
            Column::Uuid(rounds.iter().map(|round| round.reward).collect()),
            Column::Text(rounds.iter().map(|round| round.verdict.code().to_owned()).collect()),
            Column::At(rounds.iter().map(|round| At(round.asked_at)).collect()),
            Column::At(rounds.iter().map(|round| At(round.holds_until)).collect()),
        ],
    )
    .await?;
    let answers: Vec<(Uuid, &Answer)> =
        rounds.iter().flat_map(|round| round.answers.iter().map(|answer| (round.reward, answer))).collect();
    let text = |of: fn(&Answer) -> &str| Column::Text(answers.iter().map(|(_, one)| of(one).to_owned()).collect());
    tx.bulk(
        "INSERT INTO gate_answer (reward_id, gate_check, verdict, reason_code, asked_at)
         SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
         ON CONFLICT (reward_id, gate_check) DO UPDATE
         SET verdict = excluded.verdict, reason_code = excluded.reason_code, asked_at = excluded.asked_at",
        "INSERT INTO gate_answer (reward_id, gate_check, verdict, reason_code, asked_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (reward_id, gate_check) DO UPDATE
         SET verdict = excluded.verdict, reason_code = excluded.reason_code, asked_at = excluded.asked_at",
        vec![
            Column::Uuid(answers.iter().map(|(reward, _)| *reward).collect()),
            text(|one| one.check.code()),
            text(|one| one.verdict.code()),
            text(|one| &one.reason_code),
            // Written as its round's, so that it is known to belong to it.
            Column::At(rounds.iter().flat_map(|round| round.answers.iter().map(|_| At(round.asked_at))).collect()),
        ],
    )
    .await?;
    Ok(())
}

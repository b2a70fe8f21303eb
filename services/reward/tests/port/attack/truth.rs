//! What stands in the database, read past the service.

use handsel_money::Timestamp;
use handsel_storage::{At, Db, row};
use std::collections::BTreeSet;
use uuid::Uuid;

row! {
    pub(super) struct RewardRow {
        pub(super) id: Uuid,
        pub(super) referral: Uuid,
        pub(super) plan_id: String,
        pub(super) beneficiary: String,
        pub(super) kind: String,
        pub(super) state: String,
        pub(super) approver: String,
        pub(super) attempts: i64,
        pub(super) quantity: i64,
        pub(super) reward_minor: i64,
        pub(super) tax_minor: i64,
        pub(super) net_minor: i64,
        pub(super) cost_minor: i64,
        pub(super) netted_minor: i64,
        pub(super) reversed_minor: i64,
        pub(super) reversed_tax_minor: i64,
        pub(super) window_key: String,
        pub(super) season: String,
    }
    pub(super) struct AttemptRow {
        pub(super) reward_id: Uuid,
        pub(super) number: i64,
        pub(super) end_to_end_id: String,
        pub(super) status: String,
        pub(super) amount_minor: i64,
        pub(super) first_sent_at: Option<At>,
    }
    pub(super) struct TransferRow {
        pub(super) reward_id: Option<Uuid>,
        pub(super) event: String,
        pub(super) debit: String,
        pub(super) credit: String,
        pub(super) amount_minor: i64,
    }
    pub(super) struct HoldRow {
        pub(super) id: Uuid,
        pub(super) reward_id: Option<Uuid>,
        pub(super) referral: Option<Uuid>,
        pub(super) beneficiary: Option<String>,
        pub(super) plan_id: Option<String>,
        pub(super) state: String,
    }
    pub(super) struct ChoiceRow {
        pub(super) reward_id: Uuid,
        pub(super) estimate_minor: i64,
        pub(super) extra_minor: i64,
        pub(super) side: Option<String>,
        pub(super) grant_id: Option<Uuid>,
    }
    pub(super) struct GrantRow {
        pub(super) id: Uuid,
        pub(super) plan_id: String,
        pub(super) charge: String,
        pub(super) state: String,
        pub(super) estimate_minor: i64,
        pub(super) benefit_minor: Option<i64>,
        pub(super) qualified_at: At,
    }
    pub(super) struct ClaimRow {
        pub(super) id: Uuid,
        pub(super) reward_id: Uuid,
        pub(super) claimed_minor: i64,
        pub(super) netted_minor: i64,
        pub(super) recovered_minor: i64,
    }
    pub(super) struct CounterRow {
        pub(super) kind: String,
        pub(super) plan_id: String,
        pub(super) period: String,
        pub(super) beneficiary: String,
        pub(super) counted: i64,
        pub(super) minor: i64,
    }
    pub(super) struct ApprovalRow {
        pub(super) reward_id: Uuid,
        pub(super) person: String,
    }
    pub(super) struct PayeeRow {
        pub(super) reward_id: Uuid,
        pub(super) number: i64,
        pub(super) person: String,
    }
    pub(super) struct RoundRow {
        pub(super) reward_id: Uuid,
        pub(super) verdict: String,
        pub(super) holds_until: At,
    }
    pub(super) struct IdRow {
        pub(super) id: Uuid,
    }
    pub(super) struct ProposalRow {
        pub(super) id: Uuid,
        pub(super) verdict: String,
    }
    pub(super) struct OpenRateRow {
        pub(super) instruction_id: String,
    }
}

/// Everything that the rules speak of, at one moment of rest.
pub(super) struct Truth {
    pub(super) rewards: Vec<RewardRow>,
    pub(super) attempts: Vec<AttemptRow>,
    pub(super) transfers: Vec<TransferRow>,
    /// Those that hold.
    pub(super) holds: Vec<HoldRow>,
    pub(super) choices: Vec<ChoiceRow>,
    pub(super) grants: Vec<GrantRow>,
    pub(super) claims: Vec<ClaimRow>,
    pub(super) counters: Vec<CounterRow>,
    /// Those that count.
    pub(super) approvals: Vec<ApprovalRow>,
    /// Oldest first.
    pub(super) payees: Vec<PayeeRow>,
    pub(super) rounds: Vec<RoundRow>,
    /// Rewards of which the bank has said that an attempt paid, where that could not be.
    pub(super) paid_against: BTreeSet<Uuid>,
    /// Resolutions that nobody has confirmed.
    pub(super) proposals: Vec<ProposalRow>,
    /// Remittances of tax that nobody has confirmed.
    pub(super) remittances: Vec<IdRow>,
    /// What of rates the bank has not answered for.
    pub(super) rate_instructions: Vec<OpenRateRow>,
    pub(super) latched: bool,
    /// How often anything has happened to the latch.
    pub(super) latch_events: i64,
    pub(super) proposal: Option<Uuid>,
    pub(super) now: Timestamp,
    /// Everything that a call can change, in one line.
    pub(super) print: String,
}

const REWARDS: &str =
    "SELECT id, referral, plan_id, beneficiary, kind, state, approver, attempts, quantity, reward_minor, tax_minor,
        net_minor, cost_minor, netted_minor, reversed_minor, reversed_tax_minor, window_key, season
     FROM reward ORDER BY created_at, id";
const COUNTERS: &str =
    "SELECT 'BUDGET' AS kind, plan_id, '' AS period, '' AS beneficiary, CAST(0 AS BIGINT) AS counted,
            granted_minor AS minor FROM plan_budget
     UNION ALL SELECT 'COST', plan_id, '', '', CAST(0 AS BIGINT), cost_minor FROM plan_budget
     UNION ALL SELECT 'SEASON', plan_id, season, '', CAST(0 AS BIGINT), granted_minor FROM plan_season
     UNION ALL SELECT 'WINDOW', plan_id, window_key, beneficiary, reward_count, granted_minor FROM beneficiary_window
     UNION ALL SELECT 'RATE', plan_id, '', '', grant_count, benefit_minor FROM plan_rate";
/// What is counted, and how often it has changed.
const PRINT: &str = "SELECT CAST((SELECT COUNT(*) FROM transfer) AS BIGINT),
     CAST((SELECT COALESCE(SUM(revision), 0) FROM reward) AS BIGINT),
     CAST((SELECT COUNT(*) + COUNT(first_sent_at) + COUNT(outcome_at) FROM attempt) AS BIGINT),
     CAST((SELECT COALESCE(SUM(revision), 0) FROM hold) AS BIGINT),
     CAST((SELECT COUNT(*) + COUNT(voided_at) FROM approval) AS BIGINT),
     CAST((SELECT COUNT(*) FROM payee) AS BIGINT),
     CAST((SELECT COALESCE(SUM(revision), 0) FROM rate_grant) AS BIGINT),
     CAST((SELECT COALESCE(SUM(revision), 0) FROM claim) AS BIGINT),
     CAST((SELECT COUNT(*) FROM recovery) + (SELECT COUNT(*) FROM reversal)
          + (SELECT COUNT(*) + COUNT(ended_at) FROM resolution) + (SELECT COUNT(*) FROM conflict_resolved) AS BIGINT),
     CAST((SELECT COUNT(*) FROM latch_event) + (SELECT COUNT(*) FROM tax_remittance)
          + (SELECT COUNT(*) FROM tax_remittance_confirmation) AS BIGINT),
     CAST((SELECT COUNT(side) FROM reward_choice) + (SELECT COUNT(answered_at) FROM rate_instruction) AS BIGINT),
     CAST((SELECT SUM(revision) FROM plan) AS BIGINT)";
type Print = (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);

impl Truth {
    pub(super) async fn read(db: &Db, now: Timestamp) -> Self {
        let conflicts: Vec<(Uuid,)> = db
            .all(
                "SELECT reward_id FROM outcome_conflict c WHERE status = 'SETTLED'
                   AND NOT EXISTS (SELECT 1 FROM conflict_resolved d WHERE d.conflict_id = c.id)",
                (),
            )
            .await
            .unwrap();
        let (latched,): (bool,) = db.one("SELECT down FROM settlement_latch", ()).await.unwrap();
        let (latch_events,): (i64,) = db.one("SELECT CAST(COUNT(*) AS BIGINT) FROM latch_event", ()).await.unwrap();
        let proposal: Option<(Uuid,)> = db
            .opt("SELECT proposal FROM latch_event WHERE kind = 'PROPOSED' ORDER BY number DESC LIMIT 1", ())
            .await
            .unwrap();
        let print: Print = db.one(PRINT, ()).await.unwrap();
        Self {
            rewards: db.all(REWARDS, ()).await.unwrap(),
            attempts: db
                .all(
                    "SELECT reward_id, number, end_to_end_id, status, amount_minor, first_sent_at FROM attempt
                     ORDER BY instructed_at, end_to_end_id",
                    (),
                )
                .await
                .unwrap(),
            transfers: db
                .all("SELECT reward_id, event, debit, credit, amount_minor FROM transfer ORDER BY ordinal", ())
                .await
                .unwrap(),
            holds: db
                .all(
                    "SELECT id, reward_id, referral, beneficiary, plan_id, state FROM hold WHERE state <> 'RELEASED'
                     ORDER BY placed_at, id",
                    (),
                )
                .await
                .unwrap(),
            choices: db
                .all("SELECT reward_id, estimate_minor, extra_minor, side, grant_id FROM reward_choice ORDER BY reward_id", ())
                .await
                .unwrap(),
            grants: db
                .all(
                    "SELECT id, plan_id, charge, state, estimate_minor, benefit_minor, qualified_at FROM rate_grant
                     ORDER BY offered_at, id",
                    (),
                )
                .await
                .unwrap(),
            claims: db
                .all(
                    "SELECT id, reward_id, claimed_minor, netted_minor, recovered_minor FROM claim
                     ORDER BY created_at, id",
                    (),
                )
                .await
                .unwrap(),
            counters: db.all(COUNTERS, ()).await.unwrap(),
            approvals: db.all("SELECT reward_id, person FROM approval WHERE voided_at IS NULL", ()).await.unwrap(),
            payees: db.all("SELECT reward_id, number, person FROM payee ORDER BY number", ()).await.unwrap(),
            rounds: db.all("SELECT reward_id, verdict, holds_until FROM gate_round", ()).await.unwrap(),
            paid_against: conflicts.into_iter().map(|(reward,)| reward).collect(),
            proposals: db
                .all("SELECT id, verdict FROM resolution WHERE state = 'PROPOSED' ORDER BY proposed_at, id", ())
                .await
                .unwrap(),
            remittances: db
                .all(
                    "SELECT id FROM tax_remittance t WHERE NOT EXISTS
                       (SELECT 1 FROM tax_remittance_confirmation c WHERE c.remittance_id = t.id) ORDER BY id",
                    (),
                )
                .await
                .unwrap(),
            rate_instructions: db
                .all("SELECT instruction_id FROM rate_instruction WHERE status = 'OPEN' ORDER BY instruction_id", ())
                .await
                .unwrap(),
            latched,
            latch_events,
            proposal: proposal.map(|(id,)| id),
            now,
            print: format!("{print:?}"),
        }
    }

    pub(super) fn reward(&self, id: Uuid) -> &RewardRow {
        self.rewards.iter().find(|reward| reward.id == id).unwrap()
    }

    /// The holds that keep a reward.
    pub(super) fn holds_on(&self, reward: &RewardRow) -> BTreeSet<Uuid> {
        let names = |hold: &&HoldRow| {
            hold.reward_id == Some(reward.id)
                || hold.referral == Some(reward.referral)
                || hold.beneficiary.as_ref() == Some(&reward.beneficiary)
                || hold.plan_id.as_ref() == Some(&reward.plan_id)
        };
        self.holds.iter().filter(names).map(|hold| hold.id).collect()
    }

    pub(super) fn round(&self, reward: Uuid) -> Option<&RoundRow> {
        self.rounds.iter().find(|round| round.reward_id == reward)
    }

    /// What a counter holds: how many, and how much.
    pub(super) fn counter(&self, kind: &str, plan: &str, period: &str, beneficiary: &str) -> (i64, i64) {
        let it = |one: &&CounterRow| {
            (one.kind.as_str(), one.plan_id.as_str(), one.period.as_str(), one.beneficiary.as_str())
                == (kind, plan, period, beneficiary)
        };
        self.counters.iter().find(it).map_or((0, 0), |one| (one.counted, one.minor))
    }
}

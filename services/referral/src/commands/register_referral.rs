//! Registers an introduction: runs every check, keeps them all, and pins what the referral will be paid by.

use super::{Act, policy};
use crate::{
    domain::{
        checks::{self, CheckResult, CodeStanding, Findings},
        code::Code,
        program::{Program, ProgramState},
        referral::{FollowUp, Introduction, Referral, Standing, State},
        refusal::Refusal,
    },
    registry::Sealing,
    store::{
        self,
        standing::{Concerned, Standings},
    },
};
use handsel_outbox::{Owed, Statement, statement::PERSONAL};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use uuid::Uuid;

/// Registers an introduction.
#[derive(Debug)]
pub(crate) struct RegisterReferral {
    /// Who registers it.
    pub(crate) act: Act,
    /// Its id.
    pub(crate) id: Uuid,
    /// What is introduced.
    pub(crate) introduction: Introduction,
    /// Who is introduced, sealed.
    pub(crate) sealing: Sealing,
}

impl Command for RegisterReferral {
    const NAME: &'static str = "referral.register";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let introduction = &self.introduction;
        let Some(program) = store::program::get(tx, &introduction.program).await? else {
            return Ok(Err(Refusal::NotFound(format!("programs/{}", introduction.program))));
        };
        let code = match &introduction.code {
            None => None,
            Some(text) => match store::code::get(tx, text).await? {
                None => return Ok(Err(Refusal::NotFound(format!("codes/{text}")))),
                Some(code) => Some(code),
            },
        };
        let referrer = match introduction.referrer_with(code.as_ref()) {
            Ok(referrer) => referrer,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let concerned = Concerned {
            program: &program.id,
            referrer: &referrer,
            contact_index: &self.sealing.subject.contact_index,
            suppression: &self.sealing.suppression,
            now: self.act.now,
        };
        let standings = store::standing::of(tx, concerned).await?;
        let checks = checks::run(&self.findings(&program, code.as_ref(), &referrer, &standings));
        let standing = if standings.core { Standing::Core } else { Standing::Other };
        let referral = self.referral(&program, referrer, checks, standing);
        self.save(tx, &program, &referral).await?;
        self.act.owe(tx, vec![Owed::Audit(self.statement(&referral))]).await?;
        Ok(Ok(format!("referrals/{}", self.id)))
    }
}

impl RegisterReferral {
    fn findings(&self, program: &Program, code: Option<&Code>, referrer: &str, standings: &Standings) -> Findings {
        Findings {
            now: self.act.now,
            program_active: program.state == ProgramState::Active,
            program_starts_at: program.terms.starts_at,
            program_ends_at: program.terms.ends_at,
            consent_given_at: self.introduction.consent.given_at,
            code: code.map(|code| CodeStanding {
                expires_at: code.terms.expires_at,
                usage_limit: code.terms.usage_limit,
                usage_count: code.usage_count,
            }),
            referrer: referrer.to_owned(),
            referrer_limit: program.terms.referrer_limit,
            referrer_count: standings.referrer_count,
            known_customer: standings.known_customer.clone(),
            referred_before: standings.referred_before,
        }
    }

    fn referral(&self, program: &Program, referrer: String, checks: Vec<CheckResult>, standing: Standing) -> Referral {
        let now = self.act.now;
        let introduction = self.introduction.clone();
        Referral {
            id: self.id,
            subject: self.sealing.subject.id,
            program: program.id.clone(),
            program_version: program.version,
            plan: program.terms.plan.clone(),
            plan_version: program.plan_version,
            branch: introduction.branch,
            channel: introduction.channel,
            referrer,
            code: introduction.code,
            consent: introduction.consent,
            state: checks::initial_state(&checks),
            checks,
            follow_up: FollowUp::owed(program.terms.follow_up_in_force(), standing, now),
            referee_customer: None,
            qualifying_amount: None,
            registrar: self.act.by.clone(),
            created_at: now,
            expires_at: program.terms.success.expiry(now),
            qualified_at: None,
            reversed_at: None,
            updated_at: now,
            revision: 1,
        }
    }

    async fn save(&self, tx: &mut Tx, program: &Program, referral: &Referral) -> Result<(), Fault> {
        let subject = &self.sealing.subject;
        store::subject::insert(tx, subject).await?;
        store::referral::insert(tx, referral, &subject.contact_index).await?;
        if referral.state == State::Rejected {
            return Ok(());
        }
        if let Some(code) = &referral.code {
            store::code::count_use(tx, code).await?;
        }
        match program.terms.referrer_limit {
            0 => Ok(()),
            limit => store::standing::count_referral(tx, &program.id, &referral.referrer, limit).await,
        }
    }

    fn statement(&self, referral: &Referral) -> Statement {
        let name = format!("referrals/{}", referral.id);
        let (kind, outcome) = match referral.state {
            State::Rejected => ("referral.rejected", "refused"),
            State::Registered | State::Converting | State::Qualified | State::Expired | State::Reversed => {
                ("referral.registered", "success")
            }
        };
        let verdicts: serde_json::Map<String, serde_json::Value> =
            referral.checks.iter().map(|check| (check.rule.as_str().into(), check.verdict.as_str().into())).collect();
        let (program, consent) = (format!("programs/{}", referral.program), &referral.consent);
        Statement {
            subjects: vec![name.clone(), program, referral.referrer.clone(), format!("subjects/{}", referral.subject)],
            outcome,
            reason: checks::first_failure(&referral.checks).map(|rule| rule.as_str().to_owned()),
            policy: Some(policy(&referral.program, referral.program_version)),
            body: json!({
                "branch": referral.branch,
                "channel": referral.channel.as_str(),
                "checks": verdicts,
                "consent": {
                    "text_version": consent.text_version,
                    "given_at": consent.given_at.to_string(),
                    "means": consent.means.as_str(),
                },
                PERSONAL: self.sealing.logged,
            }),
            ..self.act.statement(kind, "register", name)
        }
    }
}

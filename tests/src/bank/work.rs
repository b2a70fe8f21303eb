//! The bank's daily work: tellers register, core banking reports, somebody approves. Every call is made until it is answered.

use super::{Fate, Introduction, PROGRAM, hellers, minor, request_id};
use crate::dice::Dice;
use crate::installation::{Caller, Installation, Service};
use crate::patience::Patience;
use crate::system_seconds;
use handsel_access::Role;
use handsel_proto::handsel::{
    referral::v1::{
        Channel, Consent, CreateReferralRequest, Fact, FactKind, IngestFactsRequest, Referee, Referral, consent,
        fact_outcome, fact_service_client::FactServiceClient, referee, referral,
        referral_service_client::ReferralServiceClient,
    },
    reward::v1::{
        ApproveRewardsRequest, ListRewardsRequest, RetryPayoutRequest, Reward, reward,
        reward_service_client::RewardServiceClient,
    },
};
use prost_types::Timestamp;
use tonic::{Response, Status};

/// The most facts in one call, so that there are many calls.
const FACTS: usize = 7;

/// The bank at work over an installation.
#[derive(Debug)]
pub struct Bank<'installation> {
    /// Where its services are.
    pub installation: &'installation Installation,
    /// How long all of it may take.
    pub patience: Patience,
    /// When it began, in seconds since 1970.
    pub began: i64,
}

/// An introduction on record.
#[derive(Debug, Clone)]
pub struct Registered {
    /// Which.
    pub introduction: Introduction,
    /// What the service made of it.
    pub referral: Referral,
}

impl<'installation> Bank<'installation> {
    /// A bank that begins now.
    #[must_use]
    pub fn new(installation: &'installation Installation, patience: Patience) -> Self {
        Self { installation, patience, began: system_seconds()() }
    }

    pub(super) fn caller(&self, service: Service, (role, branch, person): (Role, &str, Option<&str>)) -> Caller {
        self.installation.caller(service, role, branch, person)
    }

    /// A teller registers an introduction.
    ///
    /// # Panics
    /// If it does not stand as it must.
    pub async fn register(&self, introduction: Introduction) -> Registered {
        let branch = introduction.branch();
        let person = format!("teller-{branch}");
        let teller = self.caller(Service::Referral, (Role::BranchStaff, &branch, Some(&person)));
        let request = CreateReferralRequest {
            request_id: request_id(&format!("introduction {}", introduction.0)),
            referral: Some(self.referral(introduction)),
        };
        let register = async || ReferralServiceClient::new(teller.clone()).create_referral(request.clone()).await;
        let referral = self.patience.answer("registering", register).await;
        let rejected = referral.state() == referral::State::Rejected;
        assert_eq!(rejected, introduction.fate() == Fate::ComesTwice, "{introduction:?}: {referral:?}");
        Registered { introduction, referral }
    }

    fn referral(&self, introduction: Introduction) -> Referral {
        Referral {
            program: PROGRAM.to_owned(),
            branch: introduction.branch(),
            channel: Channel::BranchForm.into(),
            referrer: introduction.referrer_name(),
            referee: Some(Referee {
                display_name: format!("Friend {}", introduction.0),
                contact: Some(referee::Contact::Email(introduction.email())),
            }),
            consent: Some(Consent {
                text_version: "referee-contact/1".to_owned(),
                give_time: Some(Timestamp { seconds: self.began, nanos: 0 }),
                means: consent::Means::Signed.into(),
            }),
            ..Referral::default()
        }
    }

    /// Core banking reports facts, by batch and by stream in turn.
    ///
    /// # Panics
    /// If one is refused, or belongs to nobody.
    pub async fn report(&self, facts: &[Fact]) {
        let core_banking = self.caller(Service::Referral, (Role::CoreBanking, "*", None));
        for (turn, batch) in facts.chunks(FACTS).enumerate() {
            let request = IngestFactsRequest { facts: batch.to_vec() };
            let by_batch = turn % 2 == 0;
            let report = async || {
                let client = &mut FactServiceClient::new(core_banking.clone());
                if by_batch {
                    return client.batch_ingest_facts(request.clone()).await;
                }
                let mut answers = client.ingest_facts(tokio_stream::once(request.clone())).await?.into_inner();
                let answer = answers.message().await?;
                answer.map(Response::new).ok_or_else(|| Status::unavailable("the stream ended without an answer"))
            };
            for outcome in self.patience.answer("reporting facts", report).await.outcomes {
                let result = outcome.result();
                let taken = matches!(result, fact_outcome::Result::Applied | fact_outcome::Result::Duplicate);
                assert!(taken, "{outcome:?}");
            }
        }
    }

    /// The approver looks at what waits for him, adds it up, and signs for that sum.
    pub async fn approve(&self) {
        let petra = self.caller(Service::Reward, (Role::FinanceApprover, "*", Some("petra")));
        let state = reward::State::PendingApproval.into();
        let request = ListRewardsRequest { state, page_size: 500, ..ListRewardsRequest::default() };
        let list = async || RewardServiceClient::new(petra.clone()).list_rewards(request.clone()).await;
        let waiting = self.patience.answer("listing what waits", list).await.rewards;
        if waiting.is_empty() {
            return;
        }
        let names: Vec<String> = waiting.iter().map(|reward| reward.name.clone()).collect();
        let sum = waiting.iter().map(|reward| minor(reward.net_amount.as_ref())).sum();
        let request_id = request_id(&format!("approve {}", names.join(" ")));
        let control_count = i32::try_from(names.len()).expect("a page of them");
        let request = ApproveRewardsRequest { request_id, names, control_count, control_sum: Some(hellers(sum)) };
        let approve = async || RewardServiceClient::new(petra.clone()).approve_rewards(request.clone()).await;
        self.patience.answer("approving", approve).await;
    }

    /// Where the core bank has refused to pay for good, the approver has it tried again.
    pub async fn retry(&self) {
        let petra = self.caller(Service::Reward, (Role::FinanceApprover, "*", Some("petra")));
        let state = reward::State::Failed.into();
        let request = ListRewardsRequest { state, page_size: 500, ..ListRewardsRequest::default() };
        let list = async || RewardServiceClient::new(petra.clone()).list_rewards(request.clone()).await;
        for Reward { name, etag, .. } in self.patience.answer("listing what was refused", list).await.rewards {
            let request_id = request_id(&format!("retry {name} {etag}"));
            let request = RetryPayoutRequest { request_id, name, etag };
            let retry = async || RewardServiceClient::new(petra.clone()).retry_payout(request.clone()).await;
            self.patience.answer("having a payout tried again", retry).await;
        }
    }

    /// Every reward there is.
    ///
    /// # Panics
    /// If there are more than one page holds.
    pub async fn rewards(&self) -> Vec<Reward> {
        let officer = self.caller(Service::Reward, (Role::ComplianceOfficer, "*", Some("karel")));
        let request = ListRewardsRequest { page_size: 500, ..ListRewardsRequest::default() };
        let list = async || RewardServiceClient::new(officer.clone()).list_rewards(request.clone()).await;
        let page = self.patience.answer("listing rewards", list).await;
        assert_eq!(page.next_page_token, "", "more rewards than anybody is owed");
        page.rewards
    }
}

impl Registered {
    /// What core banking will have to say of it, each fact dated after the registration.
    ///
    /// # Panics
    /// If the service did not say when it registered it.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        let number = self.introduction.0;
        let registered = self.referral.create_time.expect("an instant");
        let fact = |name: &str, kind: FactKind, amount: Option<i64>, later: i64| Fact {
            fact_id: format!("{name}-{number}"),
            kind: kind.into(),
            customer: self.introduction.referee_name(),
            referral: self.referral.name.clone(),
            amount: amount.map(hellers),
            occur_time: Some(Timestamp { seconds: registered.seconds + later, ..registered }),
        };
        match self.introduction.fate() {
            Fate::ComesTwice => Vec::new(),
            Fate::NeverDeposits => vec![fact("account", FactKind::AccountOpened, None, 1)],
            Fate::Succeeds | Fate::DepositsTooLittle => vec![
                fact("account", FactKind::AccountOpened, None, 1),
                fact("deposit", FactKind::FirstDeposit, self.introduction.deposit(), 2),
            ],
        }
    }
}

/// Facts as they reach the bank's other systems: in any order, and every third one twice.
#[must_use]
pub fn disordered(mut facts: Vec<Fact>, dice: &mut Dice) -> Vec<Fact> {
    let again: Vec<Fact> = facts.iter().filter(|_| dice.below(3) == 0).cloned().collect();
    facts.extend(again);
    dice.shuffle(&mut facts);
    facts
}

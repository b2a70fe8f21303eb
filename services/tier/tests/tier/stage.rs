//! A tier service that is served, and those who call it.

use crate::words::{instant, line};
use handsel_outbox::Pseudonyms;
use handsel_proto::handsel::tier::v1::{
    ActivateTierPolicyRequest, Activity, ActivityOutcome, CreateTierPolicyRequest, EvaluateTiersRequest,
    EvaluateTiersResponse, GetTierRequest, IngestActivitiesRequest, SummarizeTiersRequest, Tier as TierMessage,
    TierPolicy, activity_service_client::ActivityServiceClient, tier_policy_service_client::TierPolicyServiceClient,
    tier_service_client::TierServiceClient,
};
use handsel_storage::Db;
use handsel_testkit::{Lab, Role, Server};
use handsel_tier::{NAME, Tier, TierConfig, TierPeers};
use std::sync::atomic::{AtomicU64, Ordering};
use tonic::{Request, Status, Streaming, transport::Channel};

/// Who makes policies.
pub(crate) const MAKER: &str = "mila";
/// Who activates them.
pub(crate) const CHECKER: &str = "ota";

pub(crate) struct Stage {
    pub(crate) lab: Lab,
    pub(crate) db: Db,
    pub(crate) tier: Tier,
    pub(crate) server: Server,
    requests: AtomicU64,
}

impl Stage {
    /// A service that tells nobody.
    pub(crate) async fn set(lab: &Lab) -> Self {
        Self::with(lab, NAME, TierPeers::default()).await
    }

    /// A service with its data in a schema of this name.
    pub(crate) async fn with(lab: &Lab, schema: &'static str, peers: TierPeers) -> Self {
        let db = lab.migrated(schema, &Tier::migrations()).await;
        let pseudonyms = Pseudonyms::from_key(&[1; 32]);
        let tier = Tier::start(db.clone(), lab.world(), pseudonyms, TierConfig::default(), peers);
        let server = lab.serve(tier.clone()).await;
        Self { lab: lab.clone(), db, tier, server, requests: AtomicU64::new(1) }
    }

    pub(crate) fn policies(&self) -> TierPolicyServiceClient<Channel> {
        TierPolicyServiceClient::new(self.server.channel())
    }

    pub(crate) fn tiers(&self) -> TierServiceClient<Channel> {
        TierServiceClient::new(self.server.channel())
    }

    pub(crate) fn activities(&self) -> ActivityServiceClient<Channel> {
        ActivityServiceClient::new(self.server.channel())
    }

    /// A request of a program admin.
    pub(crate) fn by<M>(&self, person: &str, message: M) -> Request<M> {
        self.lab.call(message, &self.lab.token(Role::ProgramAdmin, "*", person))
    }

    /// A request of core banking.
    pub(crate) fn by_core_banking<M>(&self, message: M) -> Request<M> {
        self.lab.call(message, &self.lab.token(Role::CoreBanking, "*", None))
    }

    /// A request id that was not used before.
    pub(crate) fn request_id(&self) -> String {
        format!("00000000-0000-7000-8000-{:012}", self.requests.fetch_add(1, Ordering::SeqCst))
    }

    pub(crate) fn creation(&self, id: &str, policy: TierPolicy) -> CreateTierPolicyRequest {
        CreateTierPolicyRequest {
            request_id: self.request_id(),
            tier_policy_id: id.to_owned(),
            tier_policy: Some(policy),
        }
    }

    pub(crate) async fn create(&self, id: &str, policy: TierPolicy) -> Result<TierPolicy, Status> {
        let request = self.by(MAKER, self.creation(id, policy));
        Ok(self.policies().create_tier_policy(request).await?.into_inner())
    }

    pub(crate) fn activation(&self, id: &str) -> ActivateTierPolicyRequest {
        let name = format!("tierPolicies/{id}");
        ActivateTierPolicyRequest { request_id: self.request_id(), name, etag: String::new() }
    }

    /// Makes a policy and puts it in force.
    pub(crate) async fn activated(&self, id: &str, policy: TierPolicy) {
        self.create(id, policy).await.unwrap();
        let request = self.by(CHECKER, self.activation(id));
        self.policies().activate_tier_policy(request).await.unwrap();
    }

    pub(crate) async fn ingest(&self, activities: &[Activity]) -> Vec<ActivityOutcome> {
        let mut outcomes = Vec::new();
        for batch in activities.chunks(1_000) {
            let request = self.by_core_banking(IngestActivitiesRequest { activities: batch.to_vec() });
            outcomes.extend(self.activities().batch_ingest_activities(request).await.unwrap().into_inner().outcomes);
        }
        outcomes
    }

    pub(crate) fn evaluation(&self, id: &str, as_of: &str) -> Request<EvaluateTiersRequest> {
        let tier_policy = format!("tierPolicies/{id}");
        self.by(CHECKER, EvaluateTiersRequest { tier_policy, as_of_time: instant(as_of) })
    }

    /// Evaluates, to the end.
    pub(crate) async fn evaluate(&self, id: &str, as_of: &str) -> Result<Vec<[i64; 3]>, Status> {
        let progress = self.tiers().evaluate_tiers(self.evaluation(id, as_of)).await?.into_inner();
        read(progress).await
    }

    pub(crate) async fn tier(&self, customer: &str, at: Option<&str>) -> Result<TierMessage, Status> {
        let name = format!("customers/{customer}/tier");
        let request = self.by(MAKER, GetTierRequest { name, at_time: at.and_then(instant) });
        Ok(self.tiers().get_tier(request).await?.into_inner())
    }

    /// The tiers of these customers now, a line each.
    pub(crate) async fn lines<C: AsRef<str>>(&self, customers: &[C]) -> String {
        let mut lines = Vec::new();
        for customer in customers {
            lines.push(line(&self.tier(customer.as_ref(), None).await.unwrap()));
        }
        lines.join("\n")
    }

    /// `AT_RISK 2, CORE 1`.
    pub(crate) async fn summary(&self, at: Option<&str>) -> String {
        let request = self.by(MAKER, SummarizeTiersRequest { at_time: at.and_then(instant) });
        let groups = self.tiers().summarize_tiers(request).await.unwrap().into_inner().groups;
        groups.iter().map(|group| format!("{} {}", group.tier, group.count)).collect::<Vec<_>>().join(", ")
    }
}

/// Reads progress to its end: total, evaluated, changed.
pub(crate) async fn read(mut progress: Streaming<EvaluateTiersResponse>) -> Result<Vec<[i64; 3]>, Status> {
    let mut steps = Vec::new();
    while let Some(EvaluateTiersResponse { total, evaluated, changed }) = progress.message().await? {
        steps.push([total, evaluated, changed]);
    }
    Ok(steps)
}

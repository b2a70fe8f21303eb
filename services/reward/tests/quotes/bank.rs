//! A bank with a quote service, and who asks.

use handsel_outbox::{Outbox, Pseudonyms};
use handsel_proto::handsel::reward::v1::quote_service_client::QuoteServiceClient;
use handsel_reward::{Reward, RewardConfig, RewardPeers};
use handsel_testkit::{Lab, Role, Server};
use tonic::{Request, transport::Channel};

pub(crate) struct Bank {
    lab: Lab,
    server: Server,
    token: String,
}

impl Bank {
    pub(crate) async fn open(lab: Lab) -> Self {
        let db = lab.migrated(Reward::NAME, &Reward::migrations()).await;
        let outbox = Outbox::new(Reward::NAME, lab.world(), Pseudonyms::from_key(&[7; 32]));
        let config = RewardConfig::pull("BANKCNBJ");
        let reward = Reward::start(db, lab.world(), outbox, config, RewardPeers::default()).await.unwrap();
        let server = lab.serve(reward).await;
        let token = lab.token(Role::BranchStaff, "0101", "tom");
        Self { lab, server, token }
    }

    pub(crate) fn quotes(&self) -> QuoteServiceClient<Channel> {
        QuoteServiceClient::new(self.server.channel())
    }

    /// A teller's call.
    pub(crate) fn ask<M>(&self, request: M) -> Request<M> {
        self.lab.call(request, &self.token)
    }
}

//! Quotes a second beside the emptiest server that tonic makes, on the same machine in the same run; and what their calculations take
//! as calls of the library.

use crate::{
    echo::{self, EchoProcess},
    latency::{Latency, Waits},
    service::{Service, Token, authorized},
    settings::Settings,
    usage,
};
use anyhow::{Context as _, Result, ensure};
use bytes::{Buf as _, BufMut as _, Bytes};
use handsel_access::Role;
use handsel_proto::{
    google::r#type::{Decimal, Money},
    handsel::reward::v1::{
        BeneficiaryCap, BeneficiaryRole, FlatTax, OnExceed, PercentRule, QuoteRewardRequest, RewardTerms, RoleRule,
        Window,
        flat_tax::{Basis, BorneBy},
        quote_reward_request::Terms,
        quote_service_client::QuoteServiceClient,
        reward_terms::Rule,
        role_rule::Base,
    },
};
use prost::Message as _;
use serde::Serialize;
use std::time::Instant;
use tokio::task::JoinSet;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Endpoint,
};

/// The method that is measured.
pub(crate) const QUOTE: &str = "/handsel.reward.v1.QuoteService/QuoteReward";
/// What may be on its way to one connection, in bytes: HTTP/2's first 64 KiB are what thirty quotes fill, and gRPC's clients ask for more.
const WINDOW: u32 = 4 * 1024 * 1024;
/// Rounds, the two by turns: whatever else the machine does then touches both.
const ROUNDS: u32 = 3;

/// The two beside each other, in the round in which each was fastest.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Quotes {
    /// Empty calls.
    pub(crate) echo: Rate,
    /// Quotes of a reward: a percentage between bounds, for a tier, under a cap and a budget, taxed; with every step and in words.
    pub(crate) quote: Rate,
}

/// How many calls a server answers.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Rate {
    /// In the measurement, a second.
    pub(crate) calls_per_second: u64,
    /// Of those.
    pub(crate) latency: Latency,
    /// Processor time of the server for each, in microseconds.
    pub(crate) server_micros_per_call: u64,
    /// That of this program, which shares the machine.
    pub(crate) callers_micros_per_call: u64,
}

impl Quotes {
    /// Quotes for each empty call, in hundredths.
    pub(crate) fn ratio(&self) -> Option<u64> {
        (self.quote.calls_per_second * 100).checked_div(self.echo.calls_per_second)
    }
}

/// Measures both.
///
/// # Errors
/// A server that does not answer, or a quote that is wrong.
pub(crate) async fn measure(service: &Service, settings: &Settings) -> Result<Quotes> {
    let token = service.token(Role::BranchStaff, Some("anna"))?;
    let answer_bytes = check(service, &token).await?;
    let echo = EchoProcess::start().await?;
    let empty =
        Call { endpoint: echo.endpoint.clone(), path: echo::PATH, body: Bytes::new(), token: None, answer_bytes: 0 };
    let body = Bytes::from(request().encode_to_vec());
    let quote = Call { endpoint: service.endpoint(), path: QUOTE, body, token: Some(token), answer_bytes };
    let (mut of_echo, mut of_quote) = (None, None);
    for _ in 0..ROUNDS {
        of_echo = faster(of_echo, empty.measured(echo.process()?, settings).await?);
        of_quote = faster(of_quote, quote.measured(service.process()?, settings).await?);
    }
    echo.stop().await?;
    Ok(Quotes { echo: of_echo.context("nothing was measured")?, quote: of_quote.context("nothing was measured")? })
}

fn faster(known: Option<Rate>, next: Rate) -> Option<Rate> {
    Some(known.filter(|known| known.calls_per_second >= next.calls_per_second).unwrap_or(next))
}

/// One call that is made again and again.
#[derive(Clone)]
struct Call {
    endpoint: Endpoint,
    path: &'static str,
    body: Bytes,
    token: Option<Token>,
    /// How long every answer must be.
    answer_bytes: usize,
}

impl Call {
    async fn measured(&self, server: u32, settings: &Settings) -> Result<Rate> {
        let from = Instant::now() + settings.warm_up();
        let until = from + settings.measure();
        let mut channels = Vec::new();
        for _ in 0..settings.connections {
            let endpoint = self.endpoint.clone().initial_stream_window_size(WINDOW);
            channels.push(endpoint.initial_connection_window_size(WINDOW).connect().await?);
        }
        let before = (usage::processor_time(server)?, usage::own_processor_time()?);
        let mut callers = JoinSet::new();
        for (channel, _) in channels.iter().cycle().zip(0..settings.in_flight) {
            callers.spawn(self.clone().run(Grpc::new(channel.clone()), from, until));
        }
        let (mut waits, mut calls) = (Waits::default(), 0_u64);
        while let Some(one) = callers.join_next().await {
            let (of_one, made) = one??;
            waits.join(of_one);
            calls += made;
        }
        let by_server = usage::processor_time(server)?.saturating_sub(before.0);
        let by_callers = usage::own_processor_time()?.saturating_sub(before.1);
        Ok(Rate {
            calls_per_second: waits.count() / settings.seconds,
            latency: waits.summary(),
            server_micros_per_call: u64::try_from(by_server.as_micros())? / calls.max(1),
            callers_micros_per_call: u64::try_from(by_callers.as_micros())? / calls.max(1),
        })
    }

    async fn run(
        self,
        mut grpc: Grpc<tonic::transport::Channel>,
        from: Instant,
        until: Instant,
    ) -> Result<(Waits, u64)> {
        let (mut waits, mut calls) = (Waits::default(), 0);
        while Instant::now() < until {
            let request = match &self.token {
                Some(token) => authorized(self.body.clone(), token),
                None => Request::new(self.body.clone()),
            };
            let sent = Instant::now();
            grpc.ready().await?;
            let answer = grpc.unary(request, PathAndQuery::from_static(self.path), Raw).await?.into_inner();
            ensure!(answer == self.answer_bytes, "an answer of {answer} bytes, not of {}", self.answer_bytes);
            let answered = Instant::now();
            calls += 1;
            if from <= answered && answered < until {
                waits.note(answered - sent);
            }
        }
        Ok((waits, calls))
    }
}

/// Sends bytes that were made before and counts those that come, so that the callers, who share the machine, cost both much the same.
#[derive(Debug, Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = usize;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        Self
    }
    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;
    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = usize;
    type Error = Status;
    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<usize>, Status> {
        let bytes = from.remaining();
        from.advance(bytes);
        Ok(Some(bytes))
    }
}

/// One percent of 5,000.00 times a quarter more for gold, under every limit, a fifth withheld: 50.00 for the beneficiary. In so many bytes.
async fn check(service: &Service, token: &Token) -> Result<usize> {
    let mut client = QuoteServiceClient::new(service.connect().await?);
    let quote = client.quote_reward(authorized(request(), token)).await?.into_inner();
    let net = quote.net_amount.as_ref().map(|net| (net.units, net.nanos));
    ensure!(net == Some((50, 0)) && !quote.steps.is_empty() && !quote.explanation.is_empty(), "a quote says {quote:?}");
    Ok(quote.encoded_len())
}

/// The question that is measured.
pub(crate) fn request() -> QuoteRewardRequest {
    let yuan = |units| Some(Money { currency_code: "CNY".into(), units, nanos: 0 });
    let decimal = |value: &str| Some(Decimal { value: value.into() });
    let rule = RoleRule {
        role: BeneficiaryRole::Referrer.into(),
        base: Some(Base::Percent(PercentRule { rate: decimal("0.01") })),
        tier_multipliers: vec![handsel_proto::handsel::reward::v1::TierMultiplier {
            tier: "GOLD".into(),
            multiplier: decimal("1.25"),
        }],
        minimum: yuan(10),
        maximum: yuan(500),
        ..RoleRule::default()
    };
    let terms = RewardTerms {
        currency_code: "CNY".into(),
        time_zone: "Asia/Shanghai".into(),
        rule: Some(Rule::Cash(rule)),
        beneficiary_cap: Some(BeneficiaryCap { window: Window::Month.into(), max_count: 10, max_amount: yuan(800) }),
        budget: yuan(100_000),
        on_exceed: OnExceed::Reduce.into(),
        tax: Some(FlatTax {
            rate: decimal("0.20"),
            exempt_up_to: yuan(0),
            basis: Basis::Whole.into(),
            borne_by: BorneBy::Recipient.into(),
        }),
        ..RewardTerms::default()
    };
    QuoteRewardRequest {
        terms: Some(Terms::InlineTerms(terms)),
        qualifying_amount: yuan(5_000),
        tier: "GOLD".into(),
        ..QuoteRewardRequest::default()
    }
}

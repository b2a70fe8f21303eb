//! The two transports: a `Deliver` rpc of any service, and the log's `Append`.

use crate::deliver::{Deliver, DeliverFault, Delivered, Greeting, Numbered, Origin, Outcome, Receipt, Standing};
use futures::future::BoxFuture;
use handsel_proto::handsel::{
    audit::v1::{
        AppendReceipt, AppendRequest, AppendResponse, SealedStatement,
        audit_ingest_service_client::AuditIngestServiceClient,
    },
    relay::v1 as wire,
};
use handsel_service::Peer;
use std::{future::Future, marker::PhantomData, sync::Arc};
use tonic::Status;

/// An inbox as a transport: `greet` and `call` get what is to be said, and make the calls of the same names.
///
/// ```ignore
/// let deliver = deliver_by(
///     move |greeting| {
///         let mut client = RewardInboxServiceClient::new(peer.clone());
///         async move { Ok(client.greet(greeting).await?.into_inner()) }
///     },
///     move |origin, messages| {
///         let mut client = RewardInboxServiceClient::new(peer.clone());
///         async move {
///             let request = DeliverRequest { origin: Some(origin), messages };
///             Ok(client.deliver(request).await?.into_inner().receipts)
///         }
///     },
/// );
/// ```
pub fn deliver_by<M, G, B, F, A>(greet: G, call: F) -> Arc<dyn Deliver>
where
    M: prost::Message + Default + 'static,
    G: Fn(wire::GreetRequest) -> B + Send + Sync + 'static,
    B: Future<Output = Result<wire::GreetResponse, Status>> + Send + 'static,
    F: Fn(wire::Origin, Vec<M>) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Vec<wire::Receipt>, Status>> + Send + 'static,
{
    Arc::new(RpcDeliver { greet, call, message: PhantomData })
}

struct RpcDeliver<M, G, F> {
    greet: G,
    call: F,
    message: PhantomData<fn() -> M>,
}

impl<M, G, B, F, A> Deliver for RpcDeliver<M, G, F>
where
    M: prost::Message + Default + 'static,
    G: Fn(wire::GreetRequest) -> B + Send + Sync + 'static,
    B: Future<Output = Result<wire::GreetResponse, Status>> + Send + 'static,
    F: Fn(wire::Origin, Vec<M>) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Vec<wire::Receipt>, Status>> + Send + 'static,
{
    fn greet(&self, greeting: Greeting) -> BoxFuture<'_, Result<Standing, DeliverFault>> {
        let answer = (self.greet)(greeting.into());
        Box::pin(async move { answer.await.map(Standing::from).map_err(|status| DeliverFault::of(&status)) })
    }

    fn deliver<'a>(
        &'a self,
        origin: Origin,
        messages: &'a [Numbered],
    ) -> BoxFuture<'a, Result<Delivered, DeliverFault>> {
        let decoded: Result<Vec<M>, _> = messages.iter().map(|message| M::decode(message.bytes.as_slice())).collect();
        let decoded = match decoded {
            Ok(decoded) => decoded,
            Err(error) => return Box::pin(async move { Err(DeliverFault::Rejected(error.to_string())) }),
        };
        let answer = (self.call)(origin.into(), decoded);
        Box::pin(async move {
            let receipts = answer.await.map_err(|status| DeliverFault::of(&status))?;
            let receipts = receipts.into_iter().map(taken).collect::<Result<_, _>>()?;
            Ok(Delivered { receipts, covered_size: None })
        })
    }
}

/// Hands statements to the log.
#[derive(Clone, Debug)]
pub struct AuditDeliver {
    client: AuditIngestServiceClient<Peer>,
}

impl AuditDeliver {
    /// Over a connection to the audit service.
    #[must_use]
    pub fn new(peer: Peer) -> Self {
        Self { client: AuditIngestServiceClient::new(peer) }
    }
}

impl Deliver for AuditDeliver {
    fn greet(&self, greeting: Greeting) -> BoxFuture<'_, Result<Standing, DeliverFault>> {
        let mut client = self.client.clone();
        Box::pin(async move {
            let request = wire::GreetRequest::from(greeting);
            let answer = client.greet(request).await.map_err(|status| DeliverFault::of(&status))?;
            Ok(answer.into_inner().into())
        })
    }

    fn deliver<'a>(
        &'a self,
        origin: Origin,
        messages: &'a [Numbered],
    ) -> BoxFuture<'a, Result<Delivered, DeliverFault>> {
        let mut client = self.client.clone();
        Box::pin(async move {
            let statements = messages.iter().cloned().map(sealed).collect();
            let request = AppendRequest { origin: Some(origin.into()), statements };
            let response = client.append(request).await.map_err(|status| DeliverFault::of(&status))?;
            let AppendResponse { receipts, covered_size } = response.into_inner();
            let receipts = receipts.into_iter().map(in_the_log).collect();
            Ok(Delivered { receipts, covered_size: Some(covered_size) })
        })
    }
}

fn sealed(numbered: Numbered) -> SealedStatement {
    let Numbered { sequence, bytes, body, body_salt, traceparent: _ } = numbered;
    SealedStatement { sequence, statement: bytes, body, body_salt }
}

fn in_the_log(AppendReceipt { sequence, index, leaf }: AppendReceipt) -> Receipt {
    Receipt { sequence, outcome: Outcome::Sealed { index, leaf } }
}

/// A receipt without an outcome is a receiver that we do not understand: nothing is recorded for it.
fn taken(receipt: wire::Receipt) -> Result<Receipt, DeliverFault> {
    let outcome = receipt.outcome();
    let wire::Receipt { sequence, outcome: _, reason, resource } = receipt;
    let outcome = match outcome {
        wire::Outcome::Applied => Outcome::Applied { resource },
        wire::Outcome::Refused => Outcome::Refused { reason },
        wire::Outcome::Unspecified => {
            return Err(DeliverFault::Transient(format!("the receipt for number {sequence} says nothing")));
        }
    };
    Ok(Receipt { sequence, outcome })
}

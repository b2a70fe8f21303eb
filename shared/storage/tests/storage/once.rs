//! Request ids: done once however often they are sent.
use crate::{
    commands::{Put, Refused, Then, put},
    on_both_engines,
    place::Place,
};
use handsel_money::Timestamp;
use handsel_storage::{Command, Done, Once, OnceRefused, PurgeRequests, RequestKey, Tx};
use std::collections::HashSet;
use tokio::task::JoinSet;
use uuid::Uuid;

fn once(id: u128, content: u8, command: Put) -> Once<Put> {
    let key = RequestKey { caller: "teller".into(), rpc: "/test/Put", request_id: Uuid::from_u128(id) };
    Once { key, digest: [content; 32], now: Timestamp::from_micros(i64::try_from(id).unwrap()), command }
}

fn done(name: &str, replayed: bool) -> Result<Done, OnceRefused<Refused>> {
    Ok(Done { resource: format!("counters/{name}"), replayed })
}

async fn requests(place: &Place) -> i64 {
    place.db.one::<(i64,)>("SELECT COUNT(*) FROM request", ()).await.unwrap().0
}

/// Applies a batch as a lane would.
struct Batch(Vec<Once<Put>>);

impl Command for Batch {
    const NAME: &'static str = "test.batch";
    type Output = Vec<Result<Done, OnceRefused<Refused>>>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, handsel_storage::Fault> {
        Once::apply_all(&self.0.iter().collect::<Vec<_>>(), tx).await
    }
}

/// Reaches two of its batch at a time.
struct TwoAtATime(Put);

impl Command for TwoAtATime {
    const NAME: &'static str = "test.two_at_a_time";
    type Output = Result<String, Refused>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, handsel_storage::Fault> {
        self.0.apply(tx).await
    }

    async fn apply_all(batch: &[&Self], tx: &mut Tx) -> Result<Vec<Self::Output>, handsel_storage::Fault> {
        let mut outputs = vec![];
        for command in batch.iter().take(2) {
            outputs.push(command.apply(tx).await?);
        }
        Ok(outputs)
    }
}

fn two_at_a_time(id: u128, name: &str) -> Once<TwoAtATime> {
    let Once { key, digest, now, command } = once(id, 1, put(name));
    Once { key, digest, now, command: TwoAtATime(command) }
}

on_both_engines! {
    async fn what_a_batch_does_not_reach_is_done_next(place: Place) {
        let lanes = place.lanes();
        let ids = [(1, "a"), (2, "b"), (2, "unused"), (3, "c"), (3, "unused"), (4, "d"), (1, "unused")];
        let sent = ids.map(|(id, name)| lanes.run("key", two_at_a_time(id, name)));
        let outcomes: Vec<_> = futures::future::join_all(sent).await.into_iter().map(Result::unwrap).collect();
        let expected = [
            done("a", false),
            done("b", false),
            done("b", true),
            done("c", false),
            done("c", true),
            done("d", false),
            done("a", true),
        ];
        assert_eq!(outcomes, expected);
        assert_eq!(place.counters().await, 4);
    }

    async fn a_request_sent_again_leads_to_the_same(place: Place) {
        assert_eq!(place.db.transact(&once(1, 1, put("a"))).await.unwrap(), done("a", false));
        assert_eq!(place.db.transact(&once(1, 1, put("b"))).await.unwrap(), done("a", true));
        assert_eq!(place.counters().await, 1);
    }

    async fn an_id_is_not_for_other_content(place: Place) {
        place.db.transact(&once(1, 1, put("a"))).await.unwrap().unwrap();
        assert_eq!(place.db.transact(&once(1, 2, put("b"))).await.unwrap(), Err(OnceRefused::Reused));
        assert_eq!(place.counters().await, 1);
    }

    async fn callers_and_rpcs_have_ids_of_their_own(place: Place) {
        let mut other_caller = once(1, 1, put("b"));
        other_caller.key.caller = "somebody else".into();
        let mut other_rpc = once(1, 1, put("c"));
        other_rpc.key.rpc = "/test/Other";
        for (name, request) in [("a", once(1, 1, put("a"))), ("b", other_caller), ("c", other_rpc)] {
            assert_eq!(place.db.transact(&request).await.unwrap(), done(name, false));
        }
    }

    async fn a_refusal_is_decided_again(place: Place) {
        let refused = once(1, 1, put("a").then(Then::Refuse));
        assert_eq!(place.db.transact(&refused).await.unwrap(), Err(OnceRefused::Refused(Refused)));
        assert_eq!(requests(&place).await, 0);
        assert_eq!(place.db.transact(&once(1, 1, put("a"))).await.unwrap(), done("a", false));
    }

    /// Different keys of lanes, so that they meet in the database; other names, so that only the id can stop them.
    async fn the_same_id_at_the_same_moment_is_done_once(place: Place) {
        let lanes = place.lanes();
        let mut callers = JoinSet::new();
        for n in 0..32 {
            let lanes = lanes.clone();
            callers.spawn(async move { lanes.run(&format!("{n}"), once(7, 1, put(format!("{n}")))).await.unwrap().unwrap() });
        }
        let outcomes = callers.join_all().await;
        let resources: HashSet<_> = outcomes.iter().map(|done| done.resource.clone()).collect();
        assert_eq!(resources.len(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|done| !done.replayed).count(), 1);
        assert_eq!((place.counters().await, requests(&place).await), (1, 1));
    }

    async fn a_batch_has_the_outcome_of_one_by_one(place: Place) {
        place.db.transact(&once(1, 1, put("before"))).await.unwrap().unwrap();
        let batch = Batch(vec![
            once(1, 1, put("unused")),
            once(2, 1, put("a")),
            once(3, 1, put("b").then(Then::Refuse)),
            once(2, 1, put("unused")),
            once(2, 9, put("unused")),
            once(3, 1, put("b")),
            once(1, 9, put("unused")),
        ]);
        let outcomes = place.db.transact(&batch).await.unwrap();
        let expected = [
            done("before", true),
            done("a", false),
            Err(OnceRefused::Refused(Refused)),
            done("a", true),
            Err(OnceRefused::Reused),
            done("b", false),
            Err(OnceRefused::Reused),
        ];
        assert_eq!(outcomes, expected);
        assert_eq!(place.counters().await, 3);
    }

    async fn a_recorded_request_never_changes(place: Place) {
        place.db.transact(&once(1, 1, put("a"))).await.unwrap().unwrap();
        assert!(place.db.transact(&Tamper).await.is_err());
    }

    async fn old_requests_are_forgotten_oldest_first(place: Place) {
        for id in 1..=5 {
            place.db.transact(&once(id, 1, put(format!("{id}")))).await.unwrap().unwrap();
        }
        let purge = PurgeRequests { before: Timestamp::from_micros(4), limit: 2 };
        let mut deleted = vec![];
        for _ in 0..3 {
            deleted.push(place.db.transact(&purge).await.unwrap());
        }
        assert_eq!(deleted, [2, 1, 0]);
        assert_eq!(requests(&place).await, 2);
    }
}

struct Tamper;

impl Command for Tamper {
    const NAME: &'static str = "test.tamper";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, handsel_storage::Fault> {
        tx.exec("UPDATE request SET resource = 'counters/mine'", ()).await
    }
}

//! How a real client calls: a call without an answer is made again, the same one, until there is one or the time is over.

use std::cell::Cell;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// How long a client waits for one answer.
const CALL: Duration = Duration::from_secs(5);
/// How long it waits before it calls again.
const PAUSE: Duration = Duration::from_millis(50);

/// Calls made with patience, until one moment for all of them.
#[derive(Debug)]
pub struct Patience {
    deadline: Instant,
    repeated: Cell<u32>,
    answered: Cell<u32>,
}

impl Patience {
    /// Everything is to be done within this time from now.
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self { deadline: Instant::now() + time, repeated: Cell::new(0), answered: Cell::new(0) }
    }

    /// How many calls had to be made again so far.
    pub fn repeated(&self) -> u32 {
        self.repeated.get()
    }

    /// How many calls were answered so far.
    pub fn answered(&self) -> u32 {
        self.answered.get()
    }

    /// The answer to a call. It is made again where its fate is unknown, so it must be one that may be.
    ///
    /// # Panics
    /// If it is refused, or has no answer in time.
    pub async fn answer<T>(&self, what: &str, call: impl AsyncFn() -> Result<Response<T>, Status>) -> T {
        loop {
            let status = match timeout(CALL, call()).await {
                Ok(Ok(answer)) => {
                    self.answered.set(self.answered.get() + 1);
                    return answer.into_inner();
                }
                Ok(Err(status)) => status,
                Err(_) => Status::deadline_exceeded("no answer"),
            };
            assert!(may_be_made_again(&status), "{what}: refused: {status:?}");
            assert!(Instant::now() < self.deadline, "{what}: no answer in time; the last: {status:?}");
            self.repeated.set(self.repeated.get() + 1);
            sleep(PAUSE).await;
        }
    }

    /// Returns once something holds, looking for it again and again.
    ///
    /// # Panics
    /// If it does not in time, saying what was seen last.
    pub async fn until<T: std::fmt::Debug>(&self, what: &str, look: impl AsyncFn() -> Result<(), T>) {
        while let Err(seen) = look().await {
            assert!(Instant::now() < self.deadline, "waited too long until {what}: {seen:?}");
            sleep(PAUSE).await;
        }
    }
}

/// Whether a status leaves open what became of the call, or says to come again. What is refused carries the server's reason;
/// without one it is the connection that has ended.
#[must_use]
pub fn may_be_made_again(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable | Code::Unknown | Code::DeadlineExceeded | Code::Aborted | Code::ResourceExhausted => true,
        Code::Cancelled | Code::Internal => status.get_details_error_info().is_none(),
        _ => false,
    }
}

//! One situation, run on both engines: two tests.

use crate::{Lab, place::Place};
use handsel_storage::Engine;
use std::{panic::resume_unwind, time::Duration};
use tokio::{runtime::Builder, time::timeout};

/// A test that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// Makes of each `async fn name(lab: Lab) { … }` two tests: `name::postgres` and `name::sqlite`.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($lab:ident: $type:ty) $body:block)+) => {$(
        $(#[$attribute])*
        // Marked as a test's, so that it may unwrap as one.
        #[cfg(test)]
        async fn $name($lab: $type) $body

        #[cfg(test)]
        mod $name {
            #[test]
            fn postgres() {
                $crate::run($crate::Engine::Postgres, super::$name);
            }
            #[test]
            fn sqlite() {
                $crate::run($crate::Engine::Sqlite, super::$name);
            }
        }
    )+};
}

/// Runs one test in a fresh place on one engine, on a runtime of its own, and removes the place.
///
/// # Panics
/// As the test does; also where the engine is not to be had, or the test takes longer than two minutes.
pub fn run<T, F>(engine: Engine, test: T)
where
    T: FnOnce(Lab) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let place = Place::fresh(engine).await;
        let task = tokio::spawn(test(Lab::at(place.location())));
        let end = task.abort_handle();
        let outcome = timeout(LONGEST, task).await;
        end.abort();
        place.remove().await;
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) if error.is_panic() => resume_unwind(error.into_panic()),
            Ok(Err(error)) => panic!("{error}"),
            Err(_) => panic!("the test hangs: it has run for {LONGEST:?}"),
        }
    });
}

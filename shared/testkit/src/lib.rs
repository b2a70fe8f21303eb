//! What tests share: a settable clock, seeded ids, both engines, tokens, real servers on port 0. A dev-dependency only.
//!
//! ```ignore
//! on_both_engines! {
//!     async fn a_referral_is_found_again(lab: Lab) {
//!         let db = lab.migrated("referral", &Referral::migrations()).await;
//!         let server = lab.serve(Referral::start(db, lab.world(), …).await?).await;
//!         let teller = lab.token(Role::BranchStaff, "0101", "anna");
//!         ReferralServiceClient::new(server.channel()).create_referral(lab.call(request, &teller)).await?;
//!     }
//! }
//! ```
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed, and says why")]

mod answers;
mod engines;
mod jobs;
mod lab;
mod place;
mod server;
#[cfg(test)]
mod tests;

pub use answers::{reason, violated_fields};
pub use engines::run;
pub use handsel_access::Role;
pub use handsel_storage::Engine;
pub use jobs::run_jobs_until_idle;
pub use lab::Lab;
pub use server::Server;

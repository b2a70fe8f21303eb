//! Tiers, as the tier service tells them.

use handsel_money::Timestamp;

/// A customer is of a tier from an instant on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TierFrom {
    /// `customers/{customer}`.
    pub(crate) customer: String,
    /// From this instant on.
    pub(crate) effective_at: Timestamp,
    /// The tier.
    pub(crate) tier: String,
    /// Whether it counts as core.
    pub(crate) core: bool,
}

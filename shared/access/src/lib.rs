//! Who calls: tokens, keys, roles, and the one layer that enforces the rule each rpc declares.

//! Results of the commands that write: what they are about to do, and what they did.

pub(crate) mod plan;
pub(crate) mod rollout;
pub(crate) mod verify_kill;

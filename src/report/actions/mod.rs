pub(crate) mod plan;
pub(crate) mod rollout;
pub(crate) mod verify_kill;

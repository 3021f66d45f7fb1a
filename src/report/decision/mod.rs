pub(crate) mod condition;
pub(crate) mod explanation;
pub(crate) mod human;
pub(crate) mod json;

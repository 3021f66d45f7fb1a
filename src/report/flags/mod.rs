pub(crate) mod build;
pub(crate) mod compiled;
pub(crate) mod dependants;
pub(crate) mod human;

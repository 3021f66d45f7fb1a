pub(crate) mod blame;
pub(crate) mod log;

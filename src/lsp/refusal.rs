//! Requests that are not answered, and the numbers of their reasons.

/// The errors of JSON-RPC and of the protocol.
pub(super) const PARSE_ERROR: i32 = -32700;
pub(super) const INVALID_REQUEST: i32 = -32600;
pub(super) const METHOD_NOT_FOUND: i32 = -32601;
pub(super) const INVALID_PARAMS: i32 = -32602;
pub(super) const REQUEST_CANCELLED: i32 = -32800;
pub(super) const REQUEST_FAILED: i32 = -32803;

/// A request that cannot be answered: the number of the error, and the reason.
pub(super) struct Refusal(pub(super) i32, pub(super) String);

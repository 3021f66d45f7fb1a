//! The published schemas of events.

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A decision that an application made for a unit.
    Exposure,
    /// What a unit did.
    MetricEvent,
    /// The results of two implementations for one request.
    ShadowRecord,
}

/// Returns the published text of the schema for a kind of event.
pub fn schema(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Exposure => include_str!("../../schemas/exposure.schema.json"),
        EventKind::MetricEvent => include_str!("../../schemas/metric-event.schema.json"),
        EventKind::ShadowRecord => include_str!("../../schemas/shadow-record.schema.json"),
    }
}

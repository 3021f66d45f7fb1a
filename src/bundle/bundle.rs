//! The bundle, and the segments that its flags share.

use serde::{Deserialize, Serialize};

use crate::bundle::attribute::Attributes;
use crate::bundle::bucket::Bucketing;
use crate::bundle::condition::Condition;
use crate::bundle::flag::Flag;
#[cfg(feature = "cli")]
use crate::bundle::flag::State;
use crate::bundle::flags::Flags;
use crate::bundle::id::{FlagId, SegmentId};
#[cfg(feature = "cli")]
use crate::bundle::percent::Percent;

/// The compiled flags, segments and context schema of one environment.
///
/// ```
/// # use flagctl::bundle::Bundle;
/// let bundle = Bundle::from_json(br#"{
///     "format": 1, "environment": "production", "bucketing": "siphash",
///     "attributes": [{"name": "targetingKey", "type": "string"}, {"name": "now", "type": "datetime"}],
///     "segments": [], "flags": []
/// }"#)?;
/// assert_eq!(bundle.environment(), "production");
/// assert!(bundle.flags().is_empty());
/// # Ok::<(), flagctl::bundle::BundleError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Bundle {
    // The fields are visible only in the crate, because a change from outside could make an index invalid. The compiler
    // sets them.
    pub(crate) environment: Box<str>,
    pub(crate) bucketing: Bucketing,
    pub(crate) attributes: Attributes,
    pub(crate) segments: Vec<Segment>,
    pub(crate) flags: Flags,
}

impl Bundle {
    /// Returns the name of the environment.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Returns how every flag of the bundle turns units into buckets.
    pub fn bucketing(&self) -> Bucketing {
        self.bucketing
    }

    /// Returns the context schema: the attributes that a context may have.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Returns the named conditions. A segment refers only to segments before it.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns the flags, in ascending order of their keys.
    pub fn flags(&self) -> &Flags {
        &self.flags
    }

    /// Returns the flags for modification. Every index in a changed flag must be valid in this bundle.
    #[doc(hidden)]
    pub fn flags_mut(&mut self) -> &mut Flags {
        &mut self.flags
    }

    /// Kills a flag that the bundle has, and its shadow, as if the repository had a kill of it.
    #[cfg(feature = "cli")]
    pub(crate) fn assume_killed(&mut self, key: &str) {
        let killed = self.flags.iter_mut().filter(|flag| *flag.key == *key || flag.shadowed() == Some(key));
        killed.for_each(|flag| {
            flag.state = State::Killed {
                reason: "assumed, not in the repository".into(),
                by: None,
                at: None,
                expires: None,
                admit: Percent::ZERO,
            };
        });
    }

    /// Finds a flag by its key.
    pub fn flag(&self, key: &str) -> Option<&Flag> {
        self.flags.get(self.flags.find(key)?)
    }

    /// Returns the flag at an index.
    ///
    /// # Panics
    /// Panics if the index is of another bundle that has more flags.
    #[allow(clippy::expect_used, reason = "the indices of a bundle are checked when it is made")]
    pub fn flag_at(&self, id: FlagId) -> &Flag {
        self.flags.get(id).expect("an index of this bundle")
    }

    /// Returns the segment at an index.
    ///
    /// # Panics
    /// Panics if the index is of another bundle that has more segments.
    #[allow(clippy::indexing_slicing, reason = "the indices of a bundle are checked when it is made")]
    pub fn segment_at(&self, id: SegmentId) -> &Segment {
        &self.segments[id.0 as usize]
    }
}

/// A condition with a name, which the conditions of flags and other segments refer to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Segment {
    /// The name, from the name of the segment's file.
    pub name: Box<str>,
    /// The condition, which holds for the contexts that are in the segment.
    pub condition: Condition,
}

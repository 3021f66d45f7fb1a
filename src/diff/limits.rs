//! The limits that a change may have, as `--fail-on` and `--max-share` set them.

use std::collections::BTreeSet;

use crate::analyze::{Bounds, Population, Region, Share};
use crate::bundle::Percent;
use crate::diff::impact::{Impact, ImpactClass};

/// What a change may not do.
#[derive(Debug, Clone, Default)]
pub struct ImpactLimits {
    /// The classes that are refused.
    pub refused_classes: BTreeSet<ImpactClass>,
    /// The maximum percentage of units that may get something else.
    pub max_share: Option<Percent>,
}

/// An impact that exceeds a limit.
#[derive(Debug, Clone)]
pub struct LimitViolation {
    /// The flag's key.
    pub flag: String,
    /// The environment's name.
    pub environment: String,
    /// The limit that is exceeded.
    pub kind: ViolationKind,
}

/// How an impact exceeds a limit.
#[derive(Debug, Clone)]
pub enum ViolationKind {
    /// It is of a refused class.
    Class(ImpactClass),
    /// More units get something else than allowed.
    Share {
        /// The share of units that get something else, at most.
        moved: Share,
        /// The limit.
        limit: Percent,
    },
}

impl ImpactLimits {
    /// Returns everything in which impacts exceed the limits, in their order.
    pub fn violations(&self, impacts: &[&Impact]) -> Vec<LimitViolation> {
        let mut violations = Vec::new();
        for impact in impacts {
            let mut add = |kind| {
                let (flag, environment) = (impact.flag.clone(), impact.environment.clone());
                violations.push(LimitViolation { flag, environment, kind });
            };
            let classes = impact.classes();
            classes.intersection(&self.refused_classes).for_each(|class| add(ViolationKind::Class(*class)));
            let Some(limit) = self.max_share else { continue };
            let moved = impact.regions().iter().filter_map(max_moved_share).max();
            if let Some(moved) = moved.filter(|moved| *moved > Share::of_buckets(limit.buckets())) {
                add(ViolationKind::Share { moved, limit });
            }
        }
        violations
    }
}

/// Returns the maximum share of units that get something else; none if the region is of units that are named one by one.
fn max_moved_share(region: &Region) -> Option<Share> {
    match region.population {
        Population::Named { .. } => None,
        Population::Units => Some(region.bounds.map_or(region.moved(), |Bounds { most, .. }| most)),
    }
}

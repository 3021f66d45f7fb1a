//! The limits for the effects of a change, which `--fail-on` and `--max-share` set.

use std::collections::BTreeSet;

use crate::analyze::{HashedUnits, Share};
use crate::bundle::Percent;
use crate::diff::impact::{Impact, ImpactClass};

/// The limits for the effects of a change.
#[derive(Debug, Clone, Default)]
pub struct ImpactLimits {
    /// The classes that are refused.
    pub refused_classes: BTreeSet<ImpactClass>,
    /// The maximum percentage of units that may get another result.
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
    /// The impact has a refused class.
    Class(ImpactClass),
    /// More units than the limit allows get another result.
    Share {
        /// The maximum share of units that get another result.
        moved: Share,
        /// The units that this is a share of.
        units: HashedUnits,
        /// The limit.
        limit: Percent,
    },
}

impl ImpactLimits {
    /// Returns all violations of the limits, in the order of the impacts.
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
            let regions = impact.regions().iter().filter_map(|region| Some((region.largest_share()?, &region.hashed)));
            let largest = regions.max_by_key(|(moved, _)| *moved);
            if let Some((moved, units)) = largest.filter(|(moved, _)| *moved > Share::of_buckets(limit.buckets())) {
                add(ViolationKind::Share { moved, units: units.clone(), limit });
            }
        }
        violations
    }
}

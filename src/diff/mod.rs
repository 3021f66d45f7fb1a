//! The effect of a change of definitions on all contexts, for each flag and each environment.
//!
//! The input is two [`ComparedDefinitions`], read from a [`Source`](crate::source::Source) or from a bundle, and the
//! keys of the flags that may be affected ([`DiffInputs`] contains both). The output is an [`Impact`] for each flag in
//! each environment, with the lines that cause it. [`merge_impacts`] does the same for the result of a merge, and
//! [`count_population`] counts the contexts of a file that get another result because of an impact. [`compare_flag`]
//! only lists the differences in the definition of a flag, without an analysis of their effect.
//!
//! **Invariant:** a flag that is not defined is treated as a flag that serves `off`, so reports describe an added or
//! removed flag in the same terms as a changed flag.
//! **Invariant:** an effect that cannot be determined is reported as unknown, and never as no change.

mod affected_flags;
mod cause;
mod compared_definitions;
mod definition_changes;
mod dependency_changes;
mod drift;
mod equality;
mod flag_event;
mod impact;
mod inputs;
mod limits;
mod list_changes;
mod merge;
mod metadata_changes;
mod new_names;
mod population;
mod unusable_values;

pub use crate::diff::affected_flags::{affected_flags, differing_flags, with_shadows};
pub use crate::diff::cause::{CauseKind, ImpactCause};
pub use crate::diff::compared_definitions::{ComparedDefinitions, FlagStatus};
pub use crate::diff::definition_changes::{DefinitionChange, Shift, VariantChange, compare_flag};
pub use crate::diff::dependency_changes::{AttributeChange, DependencyChange, compare_dependencies};
pub use crate::diff::drift::{Drift, drift};
pub use crate::diff::equality::{decides_equally, is_same_condition, side_of_term};
pub use crate::diff::flag_event::FlagEvent;
pub use crate::diff::impact::{Impact, ImpactClass, ImpactVerdict, impacts};
pub use crate::diff::inputs::{ComparedSources, DiffInput, DiffInputs, Endpoint};
pub use crate::diff::limits::{ImpactLimits, LimitViolation, ViolationKind};
pub use crate::diff::list_changes::{ListChange, ListKind};
pub use crate::diff::merge::{MergeAnalysis, MergeError, MergedImpacts, ParentImpacts, merge_impacts, problems};
pub use crate::diff::metadata_changes::{MetadataChange, compare_metadata};
pub use crate::diff::new_names::{NewNames, unequal_flags};
pub use crate::diff::population::{PopulationCount, PopulationError, count_population};
pub use crate::diff::unusable_values::{UnusableAttribute, UnusableValues};

//! Definitions in their written form: typed, with their positions, before names are resolved.
//!
//! The input is the tree of each file. The output is a flag, segment, kill, test suite or the settings; together they
//! form a [`Project`]. This step is called lowering, as in other compilers. It interprets the form of values
//! (percentages, dates, names) and nothing that needs a second file. For example, the compiler checks whether a name
//! exists.
//!
//! **Invariant:** lowering never fails. A part that does not have the expected form is omitted and becomes a
//! [`Misfit`]. The schema of the file then supplies the message.
//! **Invariant:** a file has misfits if and only if its schema rejects it. A test compares the two on mutated files.

mod assertion;
mod case;
mod condition;
mod definition_kind;
mod duration;
mod environment_names;
mod experiment;
mod flag;
mod flag_key;
mod golden;
mod guard;
mod kill;
mod kind;
mod layer;
mod lower;
mod name_rule;
mod number;
mod operator;
mod policy;
mod project;
mod rule;
mod segment;
mod settings;
mod shadow;
mod slot;
mod suite;
mod target;

pub use crate::model::assertion::{Assertion, Claim, FlagVariant};
pub use crate::model::case::{Case, Expectation, Placement, Subject};
pub use crate::model::condition::{Condition, Operation, RESERVED, Requirement};
pub use crate::model::definition_kind::{
    DefinitionKind, FLAGS, KILLS, LAYERS, SEGMENTS, TESTS, lower_flag, lower_kill, lower_layer, lower_segment,
    lower_settings, lower_suite,
};
pub use crate::model::duration::{DurationError, WrittenDuration};
pub use crate::model::environment_names::{EnvironmentGroup, EnvironmentNames};
pub use crate::model::experiment::{
    Aggregate, Better, Covariate, Denominator, Experiment, ExperimentArms, ExperimentMetric, MetricKind, MetricRole,
    WrittenCap,
};
pub use crate::model::flag::{EffectiveServing, Flag, KillReview, Link, Serving, Variant};
pub use crate::model::flag_key::{flag_file_name, flag_key, test_file_name};
pub(crate) use crate::model::flag_key::{intended_key, kill_path};
pub use crate::model::golden::{Cell, Golden};
pub use crate::model::guard::{
    Arms, ArmsProblem, Direction, FailLimit, Guard, GuardAction, GuardMode, Guardrail, GuardrailTest, HalfOpen,
    OnSourceError, PrometheusQueries, QueryKind, SampleRatio, Substitution, TemplatePart, TestKind, WrittenTest,
    template,
};
pub use crate::model::kill::{Kill, RepositoryKills};
pub use crate::model::kind::{DEFAULT_KIND, KindDeclaration, KindRequirements, OPERATORS_KIND, RequiredField};
pub use crate::model::layer::{Layer, LayerSlot};
pub use crate::model::lower::Misfit;
pub(crate) use crate::model::name_rule::is_name;
pub use crate::model::operator::{OperandForm, Operator};
pub use crate::model::policy::{
    AcknowledgedClass, Freeze, NewConditions, Policy, PolicyEntry, PolicyRules, ReportRequirement, TestRequirement,
};
pub use crate::model::project::{Project, SlotTakers};
pub use crate::model::rule::{EffectiveRule, Rule, RuleFields, Serve, Share};
pub use crate::model::segment::Segment;
pub use crate::model::settings::{AttributeDeclaration, LintLevel, Settings, is_attribute_name};
pub use crate::model::shadow::{
    IgnoredPath, Milliseconds, PromotionCriteria, Shadow, Shadowed, SideEffects, shadow_flag, shadow_key, shadow_salt,
    shadowed_key,
};
pub use crate::model::slot::{SlotName, WrittenRange};
pub use crate::model::suite::Suite;
pub(crate) use crate::model::target::location_problem;
pub use crate::model::target::{Client, Signing, Target, TargetFormat};

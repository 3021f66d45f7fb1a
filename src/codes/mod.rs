//! The list of diagnostic codes.
//!
//! A code is a stable, kebab-case noun for one kind of problem, such as `unknown-flag`. Every diagnostic contains its
//! code. Codes also occur in `lint` levels, in allow comments and as the rule ids of SARIF. Each code has a page that
//! `flagctl explain` prints. The page is `src/codes/CODE.md`, or, for the code of a lint rule, `src/rules/CODE.md` in
//! the folder of the rule. The examples on the pages run as tests.
//!
//! **Invariant:** a code is never renamed or used for another problem, because settings and comments contain it.

use std::fmt;
use std::str::FromStr;

/// The severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The problem does not change the exit code.
    Warning,
    /// The definitions must not be used. `flagctl validate` exits with 1.
    Error,
}

impl Severity {
    /// Returns the name in reports and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Whether `lint:` in `flagctl.yaml` and inline allows apply to a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustable {
    /// The definitions can be evaluated despite the problem.
    Yes,
    /// The definition cannot be evaluated until the problem is fixed, so the code is always an error.
    No,
}

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $adjustable:ident $page:literal;)*) => {
        /// A kind of problem in a flag repository.
        #[allow(missing_docs, reason = "each code has a page of its own")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($variant),*
        }

        impl Code {
            /// All codes, in the order of the stages that report them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the name in reports, settings and comments.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),*
                }
            }

            /// Returns the default severity.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity),*
                }
            }

            /// Returns whether settings and allow comments apply to the code.
            pub fn adjustable(self) -> Adjustable {
                match self {
                    $(Self::$variant => Adjustable::$adjustable),*
                }
            }

            /// Returns the page that documents the code, as Markdown.
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!($page)),*
                }
            }
        }
    };
}

codes! {
    // Codes for the text of a file.
    UnreadableFile "unreadable-file" Error No "unreadable-file.md";
    InvalidEncoding "invalid-encoding" Error No "invalid-encoding.md";
    YamlSyntax "yaml-syntax" Error No "yaml-syntax.md";
    MultipleDocuments "multiple-documents" Error No "multiple-documents.md";
    DuplicateKey "duplicate-key" Error No "duplicate-key.md";
    UnsupportedYaml "unsupported-yaml" Error No "unsupported-yaml.md";
    LimitExceeded "limit-exceeded" Error No "limit-exceeded.md";
    InexactNumber "inexact-number" Error No "inexact-number.md";
    AmbiguousScalar "ambiguous-scalar" Warning Yes "ambiguous-scalar.md";
    // Codes for violations of the schema of a file.
    UnknownKey "unknown-key" Error No "unknown-key.md";
    MissingKey "missing-key" Error No "missing-key.md";
    WrongType "wrong-type" Error No "wrong-type.md";
    InvalidValue "invalid-value" Error No "invalid-value.md";
    EmptyCondition "empty-condition" Error No "empty-condition.md";
    // Codes for the files of a project.
    InvalidFileName "invalid-file-name" Error No "invalid-file-name.md";
    DuplicateFlag "duplicate-flag" Error No "duplicate-flag.md";
    DuplicateSegment "duplicate-segment" Error No "duplicate-segment.md";
    DuplicateLayer "duplicate-layer" Error No "duplicate-layer.md";
    DuplicateTarget "duplicate-target" Error No "duplicate-target.md";
    UnportableName "unportable-name" Error Yes "unportable-name.md";
    // Codes for references by name, and for the meaning of values.
    ReservedName "reserved-name" Error No "reserved-name.md";
    UnknownEnvironment "unknown-environment" Error No "unknown-environment.md";
    ConflictingEnvironments "conflicting-environments" Error No "conflicting-environments.md";
    UnknownAttribute "unknown-attribute" Error No "unknown-attribute.md";
    UnknownSegment "unknown-segment" Error No "unknown-segment.md";
    UnknownLayer "unknown-layer" Error No "unknown-layer.md";
    UnknownSlot "unknown-slot" Error No "unknown-slot.md";
    UnknownFlag "unknown-flag" Error No "unknown-flag.md";
    UnknownVariant "unknown-variant" Error No "unknown-variant.md";
    UnknownRule "unknown-rule" Error No "unknown-rule.md";
    UnknownContext "unknown-context" Error No "unknown-context.md";
    UnfitOperator "unfit-operator" Error No "unfit-operator.md";
    WrongOperand "wrong-operand" Error No "wrong-operand.md";
    OutsideEnum "outside-enum" Error No "outside-enum.md";
    InvalidRegex "invalid-regex" Error No "invalid-regex.md";
    InvalidSemver "invalid-semver" Error No "invalid-semver.md";
    InvalidVersion "invalid-version" Error No "invalid-version.md";
    InvalidDatetime "invalid-datetime" Error No "invalid-datetime.md";
    InvalidNetwork "invalid-network" Error No "invalid-network.md";
    MixedVariants "mixed-variants" Error No "mixed-variants.md";
    UnfitUnit "unfit-unit" Error No "unfit-unit.md";
    OverlappingSlots "overlapping-slots" Error No "overlapping-slots.md";
    SharedSlot "shared-slot" Error No "shared-slot.md";
    SplitSum "split-sum" Error No "split-sum.md";
    StepsOrder "steps-order" Error Yes "steps-order.md";
    DuplicateRule "duplicate-rule" Error No "duplicate-rule.md";
    SegmentCycle "segment-cycle" Error No "segment-cycle.md";
    PrerequisiteCycle "prerequisite-cycle" Error No "prerequisite-cycle.md";
    UnfitGuard "unfit-guard" Error No "unfit-guard.md";
    UnfitShadow "unfit-shadow" Error No "unfit-shadow.md";
    UnfitExperiment "unfit-experiment" Error No "unfit-experiment.md";
    TooComplex "too-complex" Error No "too-complex.md";
    ValueSchema "value-schema" Error Yes "value-schema.md";
    // Codes for the targets of publishing.
    InexpressibleFlag "inexpressible-flag" Error No "../rules/inexpressible-flag.md";
    UnfitBucketing "unfit-bucketing" Error No "../rules/unfit-bucketing.md";
    // Codes for advice.
    ReusedUnits "reused-units" Warning Yes "reused-units.md";
    ConfusableText "confusable-text" Warning Yes "../rules/confusable-text.md";
    DistantExpiry "distant-expiry" Warning Yes "../rules/distant-expiry.md";
    EmptySegment "empty-segment" Warning Yes "../rules/empty-segment.md";
    ExpiredFlag "expired-flag" Warning Yes "../rules/expired-flag.md";
    ExpiredKill "expired-kill" Warning Yes "../rules/expired-kill.md";
    ImpossibleCondition "impossible-condition" Warning Yes "../rules/impossible-condition.md";
    ImpossiblePrerequisite "impossible-prerequisite" Warning Yes "../rules/impossible-prerequisite.md";
    LiteralWildcard "literal-wildcard" Warning Yes "../rules/literal-wildcard.md";
    MisorderedRules "misordered-rules" Warning Yes "../rules/misordered-rules.md";
    MissingDescription "missing-description" Warning Yes "../rules/missing-description.md";
    MissingExpiry "missing-expiry" Warning Yes "../rules/missing-expiry.md";
    MissingOwner "missing-owner" Warning Yes "../rules/missing-owner.md";
    OptionalUnit "optional-unit" Warning Yes "../rules/optional-unit.md";
    RuleAfterCatchAll "rule-after-catch-all" Warning Yes "../rules/rule-after-catch-all.md";
    UndecidedAnalysis "undecided-analysis" Warning Yes "../rules/undecided-analysis.md";
    UniversalSegment "universal-segment" Warning Yes "../rules/universal-segment.md";
    UnreachableRule "unreachable-rule" Warning Yes "../rules/unreachable-rule.md";
    UnservableVariant "unservable-variant" Warning Yes "../rules/unservable-variant.md";
    UnusedSegment "unused-segment" Warning Yes "../rules/unused-segment.md";
    UnusedVariant "unused-variant" Warning Yes "../rules/unused-variant.md";
    // Codes for tests.
    FailedExpectation "failed-expectation" Error No "failed-expectation.md";
    FailedAssertion "failed-assertion" Error No "failed-assertion.md";
    UndecidedAssertion "undecided-assertion" Error No "undecided-assertion.md";
    UnknownRevision "unknown-revision" Error No "unknown-revision.md";
    // Codes for lint levels and allow comments.
    UnknownCode "unknown-code" Error No "unknown-code.md";
    FixedCode "fixed-code" Error No "fixed-code.md";
    MissingReason "missing-reason" Error No "missing-reason.md";
    UnusedAllow "unused-allow" Warning Yes "unused-allow.md";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error for a name that is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name is not a code")]
pub struct ParseCodeError;

impl FromStr for Code {
    type Err = ParseCodeError;

    fn from_str(name: &str) -> Result<Self, ParseCodeError> {
        Self::ALL.iter().copied().find(|code| code.name() == name).ok_or(ParseCodeError)
    }
}

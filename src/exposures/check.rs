//! Goes through files of exposures, and counts what contradicts the definitions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::diag::did_you_mean_or_list;
use crate::events::{self, BadRow, Exposure, ExposureReason, Input, InputError, Position, Refusal, RowCounts};
use crate::exposures::error::ExposureError;
use crate::exposures::finding::{Finding, FindingKind, Findings};
use crate::exposures::inputs::{CLOCK_TOLERANCE, Observed};
use crate::exposures::possibility::Possibility;
use crate::exposures::questions::Questions;
use crate::exposures::units::{Full, Seen, Units};
use crate::exposures::versions::{NotFound, Version, Versions};

/// The number of units in several variants from which they are a problem, if their share is also too large.
const MIN_SEVERAL: u64 = 10;
/// The inverse of the largest share of units in several variants: 1 %.
const MAX_SEVERAL_SHARE: u64 = 100;
/// The maximum number of flags in environments that have a summary of their own.
const MAX_SUMMARIES: usize = 10_000;

/// What is not in the files.
#[derive(Debug, Clone)]
pub struct CheckSettings {
    /// The environment of exposures that name none.
    pub environment: Option<String>,
    /// The present.
    pub now: Timestamp,
    /// The maximum number of units to remember.
    pub max_units: usize,
}

/// The check of some files.
pub struct ExposureCheck<'v> {
    counts: RowCounts,
    state: State<'v>,
}

struct State<'v> {
    settings: CheckSettings,
    versions: Versions<'v>,
    questions: Questions,
    units: Units,
    findings: Findings,
    summaries: BTreeMap<(String, String), FlagSummary>,
    without_version: u64,
    unchecked: u64,
    duplicates_are_complete: bool,
    failure: Option<ExposureError>,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The rows of all files.
    pub counts: RowCounts,
    /// What contradicts the definitions.
    pub findings: Vec<Finding>,
    /// The flags of the exposures in their environments, in the order of their names.
    pub flags: Vec<FlagSummary>,
    /// The exposures that name no version, so they were not decided again.
    pub without_version: u64,
    /// The exposures that would take too long to decide again.
    pub unchecked: u64,
    /// Whether all duplicates were found. The memory for them is limited.
    pub duplicates_are_complete: bool,
}

/// The exposures of a flag in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlagSummary {
    /// The flag's key.
    pub flag: String,
    /// The environment's name.
    pub environment: String,
    /// The number of exposures.
    pub exposures: u64,
    /// The number of exposures whose variant is random.
    pub random: u64,
    /// The number of units with such exposures. A unit counts once for each definition of the flag.
    pub units: u64,
    /// The number of these units that one definition gave several variants.
    pub units_in_several: u64,
}

impl FlagSummary {
    /// Returns whether so many units were in several variants that results are not to be trusted.
    pub fn is_unhealthy(&self) -> bool {
        self.units_in_several >= MIN_SEVERAL && self.units_in_several * MAX_SEVERAL_SHARE > self.units
    }
}

impl Checked {
    /// Returns whether nothing is wrong. Duplicates and a few units in several variants are not wrong.
    pub fn is_sound(&self) -> bool {
        self.counts.bad.is_empty() && !self.findings.iter().any(|finding| self.is_error(finding))
    }

    /// Returns whether a contradiction is wrong.
    pub fn is_error(&self, finding: &Finding) -> bool {
        let flag = || finding.flag.as_deref().unwrap_or_default();
        match finding.kind {
            FindingKind::SeveralVariants => {
                self.flags.iter().any(|summary| summary.is_unhealthy() && summary.flag == flag())
            }
            FindingKind::Duplicate => false,
            _ => true,
        }
    }
}

impl<'v> ExposureCheck<'v> {
    /// Begins a check.
    pub fn new(settings: CheckSettings, versions: Versions<'v>) -> Self {
        let units = Units::new(settings.max_units);
        let state = State {
            settings,
            versions,
            questions: Questions::default(),
            units,
            findings: Findings::default(),
            summaries: BTreeMap::new(),
            without_version: 0,
            unchecked: 0,
            duplicates_are_complete: true,
            failure: None,
        };
        Self { counts: RowCounts::default(), state }
    }

    /// Checks the exposures of a file.
    ///
    /// # Errors
    /// Returns an error if the file, a log or a commit cannot be read, or if there are too many units.
    pub fn read(&mut self, input: Input) -> Result<(), ExposureError> {
        let state = &mut self.state;
        let read = events::exposures(input, &mut self.counts, |exposure, position| {
            state.check(&exposure, position).map_err(|error| match error {
                Problem::BadRow(bad) => bad.into(),
                Problem::Failed(error) => {
                    state.failure = Some(error);
                    Refusal::Stop
                }
            })
        });
        match (self.state.failure.take(), read) {
            (Some(failure), Err(InputError::Stopped(_))) => Err(failure),
            (_, read) => Ok(read.map(drop)?),
        }
    }

    /// Returns the result.
    pub fn finish(self) -> Checked {
        let state = self.state;
        Checked {
            counts: self.counts,
            findings: state.findings.into_list(),
            flags: state.summaries.into_values().collect(),
            without_version: state.without_version,
            unchecked: state.unchecked,
            duplicates_are_complete: state.duplicates_are_complete,
        }
    }
}

/// The definition that decided an exposure.
enum Decided<'f> {
    /// It does not have the variant.
    Unknown,
    /// The exposure names no version, so only the names were checked.
    WithoutVersion,
    /// The definition of a version.
    By(&'f Version),
}

/// Why an exposure is not checked.
enum Problem {
    BadRow(BadRow),
    Failed(ExposureError),
}

impl From<BadRow> for Problem {
    fn from(bad: BadRow) -> Self {
        Self::BadRow(bad)
    }
}

impl From<ExposureError> for Problem {
    fn from(error: ExposureError) -> Self {
        Self::Failed(error)
    }
}

impl State<'_> {
    fn check(&mut self, exposure: &Exposure<'_>, position: Position<'_>) -> Result<(), Problem> {
        if exposure.reason == ExposureReason::Shadow {
            return Ok(());
        }
        let attributes = exposure.attributes.map(|attributes| attributes.parse()).transpose()?.map(Json::Object);
        let flag = exposure.flag.as_ref();
        let Some(environment) = exposure.environment.as_deref().or(self.settings.environment.as_deref()) else {
            let message = || "it names no environment: add `feature_flag.set.id`, or pass `-e`".to_owned();
            self.findings.add(FindingKind::UnknownEnvironment, flag, "", position, message);
            return Ok(());
        };
        let environment = environment.to_owned();
        if self.is_repeated(exposure, &environment) {
            let message = || format!("unit `{}` got `{}` at {} before", exposure.unit, exposure.variant, exposure.at);
            self.findings.add(FindingKind::Duplicate, flag, &environment, position, message);
            return Ok(());
        }
        if exposure.at > self.settings.now.saturating_add(CLOCK_TOLERANCE).unwrap_or(Timestamp::MAX) {
            let message = || format!("{} is after the present, {}", exposure.at, self.settings.now);
            self.findings.add(FindingKind::Future, flag, &environment, position, message);
        }
        let found = match exposure.version.as_deref() {
            Some(version) => self.versions.find(&environment, version, flag)?,
            None => {
                self.without_version += 1;
                self.versions.find_at_tip(&environment, flag)?
            }
        };
        let version = match found.as_ref() {
            Ok(versions) => {
                match self.check_variant(exposure, (&environment, attributes.as_ref()), versions, position) {
                    Decided::Unknown => return Ok(()),
                    Decided::WithoutVersion => None,
                    Decided::By(version) => Some(version),
                }
            }
            Err(not_found) => {
                let version = exposure.version.as_deref().unwrap_or_default();
                let (kind, subject, message) = match not_found {
                    NotFound::Environment => {
                        let message = format!("`{environment}` is not an environment of this repository");
                        (FindingKind::UnknownEnvironment, environment.as_str(), message)
                    }
                    NotFound::Version(message) => (FindingKind::UnknownVersion, version, message.clone()),
                    NotFound::Flag(name) => {
                        let message = format!("{environment} has no flag `{flag}` in {name}");
                        (FindingKind::UnknownFlag, environment.as_str(), message)
                    }
                };
                self.findings.add(kind, flag, subject, position, || message);
                return Ok(());
            }
        };
        self.summarize(exposure, &environment, version, position)
    }

    fn is_repeated(&mut self, exposure: &Exposure<'_>, environment: &str) -> bool {
        let Exposure { at, flag, variant, unit, version, .. } = exposure;
        let repeated = self.units.is_repeated((at.as_nanosecond(), flag, variant, unit, version, environment));
        self.duplicates_are_complete &= repeated.is_some();
        repeated.unwrap_or_default()
    }

    /// Checks whether an exposure can have had its variant, and returns the definition that decided it.
    fn check_variant<'f>(
        &mut self,
        exposure: &Exposure<'_>,
        (environment, attributes): (&str, Option<&Json>),
        versions: &'f [Version],
        position: Position<'_>,
    ) -> Decided<'f> {
        let (flag, variant) = (exposure.flag.as_ref(), exposure.variant.as_ref());
        let has_variant = |version: &&Version| {
            let flag = version.bundle.flag(flag);
            flag.is_some_and(|flag| flag.variants.iter().any(|known| *known.name == *variant))
        };
        let known: Vec<&Version> = versions.iter().filter(has_variant).collect();
        let Some(first) = known.first() else {
            let Some(version) = versions.first() else { return Decided::Unknown };
            let names = version.bundle.flag(flag).into_iter().flat_map(|flag| &flag.variants);
            let names: Vec<&str> = names.map(|variant| variant.name.as_ref()).collect();
            let message = || {
                let help = did_you_mean_or_list(variant, "its variants are", names);
                format!("`{flag}` has no variant `{variant}` in {}; {help}", version.name)
            };
            self.findings.add(FindingKind::UnknownVariant, flag, variant, position, message);
            return Decided::Unknown;
        };
        if exposure.version.is_none() {
            return Decided::WithoutVersion;
        }
        let latest = exposure.at.saturating_add(CLOCK_TOLERANCE).unwrap_or(Timestamp::MAX);
        if known.iter().all(|version| version.since > latest) {
            let message = || format!("{} is before {}, which is of {}", exposure.at, first.name, first.since);
            self.findings.add(FindingKind::BeforeVersion, flag, environment, position, message);
        }
        let observed = Observed { variant, unit: &exposure.unit, attributes, at: exposure.at };
        let mut impossible = None;
        for version in &known {
            match version.inputs.judge((&version.bundle, version.phase), flag, &observed, &mut self.questions) {
                Possibility::Possible => return Decided::By(version),
                Possibility::Unknown => {
                    self.unchecked += 1;
                    return Decided::By(version);
                }
                Possibility::Impossible(other) => impossible = Some((version, other)),
            }
        }
        if let Some((version, other)) = impossible {
            let (unit, name) = (&exposure.unit, &version.name);
            let message = || match other {
                Some(other) => format!("unit `{unit}` gets `{other}` in {environment} by {name}, not `{variant}`"),
                None => {
                    format!("unit `{unit}` never gets `{variant}` in {environment} by {name} with these attributes")
                }
            };
            self.findings.add(FindingKind::ImpossibleVariant, flag, variant, position, message);
        }
        Decided::By(first)
    }

    /// Counts an exposure for its flag, and remembers the variant of its unit.
    fn summarize(
        &mut self,
        exposure: &Exposure<'_>,
        environment: &str,
        version: Option<&Version>,
        position: Position<'_>,
    ) -> Result<(), Problem> {
        let flag = exposure.flag.as_ref();
        let key = (flag.to_owned(), environment.to_owned());
        if self.summaries.len() >= MAX_SUMMARIES && !self.summaries.contains_key(&key) {
            return Ok(());
        }
        let new = || FlagSummary { flag: flag.to_owned(), environment: environment.to_owned(), ..Default::default() };
        let summary = self.summaries.entry(key).or_insert_with(new);
        summary.exposures += 1;
        if exposure.reason != ExposureReason::Split {
            return Ok(());
        }
        summary.random += 1;
        let phase = version.map(|version| version.phase);
        match self.units.add((phase, flag, environment), &exposure.unit, &exposure.variant) {
            Ok(Seen::First) => summary.units += 1,
            Ok(Seen::Again | Seen::Several) => {}
            Ok(Seen::Other) => {
                summary.units_in_several += 1;
                let message =
                    || format!("unit `{}` got `{}` and another variant before", exposure.unit, exposure.variant);
                self.findings.add(FindingKind::SeveralVariants, flag, environment, position, message);
            }
            Err(Full) => return Err(ExposureError::TooManyUnits(self.settings.max_units).into()),
        }
        Ok(())
    }
}

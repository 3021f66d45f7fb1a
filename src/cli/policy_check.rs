//! The judgement of a range of commits by the policy of its base, for `policy` and `diff`.

use std::cell::OnceCell;
use std::error::Error;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;

use crate::analyze::Budget;
use crate::cli::context_arg;
use crate::cli::publish_target::Signers;
use crate::cli::range::{earlier_revision, revision};
use crate::cli::stage_clock::StageClock;
use crate::diff::{PopulationCount, count_population};
use crate::git::{CacheWrites, CommitRelation, MergeBase, MergeResult, Revision, RevisionRange};
use crate::load;
use crate::policy::{CommitRange, Evidence, PolicyComparison, PolicyVerdict, StageSource, judge};
use crate::report::policy::PolicyJson;
use crate::shadow::ShadowEvidence;
use crate::source::{FlagRepository, Source};
use crate::stage::{Reach, StageQuery, Stages};

/// The maximum size of a report on a dark launch.
const MAX_REPORT_BYTES: u64 = 1 << 20;

/// The range to judge.
pub(crate) struct PolicyCheck<'c> {
    /// The tip of the target branch.
    pub(crate) base: Revision,
    /// The last commit of the change.
    pub(crate) head: Revision,
    /// The state after the change: the head, or its merge into the base.
    pub(crate) after: Revision,
    /// A file with contexts, from which the sizes of new conditions are counted.
    pub(crate) population: Option<&'c Path>,
    /// Reports on dark launches, as JSON.
    pub(crate) shadow_reports: &'c [PathBuf],
    pub(crate) signers: &'c Signers,
    pub(crate) now: Timestamp,
}

/// Returns the state after a change: with two dots the head, and otherwise its merge into the base.
///
/// # Errors
/// Returns an error if git finds a conflict.
pub(crate) fn state_after(range: &RevisionRange<'_>, base: &Revision, head: &Revision) -> Result<Revision> {
    match range {
        RevisionRange::TwoDots { .. } => Ok(head.clone()),
        RevisionRange::ThreeDots { .. } | RevisionRange::Single(_) => merged(base, head),
    }
}

/// Returns the state after a merge of the head into the base.
///
/// # Errors
/// Returns an error if git finds a conflict.
fn merged(base: &Revision, head: &Revision) -> Result<Revision> {
    if matches!(head.relation_to(&base.commit())?, CommitRelation::Same | CommitRelation::Descendant) {
        return Ok(head.clone());
    }
    match base.merge(head, MergeBase::Common)? {
        MergeResult::Clean(merged) => Ok(merged),
        MergeResult::Conflicts(paths) => bail!(
            "`{}` cannot be merged into `{}` without a conflict in {}, so its effect is not known: merge the target \
             branch first",
            head.name(),
            base.name(),
            paths.join(", ")
        ),
    }
}

/// Judges a range of two revisions, if its base has a policy. Returns the verdict, or the reason why there is none.
pub(crate) fn of_range(range: &str, now: Timestamp) -> (Option<PolicyJson>, Option<String>) {
    match judged_range(range, now) {
        Ok(policy) => (policy, None),
        Err(error) => (None, Some(format!("{error:#}"))),
    }
}

fn judged_range(range: &str, now: Timestamp) -> Result<Option<PolicyJson>> {
    let range = RevisionRange::parse(range);
    let (base, tip) = match range {
        RevisionRange::TwoDots { base, tip } | RevisionRange::ThreeDots { base, tip } => (base, tip),
        RevisionRange::Single(_) => return Ok(None),
    };
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed)?;
    let base = earlier_revision(&repository, base)?;
    if load::settings(&Source::Revision(base.clone()))?.project.settings.policy.is_empty() {
        return Ok(None);
    }
    let head = revision(&repository, tip)?;
    let after = state_after(&range, &base, &head)?;
    let signers = &Signers::default();
    let check = PolicyCheck { base, head, after, population: None, shadow_reports: &[], signers, now };
    check.run().map(Some)
}

impl PolicyCheck<'_> {
    /// Judges the range.
    ///
    /// # Errors
    /// Returns an error if something cannot be read that the policy needs.
    pub(crate) fn run(&self) -> Result<PolicyJson> {
        let budget = Budget::default();
        let comparison = PolicyComparison::new(&self.base, &self.after, &budget)?;
        let has_policy = !comparison.before.loaded.project.settings.policy.is_empty();
        let verdict = if has_policy { self.judge(&comparison, &budget)? } else { PolicyVerdict::default() };
        Ok(PolicyJson::new([self.base.commit(), self.head.commit()], self.now, has_policy, &verdict))
    }

    fn judge(&self, comparison: &PolicyComparison, budget: &Budget) -> Result<PolicyVerdict> {
        let commits = CommitRange::read(&self.base, &self.head)?;
        let source = Source::Revision(self.after.clone());
        let loaded = load::tests(&source, load::settings(&source)?, |_| true)?;
        let population = self.population.map(|path| count(path, comparison, self.now)).transpose()?;
        let reports = self.shadow_reports.iter().map(|path| shadow_report(path)).collect::<Result<Vec<_>>>()?;
        let clock = LazyClock::new(&self.base, self.signers);
        let evidence = Evidence {
            commits: &commits,
            clock: &clock,
            population: population.as_ref(),
            shadow_reports: &reports,
            project: &loaded.project,
            now: self.now,
            budget,
        };
        Ok(judge(comparison, &evidence)?)
    }
}

/// Reads a report on a dark launch.
fn shadow_report(path: &Path) -> Result<ShadowEvidence> {
    let mut bytes = Vec::new();
    let read = context_arg::open(path)?.take(MAX_REPORT_BYTES + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read `{}`", path.display()))?;
    if bytes.len() as u64 > MAX_REPORT_BYTES {
        bail!("`{}` has more than {MAX_REPORT_BYTES} bytes, which no report has", path.display());
    }
    ShadowEvidence::parse(&bytes)
        .with_context(|| format!("cannot use `{}` as a report on a dark launch", path.display()))
}

/// Counts the contexts of a file in the regions of all changes.
fn count(path: &Path, comparison: &PolicyComparison, now: Timestamp) -> Result<PopulationCount> {
    let impacts: Vec<_> = comparison.changes.iter().map(|change| &change.impact).collect();
    let definitions = [&comparison.before, &comparison.after];
    let reader = BufReader::with_capacity(1 << 16, context_arg::open(path)?);
    count_population(reader, &impacts, definitions, now).with_context(|| format!("cannot read `{}`", path.display()))
}

/// The clock of a base, which is opened when a rule first needs it.
pub(crate) struct LazyClock<'c> {
    base: &'c Revision,
    signers: &'c Signers,
    opened: OnceCell<StageClock>,
}

impl<'c> LazyClock<'c> {
    /// Creates the clock of the targets that a revision declares.
    pub(crate) fn new(base: &'c Revision, signers: &'c Signers) -> Self {
        Self { base, signers, opened: OnceCell::new() }
    }

    /// Returns the clock.
    ///
    /// # Errors
    /// Returns an error if a target cannot be opened.
    pub(crate) fn get(&self) -> Result<&StageClock> {
        if let Some(clock) = self.opened.get() {
            return Ok(clock);
        }
        let clock = StageClock::open(self.base, self.signers)?;
        Ok(self.opened.get_or_init(|| clock))
    }
}

impl StageSource for LazyClock<'_> {
    fn stages(&self, query: &StageQuery<'_>, reach: Reach) -> Result<Stages, Box<dyn Error + Send + Sync>> {
        Ok(self.get()?.stages(query, reach)?)
    }
}

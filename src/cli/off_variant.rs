//! Whether a flag's `off` has ever been served: what nobody has seen may not work when it is needed.
//!
//! **Invariant:** only definitions are asked, not what applications got; what could be served counts as served.

use anyhow::Result;
use jiff::Timestamp;

use crate::bundle::{BUCKETS, Flag, State};
use crate::compile::compile;
use crate::git::{CloneDepth, Revision, short_id};
use crate::history::FlagVersions;
use crate::load;
use crate::source::Source;

/// When a flag that does not serve `off` at the tip last did.
pub(crate) fn note(tip: &Revision, flag: &Flag, environment: &str) -> Result<String> {
    let (key, off) = (flag.key.as_ref(), &flag.variant(flag.off).name);
    let mut here = tip.clone();
    let mut now = FlagVersions::read(&here, key, None)?;
    // The oldest commit with the flag, so far.
    let mut first = tip.clone();
    while let Some(parent) = here.parent()? {
        let before = FlagVersions::read(&parent, key, now.path.as_deref())?;
        if before.files != now.files && before.path.is_some() && served_off(&parent, key, environment)? {
            return Ok(format!("`{off}` was last served here until {}", dated(&here)?));
        }
        (here, now) = (parent, before);
        if now.path.is_some() {
            first = here.clone();
        }
    }
    let first = dated(&first)?;
    Ok(match here.depth()? {
        CloneDepth::Full => format!(
            "no rule, default or kill has served `{off}` here since the flag's first commit {first}: this off path has \
             never been live"
        ),
        CloneDepth::Shallow => format!(
            "no rule, default or kill has served `{off}` here since {first}: this off path has never been live, as far \
             as this shallow clone's history goes"
        ),
    })
}

/// A flag that could not be decided served nothing.
fn served_off(revision: &Revision, key: &str, environment: &str) -> Result<bool> {
    let source = Source::Revision(revision.clone());
    let settings = load::settings(&source)?;
    if settings.project.settings.environment_names().all(|name| name != environment) {
        return Ok(false);
    }
    let loaded = load::flags(&source, settings, &[key.to_owned()], &[environment])?;
    Ok(compile(&loaded.project, environment).0.flag(key).is_some_and(serves_off))
}

/// Whether some context could get `off`. Conditions are not asked whether they can hold, nor prerequisites.
pub(crate) fn serves_off(flag: &Flag) -> bool {
    if flag.state != State::Enabled || !flag.prerequisites.is_empty() {
        return true;
    }
    for rule in &flag.rules {
        if rule.serve.variants().any(|id| id == flag.off) && rule.rollout.buckets() > 0 {
            return true;
        }
        // Nobody gets to what stands behind it.
        if rule.condition.is_none() && rule.rollout.buckets() == BUCKETS {
            return false;
        }
    }
    flag.default == flag.off
}

/// `0123456789 (2026-11-02)`
fn dated(revision: &Revision) -> Result<String> {
    let (id, made) = (revision.commit(), Timestamp::from_second(revision.seconds()?)?.to_string());
    Ok(format!("{} ({})", short_id(&id), made.split('T').next().unwrap_or(&made)))
}

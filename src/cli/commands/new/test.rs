//! `flagctl new test`: writes a test that expects what a flag serves now.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json};

use crate::bundle::TARGETING_KEY;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::global::Global;
use crate::cli::new_definition::Home;
use crate::cli::new_files::NewFilesArgs;
use crate::cli::time_arg::day_of_new_files;
use crate::cli::unknown_flag::unknown_flag_in_source;
use crate::compile::compile_environments;
use crate::eval::Context;
use crate::load;
use crate::model::{Flag, Settings, TESTS, flag_file_name, test_file_name};
use crate::report::escape::shell_word;
use crate::scaffold::{Expected, suite};

/// Write a test that expects what a flag serves now, in each environment
///
/// The test has one user, by the targeting key. Kills do not count, as in all tests.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl new test new-cart --dry-run")]
pub(super) struct Args {
    /// The flag
    #[arg(value_name = "FLAG")]
    flag: String,
    #[command(flatten)]
    new: NewFilesArgs,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let home = Home::find(global)?;
    let key = &args.flag;
    if flag_file_name(key).is_none() {
        return Err(UsageError(format!("`{key}` is not the key of a flag")).into());
    }
    let environments: Vec<&str> = home.settings().environment_names().collect();
    let settings = load::settings(&home.source)?;
    let mut loaded = load::flags(&home.source, settings, std::slice::from_ref(key), &environments)?;
    loaded.project.kills.clear();
    let flag = loaded.project.flag(key).ok_or_else(|| unknown_flag_in_source(key, &home.source))?;
    let context = context(flag, home.settings());
    let json = context.iter().map(|(name, value)| (name.clone(), Json::from(value.as_str()))).collect::<Map<_, _>>();
    let json = Json::Object(json);
    let midnight = day_of_new_files().to_zoned(TimeZone::UTC)?.timestamp();
    let (mut now, mut expected) = (None, Vec::new());
    for (bundle, _) in compile_environments(&loaded.project, &environments) {
        let Some(compiled) = bundle.flag(key) else {
            return Err(anyhow!("the file of `{key}` has errors, and they come first: run `flagctl validate`"));
        };
        if compiled.conditions().any(|condition| bundle.depends_on_time(condition)) {
            now = Some(midnight);
        }
        let parsed = Context::from_json(bundle.attributes(), &json)?;
        if let Some(decision) = bundle.decide(key, &parsed.context, midnight) {
            let variant = decision.variant.name.to_string();
            expected.push(Expected { environment: bundle.environment.to_string(), variant });
        }
    }
    let context: Vec<(&str, &str)> = context.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let text = suite(key, &context, now, &expected);
    let word = shell_word(key);
    let next = vec![
        home.command("test"),
        home.command("test --coverage"),
        home.command(&format!("eval {word} -e {} -c targetingKey=user-1 --explain", home.last_environment())),
    ];
    home.write(&args.new, (TESTS, &format!("{TESTS}/{}", test_file_name(key))), text, next)
}

/// Returns a context with all units of a flag, so that each rollout and split can decide.
fn context(flag: &Flag, settings: &Settings) -> Vec<(String, String)> {
    let mut units = BTreeSet::from([TARGETING_KEY]);
    units.extend(flag.servings().filter_map(|serving| serving.unit.as_ref()).map(|unit| unit.value.as_str()));
    units.extend(flag.all_rules().filter_map(|rule| rule.unit.as_ref()).map(|unit| unit.value.as_str()));
    let value = |unit: &str| {
        let declared = settings.attributes.iter().find(|attribute| attribute.name.value == unit);
        let allowed = declared.and_then(|attribute| attribute.allowed.as_ref()?.first());
        allowed.map_or_else(|| "user-1".to_owned(), |value| value.value.clone())
    };
    units.into_iter().map(|unit| (unit.to_owned(), value(unit))).collect()
}

//! The words of the regions of a thousand edits: they parse back to exactly the contexts whose decision changes.
//!
//! The words come from the program, and a parser that only this test has reads them. Each context is then decided before
//! and after the edit, with several units, and must lie in exactly the region that says this.

mod corpus;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use flagctl::bundle::Bundle;
use flagctl::eval::{Context, decide};
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::random::Random;
use crate::region_words::corpus::{Edit, context, edit};
use crate::region_words::words::{Case, Words};

/// The number of all edits. `GENERATED` tests all of them; without it, a fifth is enough.
const EDITS: usize = 1_000;

/// Returns the regions of the flag `main` that the program shows.
fn regions(folder: &std::path::Path, edit: &Edit) -> Vec<Json> {
    let paths = [(&edit.before, "before.json"), (&edit.after, "after.json")].map(|(bundle, name)| {
        let path = folder.join(name);
        fs::write(&path, bundle.to_string()).unwrap();
        path
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_flagctl"));
    command.args(["diff", "--format", "json", "--bundle"]).arg(&paths[0]).arg("--bundle").arg(&paths[1]);
    let output = command.env("NO_COLOR", "1").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let json: Json = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text} {}", edit.name));
    let flags = json["flags"].as_array().unwrap();
    let main = flags.iter().find(|flag| flag["flag"] == "main");
    main.map_or(Vec::new(), |main| main["changes"][0]["regions"].as_array().unwrap().clone())
}

/// A region as its words say it.
struct Said {
    words: Words,
    named: Vec<(String, Vec<String>)>,
    transitions: Vec<(String, String)>,
    text: String,
}

impl Said {
    fn read(region: &Json) -> Self {
        let text = |json: &Json| json.as_str().unwrap().to_owned();
        let units = region["units"].as_array().cloned().unwrap_or_default();
        let named = units.iter().map(|units| {
            (text(&units["attribute"]), units["values"].as_array().unwrap().iter().map(text).collect::<Vec<_>>())
        });
        let transitions = region["transitions"].as_array().unwrap().iter();
        let transitions = transitions.map(|transition| {
            let of = |side| format!("{} {}", transition[side].as_str().unwrap(), transition[format!("{side}_value")]);
            (of("from"), of("to"))
        });
        let condition = text(&region["condition"]);
        Self {
            words: Words::parse(&condition),
            named: named.collect(),
            transitions: transitions.collect(),
            text: format!("{} [{condition}]", text(&region["text"])),
        }
    }

    fn contains(&self, case: &Case<'_>) -> bool {
        let is_named = |(attribute, values): &(String, Vec<String>)| {
            case.json[attribute].as_str().is_some_and(|unit| values.iter().any(|value| value == unit))
        };
        self.named.iter().all(is_named) && self.words.contains(case)
    }
}

#[test]
fn the_words_of_a_thousand_edits_parse_back_to_exactly_their_regions() {
    let all = std::env::var("GENERATED").is_ok();
    let folder = tempfile::TempDir::new().unwrap();
    let (mut literals, mut regions_seen, mut moved, mut inside) = (Vec::new(), 0, 0, 0);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for number in (0..EDITS).filter(|number| all || number % 5 == 0) {
        let mut random = Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number as u64 + 1));
        let edit = edit(&mut random);
        let regions: Vec<Said> = regions(folder.path(), &edit).iter().map(Said::read).collect();
        regions_seen += regions.len();
        *kinds.entry(edit.name).or_default() += usize::from(!regions.is_empty());
        literals.extend(regions.iter().map(|region| region.words.literals()));
        let bundles = [&edit.before, &edit.after].map(|json| Bundle::from_json(json.to_string().as_bytes()).unwrap());
        let now = Timestamp::from_second(1_796_000_000).unwrap();
        for _ in 0..60 {
            let mut json = context(&mut random);
            for unit in ["", "u1", "u2", "u3", "u5", "u8", "vip"] {
                if !unit.is_empty() {
                    json["targetingKey"] = Json::from(unit);
                }
                let [before, after] = [0, 1].map(|side| {
                    let bundle = &bundles[side];
                    (bundle, Context::from_json(bundle.attributes(), &json).unwrap().context)
                });
                let served = [&before, &after].map(|(bundle, context)| {
                    let decision = decide(bundle, bundle.flag("main").unwrap(), context, now);
                    format!("{} {}", decision.variant.name, decision.variant.value)
                });
                let case =
                    Case { json: &json, sides: [&before, &after].map(|(bundle, context)| (*bundle, context)), now };
                let found: Vec<&Said> = regions.iter().filter(|region| region.contains(&case)).collect();
                let says = || {
                    let texts: Vec<&str> = found.iter().map(|region| region.text.as_str()).collect();
                    let others: Vec<&str> = regions.iter().map(|region| region.text.as_str()).collect();
                    let Edit { name, before, after } = &edit;
                    format!("{number} {name}: {json} {served:?}\nin {texts:#?}\nof {others:#?}\n{before}\n{after}")
                };
                let [from, to] = &served;
                moved += usize::from(from != to);
                inside += found.len();
                match found.as_slice() {
                    [] => assert!(from == to, "{}", says()),
                    [region] => assert!(region.transitions.contains(&(from.clone(), to.clone())), "{}", says()),
                    _ => panic!("{}", says()),
                }
            }
        }
    }
    literals.sort_unstable();
    let (median, largest) = (literals[literals.len() / 2], literals[literals.len() - 1]);
    assert!(regions_seen > 200 && moved > 2_000 && inside > 3_000, "{regions_seen} {moved} {inside}");
    assert!(median <= 4 && largest <= 12, "the median of {regions_seen} regions is {median}, the largest is {largest}");
    assert!(kinds.len() > 10 && kinds.values().filter(|found| **found > 0).count() > 10, "{kinds:?}");
}

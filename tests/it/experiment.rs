//! The analysis of an experiment from its sufficient statistics: the verdicts, what refuses them, and the formats.

use serde_json::Value as Json;

use crate::git_bench::{Ran, TestRepository};

const FLAG: &str = "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {fast: 1, slow: 2, off: 0}\noff: off\n\
    default: off\nrules:\n  - serve: {fast: 25%, slow: 25%, off: 50%}\n\
    experiment:\n  treatments: [fast]\n  metrics:\n\
    \x20   - {name: revenue, role: primary, min-effect: 2%}\n    - {name: visits}\n    - {name: clicks}\n\
    \x20   - {name: errors, role: guardrail, better: decrease}\n    - {name: latency, role: guardrail, better: decrease, min-effect: 5%}\n";
const HEADER: &str = "flag,phase,variant,metric,kind,n,sum_y,sum_yy,multiple,dimension,dimension_value\n";

fn repository() -> TestRepository {
    let mut repository = TestRepository::with_sale();
    repository.write("flags/cart.yaml", FLAG);
    repository.commit("an experiment");
    repository
}

/// The numbers of units of both arms.
fn units(phase: &str, [fast, off]: [u32; 2]) -> String {
    format!("cart,{phase},fast,exposures,,{fast},,,0,,\ncart,{phase},off,exposures,,{off},,,0,,\n")
}

/// A metric whose values have the variance 100, with the means of both arms.
fn metric(phase: &str, name: &str, means: [f64; 2], n: f64) -> String {
    let row = |arm: &str, mean: f64| {
        format!("cart,{phase},{arm},{name},mean,{n},{},{},,,\n", mean * n, (mean * mean + 100.0) * n)
    };
    row("fast", means[0]) + &row("off", means[1])
}

/// All metrics of the definition, with the means of the treatment. Those of the control are 100.
fn all(phase: &str, [revenue, errors, latency]: [f64; 3]) -> String {
    let n = 20_000.0;
    units(phase, [20_050, 40_100])
        + &metric(phase, "revenue", [revenue, 100.0], n)
        + &metric(phase, "errors", [errors, 100.0], n)
        + &metric(phase, "latency", [latency, 100.0], n)
}

fn analyze(repository: &TestRepository, rows: &str, options: &[&str]) -> Ran {
    repository.write("../statistics.csv", &format!("{HEADER}{rows}"));
    let command = ["experiment", "analyze", "cart", "-e", "production", "--stats", "../statistics.csv"];
    repository.flagctl(&[&command, options].concat())
}

fn json(repository: &TestRepository, rows: &str, options: &[&str]) -> (Option<i32>, Json) {
    let ran = analyze(repository, rows, &[&["--format", "json"], options].concat());
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}")))
}

/// Returns the exit code, the verdict and the reasons.
fn verdict(repository: &TestRepository, rows: &str, options: &[&str]) -> (Option<i32>, String, String) {
    let (code, json) = json(repository, rows, options);
    let reasons: Vec<&str> =
        json["reasons"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap()).collect();
    (code, json["verdict"].as_str().unwrap().to_owned(), reasons.join("; "))
}

fn answer(code: i32, verdict: &str, reasons: &str) -> (Option<i32>, String, String) {
    (Some(code), verdict.to_owned(), reasons.to_owned())
}

#[test]
fn each_verdict_has_its_reasons() {
    let repository = repository();
    let of = |means| verdict(&repository, &all("1", means), &[]);
    assert_eq!(of([103.0, 100.0, 100.0]), answer(0, "ship", "`fast` makes `revenue` better"));
    assert_eq!(of([97.0, 100.0, 100.0]), answer(1, "stop", "`fast` makes `revenue` worse"));
    assert_eq!(of([103.0, 102.0, 100.0]), answer(1, "stop", "`fast` makes the guardrail `errors` worse"));
    // Better errors stop nothing, and neither does a latency that is worse by less than is accepted.
    assert_eq!(of([103.0, 90.0, 104.0]).1, "ship");
    assert_eq!(
        of([103.0, 100.0, 107.0]),
        answer(1, "stop", "`fast` makes the guardrail `latency` worse by more than 5%")
    );
    assert_eq!(
        of([103.0, 100.0, 105.0]),
        answer(1, "keep-running", "the guardrail `latency` of `fast` may still be worse by 5%")
    );
    assert_eq!(of([100.0, 100.0, 100.0]), answer(1, "stop", "`fast` has no effect on `revenue` that matters"));
    let few = units("1", [220, 440]) + &metric("1", "revenue", [150.0, 100.0], 200.0);
    let reason = "`revenue` of `fast`: an arm has 200 units, and a verdict needs 250; no primary metric of `fast` has an \
                  effect that the data proves yet";
    assert_eq!(verdict(&repository, &few, &[]), answer(1, "keep-running", reason));
}

#[test]
fn a_mismatch_of_units_refuses_all_effects() {
    let repository = repository();
    let rows = all("1", [103.0, 100.0, 100.0]).replace("exposures,,20050", "exposures,,21050");
    let (code, broken) = json(&repository, &rows, &[]);
    assert_eq!((code, broken["verdict"].as_str()), (Some(3), Some("broken")));
    assert_eq!(broken["phases"][0]["sampleRatio"]["state"], "mismatch");
    assert_eq!(broken["phases"][0]["metrics"], Json::Array(Vec::new()));
    let (code, shown) = json(&repository, &rows, &["--despite-srm"]);
    assert_eq!((code, shown["verdict"].as_str()), (Some(3), Some("broken")));
    assert!(shown["phases"][0]["metrics"][0]["effects"][0]["relative"]["value"].as_f64().unwrap() > 0.029);
    // Units in several arms are a problem from one percent on.
    let many = all("1", [103.0, 100.0, 100.0]).replacen("20050,,,0", "20050,,,900", 1);
    let (code, verdict, reasons) = verdict(&repository, &many, &[]);
    assert_eq!((code, verdict.as_str()), (Some(3), "broken"));
    assert!(reasons.starts_with("1.47% of the units were seen in several arms, more than 1.00%"), "{reasons}");
    let few = all("1", [103.0, 100.0, 100.0]).replacen("20050,,,0", "20050,,,90", 1);
    assert_eq!(self::verdict(&repository, &few, &[]).1, "ship");
}

#[test]
fn phases_are_never_added_together_and_the_last_decides() {
    let repository = repository();
    let rows = all("9f", [103.0, 100.0, 100.0]) + &all("1a", [97.0, 100.0, 100.0]);
    let (_, json) = json(&repository, &rows, &[]);
    assert_eq!(json["verdict"], "stop");
    let effects: Vec<(&str, f64)> = json["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| {
            let effect = &phase["metrics"][0]["effects"][0]["absolute"]["value"];
            (phase["name"].as_str().unwrap(), effect.as_f64().unwrap().round())
        })
        .collect();
    assert_eq!(effects, [("9f", 3.0), ("1a", -3.0)]);
}

#[test]
fn p_values_are_corrected_within_their_role() {
    let repository = repository();
    let rows = all("1", [100.5, 100.0, 100.0])
        + &metric("1", "visits", [100.2, 100.0], 20_000.0)
        + &metric("1", "clicks", [100.1, 100.0], 20_000.0)
        + &metric("1", "revenue", [100.5, 100.0], 2_000.0).replace(",,,\n", ",,country,DE\n")
        + &metric("1", "revenue", [100.3, 100.0], 2_000.0).replace(",,,\n", ",,country,FR\n");
    let (_, json) = json(&repository, &rows, &[]);
    let phase = &json["phases"][0];
    let p = |metric: &Json| {
        let effect = &metric["effects"][0];
        let number = |value: &Json| value.as_f64().unwrap();
        (number(&effect["absolute"]["fixed"]["pValue"]), number(&effect["adjusted"]["fixed"]))
    };
    let find = |name: &str| {
        let metrics = phase["metrics"].as_array().unwrap();
        p(metrics.iter().find(|metric| metric["name"] == name).unwrap())
    };
    // One primary metric needs no correction, nor do guardrails.
    assert_eq!(find("revenue").0, find("revenue").1);
    assert_eq!(find("errors").0, find("errors").1);
    let (visits, clicks) = (find("visits"), find("clicks"));
    assert!((visits.1 - (2.0 * visits.0).min(clicks.0)).abs() < 1e-12, "{visits:?} {clicks:?}");
    let [german, french] = [0, 1].map(|index| p(&phase["subgroups"][index]["metrics"][0]));
    assert!((german.1 - (2.0 * german.0).min(french.0)).abs() < 1e-12, "{german:?} {french:?}");
    assert_eq!(phase["subgroups"][1]["value"], "FR");
}

#[test]
fn small_counts_have_exact_results_and_no_verdict() {
    let repository = repository();
    let rows = units("1", [1_000, 2_000])
        + "cart,1,fast,bought,proportion,1000,14,14,,,\ncart,1,off,bought,proportion,1000,5,5,,,\n";
    let (code, json) = json(&repository, &rows, &["--primary", "bought"]);
    assert_eq!((code, json["verdict"].as_str()), (Some(1), Some("keep-running")));
    let small = &json["phases"][0]["metrics"][0]["effects"][0]["smallCounts"];
    assert!((small["pValue"].as_f64().unwrap() - 0.062_327_384_443_721_23).abs() < 1e-9, "{small}");
    assert!((small["interval"][1].as_f64().unwrap() - 0.018_789_861_371_604_367).abs() < 1e-9, "{small}");
    assert!(json["reasons"].to_string().contains("the counts are too small for a verdict"), "{json:#}");
}

#[test]
fn a_flag_without_an_experiment_takes_metrics_from_the_command_line() {
    let repository = TestRepository::with_sale();
    let rows = (all("1", [103.0, 100.0, 100.0])).replace("cart,", "sale,").replace(",fast,", ",on,");
    repository.write("../statistics.csv", &format!("{HEADER}{rows}"));
    let command = ["experiment", "analyze", "sale", "--stats", "../statistics.csv", "--format", "json"];
    let ran = repository.flagctl(&command);
    assert!(ran.stdout.contains("no primary metric has rows"), "{ran:?}");
    let ran = repository.flagctl(&[&command[..], &["--primary", "revenue", "--guardrail", "errors"]].concat());
    let json: Json = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, json["verdict"].as_str(), json["treatment"].as_str()), (Some(0), Some("ship"), Some("on")));
    assert_eq!(json["phases"][0]["metrics"][0]["origin"], "command-line");
    let ran = repository.flagctl(&[&command[..], &["--primary", "revenue", "--guardrail", "revenue"]].concat());
    assert_eq!((ran.code, ran.stderr.contains("`revenue` is both")), (Some(2), true), "{ran:?}");
}

#[test]
fn rows_that_cannot_be_used_are_named() {
    let repository = repository();
    let failed = |rows: &str, message: &str| {
        let ran = analyze(&repository, rows, &[]);
        assert!(ran.code == Some(3) && ran.stderr.contains(message), "{message}: {ran:?}");
    };
    failed("", "the file has no row");
    failed("other,1,on,revenue,mean,2,1,1,,,\n", "the statistics have no row with the flag `cart`");
    failed(
        "cart,1,fast,revenue,proportion,2,1,1,,,\n",
        "`revenue` has the kind `proportion` in the statistics and `mean`",
    );
    failed("cart,1,fast,revenue,mean,2,1,NaN,,,\n", "line 2, column 30: expected a finite number, found `NaN`");
    failed("cart,1,fast,revenue,mean,2,10,1,,,\n", "no 2 values have the sum 10 and the sum of squares 1");
    let ran = repository.flagctl(&["experiment", "analyze", "crat", "--stats", "../statistics.csv"]);
    assert!(ran.code == Some(3) && ran.stderr.contains("did you mean `cart`"), "{ran:?}");
}

#[test]
fn numbers_of_any_size_end_in_a_verdict() {
    let repository = repository();
    for value in ["1e-300", "-1e15", "1e15", "0", "1e14"] {
        for n in ["0", "1", "2", "1e15"] {
            let rows = format!(
                "cart,1,fast,exposures,,{n},,,{n},,\ncart,1,off,exposures,,{n},,,0,,\n\
                 cart,1,fast,revenue,mean,{n},{value},1e30,,,\ncart,1,off,revenue,mean,{n},0,1e30,,,\n"
            );
            let ran = analyze(&repository, &rows, &["--despite-srm", "--format", "json"]);
            assert!(!ran.stderr.contains("panicked") && matches!(ran.code, Some(1 | 3)), "{rows}: {ran:?}");
            if !ran.stdout.is_empty() {
                let json: Json = serde_json::from_str(&ran.stdout).unwrap();
                assert!(!json.to_string().contains("null,null"), "{json}");
            }
        }
    }
}

#[test]
fn the_page_is_well_formed_and_has_the_intervals_as_pictures() {
    let repository = repository();
    let ran = analyze(&repository, &all("1", [103.0, 100.0, 100.0]), &["--format", "html"]);
    let text = ran.stdout.replace("<!DOCTYPE html>", "");
    let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let pictures: Vec<&str> = document.descendants().filter_map(|node| node.attribute("aria-label")).collect();
    assert_eq!(pictures.len(), 3);
    assert!(pictures[0].starts_with("revenue of fast: +3.00%, +2."), "{pictures:?}");
    assert!(!text.contains("<script"));
}

#[test]
fn a_report_has_the_verdict_the_units_and_both_intervals() {
    let repository = repository();
    let rows = all("1", [103.0, 100.0, 100.0]);
    let ran = analyze(&repository, &rows, &[]);
    let shown = format!("exit code {}\n{}", ran.code.unwrap(), ran.stdout);
    let markdown = analyze(&repository, &rows, &["--format", "markdown"]).stdout;
    snapbox::assert_data_eq!(format!("{shown}\n{markdown}"), snapbox::file!["../experiment/report.txt"].raw());
}

#[test]
fn power_gives_the_published_numbers() {
    let repository = TestRepository::new();
    let power = |arguments: &[&str]| {
        let ran = repository.flagctl(&[&["experiment", "power", "--format", "json"], arguments].concat());
        serde_json::from_str::<Json>(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
    };
    let share = power(&["--rate", "5%", "--effect", "10%", "--daily", "1000"]);
    let once = &share["rows"][0]["once"];
    assert_eq!((once["control"].as_f64(), once["treatment"].as_f64()), (Some(31_231.0), Some(31_231.0)));
    assert_eq!(once["days"].as_f64(), Some(63.0));
    let mean = power(&["--mean", "10", "--deviation", "10", "--effect", "20%", "--units", "786"]);
    assert_eq!(mean["rows"][0]["once"]["control"].as_f64(), Some(393.0));
    assert!((mean["effects"][0]["once"].as_f64().unwrap() - 0.2).abs() < 1e-3);
    assert!(mean["effects"][0]["anyTime"].as_f64().unwrap() > 0.25);
    for wrong in [
        &["--rate", "0%"][..],
        &["--rate", "60%", "--effect", "80%"],
        &["--mean", "0", "--deviation", "1"],
        &["--mean", "1", "--deviation", "-1"],
        &["--rate", "5%", "--power", "1"],
        &["--rate", "5%", "--alpha", "NaN"],
        &["--rate", "5%", "--daily", "0"],
        &["--rate", "5%", "--units", "inf"],
    ] {
        let ran = repository.flagctl(&[&["experiment", "power"], wrong].concat());
        assert!(ran.code == Some(2) && ran.stderr.contains("expected"), "{wrong:?}: {ran:?}");
    }
}

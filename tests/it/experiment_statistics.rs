//! Checks the mathematics of experiments: with numbers of scipy, statsmodels, gbstats and tea-tasting in
//! `tests/vectors/statistics/`, and with thousands of simulated experiments without an effect.

use std::fs;
use std::path::{Path, PathBuf};

use flagctl::statistics::distribution::{
    beta_lower_quantile, beta_tails, normal_tail, normal_upper_quantile, t_tail, t_upper_quantile,
};
use flagctl::statistics::effect::Effect;
use flagctl::statistics::estimate::{
    Adjusted, Estimate, OrderStatistics, adjusted_means, adjusted_ratios, clustered_quantile, mean, quantile,
    quantile_ranks, ratio, share,
};
use flagctl::statistics::gamma::chi_squared_tail;
use flagctl::statistics::multiplicity::{benjamini_hochberg, holm};
use flagctl::statistics::power::{Plan, Reading};
use flagctl::statistics::sample_ratio::{Share, chi_squared};
use flagctl::statistics::sequence::{always_valid_p_value, normal_mixture};
use flagctl::statistics::{
    Alpha, Interval, JointMoments, Moments, Proportion, Sums, Variable, fisher, mcnemar, newcombe,
};
use serde_json::Value as Json;

use crate::random::Random;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/statistics").join(name)
}

fn vectors(name: &str) -> Json {
    serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap()
}

fn rows<'v>(vectors: &'v Json, name: &str) -> &'v [Json] {
    let rows = vectors[name].as_array().unwrap();
    assert!(!rows.is_empty(), "{name}");
    rows
}

fn numbers(row: &Json) -> Vec<f64> {
    row.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn number(row: &Json, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_else(|| panic!("{name} of {row}"))
}

fn alpha() -> Alpha {
    Alpha::new(0.05).unwrap()
}

#[track_caller]
fn assert_near(found: f64, expected: f64, tolerance: f64, scale: f64) {
    assert!((found - expected).abs() <= tolerance * scale.abs(), "{found} is not {expected}");
}

/// Compares numbers with a relative tolerance.
#[track_caller]
fn assert_relative(found: f64, expected: f64, tolerance: f64) {
    assert_near(found, expected, tolerance, expected);
}

/// Compares limits. A limit may be near 0, so its error is relative to the width.
#[track_caller]
fn assert_interval(found: Interval, expected: &Json, tolerance: f64) {
    let expected = numbers(expected);
    let width = expected[1] - expected[0];
    assert_near(found.lower, expected[0], tolerance, width);
    assert_near(found.upper, expected[1], tolerance, width);
}

#[test]
fn tails_and_quantiles_match_scipy() {
    let vectors = vectors("distributions.json");
    let each = |name: &str, check: &dyn Fn(&[f64])| rows(&vectors, name).iter().for_each(|row| check(&numbers(row)));
    each("normal_tail", &|row| assert_relative(normal_tail(row[0]), row[1], 1e-12));
    each("normal_cdf", &|row| assert_relative(normal_tail(-row[0]), row[1], 1e-12));
    each("normal_quantile", &|row| {
        let (p, expected) = (row[0], row[1]);
        let found = if p > 0.5 { normal_upper_quantile(1.0 - p) } else { -normal_upper_quantile(p) };
        assert_near(found, expected, 1e-12, expected.abs().max(1.0));
    });
    let tail = |t: f64, degrees: f64| if t >= 0.0 { t_tail(t, degrees) } else { 1.0 - t_tail(-t, degrees) };
    each("t_tail", &|row| assert_relative(tail(row[1], row[0]), row[2], 1e-10));
    each("t_cdf", &|row| assert_relative(tail(-row[1], row[0]), row[2], 1e-10));
    each("t_quantile", &|row| {
        let (degrees, p, expected) = (row[0], row[1], row[2]);
        let found = match p {
            0.5 => 0.0,
            p if p > 0.5 => t_upper_quantile(1.0 - p, degrees),
            p => -t_upper_quantile(p, degrees),
        };
        assert_near(found, expected, 1e-10, expected.abs().max(1e-3));
    });
    each("chi_squared_tail", &|row| assert_relative(chi_squared_tail(row[1], row[0]), row[2], 1e-10));
    each("beta_lower", &|row| assert_relative(beta_tails(row[0], row[1], row[2], 1.0 - row[2]).lower, row[3], 1e-9));
    each("beta_upper", &|row| assert_relative(beta_tails(row[0], row[1], row[2], 1.0 - row[2]).upper, row[3], 1e-9));
    each("beta_quantile", &|row| assert_relative(beta_lower_quantile(row[0], row[1], row[2]), row[3], 1e-9));
}

#[test]
fn large_arguments_keep_their_digits() {
    // Student's distribution meets the normal distribution, also where the formula changes.
    for degrees in [9.9e6, 1.01e7, 1e12] {
        let expected = normal_upper_quantile(0.025);
        let correction = (expected.powi(3) + expected) / (4.0 * degrees);
        assert_relative(t_upper_quantile(0.025, degrees), expected + correction, 1e-12);
    }
    // A binomial distribution of a billion trials is nearly normal.
    let proportion = Proportion::new(5e8, 1e9).unwrap();
    let exact = proportion.clopper_pearson(alpha());
    let score = proportion.wilson(alpha());
    assert_near(exact.lower, score.lower, 1e-4, 1e-5);
    assert_near(exact.upper, score.upper, 1e-4, 1e-5);
}

#[test]
fn intervals_and_exact_tests_of_proportions_match_scipy() {
    let vectors = vectors("proportions.json");
    for row in rows(&vectors, "rows") {
        let (successes, trials) = (numbers(&row["successes"]), numbers(&row["trials"]));
        let control = Proportion::new(successes[0], trials[0]).unwrap();
        let treatment = Proportion::new(successes[1], trials[1]).unwrap();
        assert_interval(newcombe(treatment, control, alpha()), &row["newcombe"], 1e-9);
        assert_interval(treatment.wilson(alpha()), &row["wilson"], 1e-9);
        assert_interval(treatment.clopper_pearson(alpha()), &row["clopper-pearson"], 1e-9);
        assert_relative(fisher(treatment, control).unwrap(), number(row, "fisher"), 1e-8);
    }
}

#[test]
fn tests_of_pairs_match_scipy() {
    let vectors = vectors("pairs.json");
    for row in rows(&vectors, "mcnemar") {
        let pairs = numbers(&row["discordant"]);
        assert_relative(mcnemar(pairs[0], pairs[1]).unwrap(), number(row, "p"), 1e-8);
    }
    for row in rows(&vectors, "rates") {
        let rate = Proportion::new(number(row, "successes"), number(row, "trials")).unwrap();
        assert_interval(rate.wilson(alpha()), &row["wilson"], 1e-9);
        assert_interval(rate.clopper_pearson(alpha()), &row["clopper-pearson"], 1e-9);
        assert_relative(rate.upper_limit(alpha()), number(row, "upper-limit"), 1e-9);
    }
    for row in rows(&vectors, "ratios") {
        let mut logs = Moments::default();
        for (control, candidate) in numbers(&row["control"]).iter().zip(numbers(&row["candidate"])) {
            logs.add((candidate / control).ln(), None).unwrap();
        }
        let found = logs.mean_interval(alpha()).unwrap();
        assert_relative(found.mean.exp(), number(row, "ratio"), 1e-9);
        assert_interval(Interval { lower: found.lower.exp(), upper: found.upper.exp() }, &row["interval"], 1e-9);
        assert_relative(found.p_value, number(row, "p"), 1e-8);
    }
}

#[test]
fn exact_tests_withstand_extreme_counts() {
    let few = Proportion::new(0.0, 1e10).unwrap();
    assert_relative(few.upper_limit(alpha()), 2.995_732_273_553_99e-10, 1e-6);
    assert_eq!(few.clopper_pearson(alpha()).lower, 0.0);
    assert_eq!(Proportion::new(7.0, 7.0).unwrap().clopper_pearson(alpha()).upper, 1.0);
    assert_eq!(mcnemar(0.0, 0.0), Ok(1.0));
    assert_eq!(mcnemar(5e9, 5e9), Ok(1.0));
    assert!(mcnemar(1e9, 2e9).unwrap() < 1e-300);
    let name = |successes, trials| Proportion::new(successes, trials).map_err(|error| error.name());
    assert_eq!(name(1.0, 0.0), Err("out-of-range"));
    assert_eq!(name(f64::NAN, 1.0), Err("not-finite"));
    assert_eq!(name(0.5, 1.0), Err("fractional"));
    assert_eq!(name(1.0, 1e11), Err("out-of-range"));
    assert!(mcnemar(-1.0, 1.0).is_err() && mcnemar(9e9, 9e9).is_err());
    let many = Proportion::new(4e6, 1e7).unwrap();
    assert!(fisher(many, many).is_err());
}

#[test]
fn welch_matches_scipy() {
    let vectors = vectors("welch.json");
    for row in rows(&vectors, "rows") {
        let (n, means, variances) = (numbers(&row["n"]), numbers(&row["mean"]), numbers(&row["variance"]));
        let arm = |index: usize| Estimate::unadjusted(n[index], means[index], variances[index]);
        let effect = Effect::absolute(&arm(1), &arm(0)).unwrap();
        assert_relative(effect.standard_error, number(row, "standard-error"), 1e-9);
        assert_relative(effect.degrees, number(row, "degrees"), 1e-9);
        let fixed = effect.fixed(alpha());
        assert_interval(fixed.interval, &row["interval"], 1e-9);
        assert_relative(fixed.p_value, number(row, "p"), 1e-8);
    }
}

fn moments(arm: &Json) -> JointMoments {
    let mut sums = Sums::new(number(arm, "n"));
    let (y, x, d) = (Variable::Value, Variable::Covariate, Variable::Denominator);
    let read = |name: &str| arm[name].as_f64().unwrap_or_default();
    for (name, variable) in [("sum-y", y), ("sum-x", x), ("sum-d", d)] {
        sums.set_sum(variable, read(name));
    }
    for (name, left, right) in
        [("sum-yy", y, y), ("sum-xx", x, x), ("sum-dd", d, d), ("sum-yd", y, d), ("sum-xy", x, y)]
    {
        sums.set_product(left, right, read(name));
    }
    JointMoments::from_sums(&sums).unwrap()
}

#[test]
fn effects_match_gbstats() {
    let vectors = vectors("effects.json");
    for row in rows(&vectors, "rows") {
        let estimate = |arm: &Json| match row["kind"].as_str().unwrap() {
            "mean" => mean(&moments(arm)),
            "proportion" => share(&moments(arm)),
            "ratio" => ratio(&moments(arm)),
            _ => quantile(
                number(arm, "n"),
                OrderStatistics {
                    level: number(arm, "level"),
                    estimate: number(arm, "quantile"),
                    lower: number(arm, "lower"),
                    upper: number(arm, "upper"),
                },
            ),
        };
        let arms = |name: &str| estimate(&row[name]).unwrap();
        let (mut treatment, mut control) = (arms("treatment"), arms("control"));
        if let Some(theta) = row["theta"].as_f64() {
            let adjusted = adjusted_means(&moments(&row["treatment"]), &moments(&row["control"])).unwrap();
            assert_relative(adjusted.theta, theta, 1e-9);
            Adjusted { treatment, control, .. } = adjusted;
        }
        let is_relative = row["difference"] == "relative";
        let effect = if is_relative { Effect::relative } else { Effect::absolute };
        let effect = effect(&treatment, &control).unwrap();
        check_effect(row, effect);
        for sequence in rows(row, "always-valid") {
            let found = effect.always_valid(alpha(), sequence[0].as_f64().unwrap());
            assert_interval(found.interval, &sequence[1], 1e-9);
            assert_relative(found.p_value, sequence[2].as_f64().unwrap(), 1e-8);
        }
    }
}

fn check_effect(row: &Json, effect: Effect) {
    assert_near(effect.value, number(row, "effect"), 1e-9, number(row, "standard-error"));
    assert_relative(effect.standard_error, number(row, "standard-error"), 1e-9);
    assert_relative(effect.degrees, number(row, "degrees"), 1e-9);
    let fixed = effect.fixed(alpha());
    assert_interval(fixed.interval, &row["interval"], 1e-9);
    assert_near(fixed.p_value, number(row, "p"), 1e-8, number(row, "p").max(1e-3));
}

/// Reads the moments of both arms: of the columns for `y`, `x`, `d` and `e`.
fn raw_arms(columns: [Option<&str>; 4]) -> [JointMoments; 2] {
    let text = fs::read_to_string(path("raw_experiment.csv")).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut arms = [JointMoments::default(); 2];
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |name: &str| cells[names.iter().position(|own| *own == name).unwrap()];
        let values = columns.map(|column| column.map_or(0.0, |name| cell(name).parse().unwrap()));
        arms[cell("variant").parse::<usize>().unwrap()].add(values).unwrap();
    }
    arms
}

fn raw_estimates(metric: &str) -> (Estimate, Estimate, Option<f64>) {
    let adjusted = |adjusted: Adjusted| (adjusted.treatment, adjusted.control, Some(adjusted.theta));
    match metric {
        "revenue_mean" | "rev_mean" => {
            let [control, treatment] = raw_arms([Some("revenue"), None, None, None]);
            (mean(&treatment).unwrap(), mean(&control).unwrap(), None)
        }
        "converted_prop" => {
            let [control, treatment] = raw_arms([Some("converted"), None, None, None]);
            (share(&treatment).unwrap(), share(&control).unwrap(), None)
        }
        "conv_mean" => {
            let [control, treatment] = raw_arms([Some("converted"), None, None, None]);
            (mean(&treatment).unwrap(), mean(&control).unwrap(), None)
        }
        "revenue_per_session" | "rev_per_session" => {
            let [control, treatment] = raw_arms([Some("revenue"), None, Some("sessions"), None]);
            (ratio(&treatment).unwrap(), ratio(&control).unwrap(), None)
        }
        "revenue_cuped" | "rev_cuped" => {
            let [control, treatment] = raw_arms([Some("revenue"), Some("revenue_pre"), None, None]);
            adjusted(adjusted_means(&treatment, &control).unwrap())
        }
        "rev_per_session_cuped" => {
            let columns = [Some("revenue"), Some("revenue_pre"), Some("sessions"), Some("sessions_pre")];
            let [control, treatment] = raw_arms(columns);
            adjusted(adjusted_ratios(&treatment, &control).unwrap())
        }
        _ => panic!("{metric}"),
    }
}

#[test]
fn the_raw_experiment_has_the_results_of_gbstats_and_tea_tasting() {
    let vectors = vectors("raw_experiment.json");
    for row in rows(&vectors, "gbstats") {
        let (treatment, control, theta) = raw_estimates(row["metric"].as_str().unwrap());
        let effect = if row["difference"] == "relative" { Effect::relative } else { Effect::absolute };
        let effect = effect(&treatment, &control).unwrap();
        check_effect(row, effect);
        let always = effect.always_valid(alpha(), 5_000.0);
        assert_interval(always.interval, &row["always-valid"], 1e-9);
        assert_relative(always.p_value, number(row, "always-valid-p"), 1e-8);
        if let Some(expected) = row["theta"].as_f64() {
            assert_relative(theta.unwrap(), expected, 1e-9);
        }
    }
    let mut compared = 0;
    for row in rows(&vectors, "tea_tasting") {
        let metric = row["metric"].as_str().unwrap();
        compared += 1;
        let (treatment, control, _) = raw_estimates(metric);
        let effect = Effect::absolute(&treatment, &control).unwrap();
        assert_relative(effect.value, number(row, "effect"), 1e-9);
        let fixed = effect.fixed(alpha());
        assert_interval(fixed.interval, &row["interval"], 1e-9);
        assert_relative(fixed.p_value, number(row, "p"), 1e-8);
    }
    assert_eq!(compared, 5);
    let [control, treatment] = raw_arms([None; 4]);
    let shares = [Share { planned: 0.5, units: control.n() }, Share { planned: 0.5, units: treatment.n() }];
    let p = chi_squared(&shares).unwrap().unwrap().p_value;
    // tea-tasting uses the exact binomial test here.
    assert_near(p, number(&vectors, "sample_ratio_p"), 0.05, 1.0);
}

#[test]
fn numbers_of_units_match_scipy() {
    let vectors = vectors("sample_ratio.json");
    for row in rows(&vectors, "rows") {
        let arms: Vec<Share> = numbers(&row["units"])
            .into_iter()
            .zip(numbers(&row["weights"]))
            .map(|(units, planned)| Share { planned, units })
            .collect();
        let found = chi_squared(&arms).unwrap().unwrap();
        assert_near(found.statistic, number(row, "chi-squared"), 1e-9, number(row, "chi-squared").max(1e-3));
        assert_relative(found.p_value, number(row, "p"), 1e-8);
    }
    assert_eq!(chi_squared(&[Share { planned: 1.0, units: 5.0 }]), Ok(None));
    assert_eq!(chi_squared(&[Share { planned: 0.5, units: 0.0 }; 2]), Ok(None));
    assert!(chi_squared(&[Share { planned: 0.0, units: 5.0 }; 2]).is_err());
}

#[test]
fn corrections_match_statsmodels() {
    let vectors = vectors("multiplicity.json");
    for row in rows(&vectors, "rows") {
        let p_values = numbers(&row["p"]);
        for (found, expected) in holm(&p_values).into_iter().zip(numbers(&row["holm"])) {
            assert_near(found, expected, 1e-12, 1.0);
        }
        for (found, expected) in benjamini_hochberg(&p_values).into_iter().zip(numbers(&row["benjamini-hochberg"])) {
            assert_near(found, expected, 1e-12, 1.0);
        }
    }
    assert!(holm(&[]).is_empty() && benjamini_hochberg(&[]).is_empty());
}

#[test]
fn numbers_of_units_for_a_power_match_statsmodels() {
    let vectors = vectors("power.json");
    let plan = |variances: [f64; 2], ratio: f64, row: &Json, reading: Reading| {
        let alpha = Alpha::new(number(row, "alpha")).unwrap();
        Plan::new(variances, ratio, alpha, number(row, "power"), reading).unwrap()
    };
    for row in rows(&vectors, "means") {
        let once = plan([1.0, 1.0], number(row, "ratio"), row, Reading::Once);
        let effect = number(row, "effect");
        let units = once.units(effect).unwrap();
        assert_relative(units, number(row, "units"), 1e-9);
        assert_relative(once.smallest_effect(units), effect, 1e-9);
        let any_time = plan([1.0, 1.0], number(row, "ratio"), row, Reading::AnyTime { tuning: 5_000.0 });
        let more = any_time.units(effect).unwrap();
        assert!((1.2..4.0).contains(&(more / units)), "{more} {units}");
        assert_relative(any_time.smallest_effect(more), effect, 1e-6);
    }
    for row in rows(&vectors, "proportions") {
        let rate = number(row, "rate");
        let other = rate * (1.0 + number(row, "relative-effect"));
        let once = plan([rate * (1.0 - rate), other * (1.0 - other)], 1.0, row, Reading::Once);
        assert_relative(once.units(other - rate).unwrap(), number(row, "units"), 1e-9);
    }
    let refused = |variance, ratio, power| Plan::new([variance; 2], ratio, alpha(), power, Reading::Once).is_err();
    assert!(refused(0.0, 1.0, 0.8) && refused(1.0, 0.0, 0.8) && refused(1.0, 1.0, 1.0));
    let once = Plan::new([1.0; 2], 1.0, alpha(), 0.8, Reading::Once).unwrap();
    assert!(once.units(0.0).is_err() && once.units(1e-12).is_err() && once.units(f64::NAN).is_err());
}

#[test]
fn the_mixture_of_effects_matches_numerical_integration() {
    let vectors = vectors("mixture.json");
    for row in rows(&vectors, "rows") {
        let variance = number(row, "variance");
        let evidence =
            normal_mixture(number(row, "difference") / variance.sqrt(), number(row, "spread").powi(2) / variance);
        assert_relative(evidence.ln().exp(), number(row, "e"), 1e-9);
        assert_relative(always_valid_p_value(evidence), number(row, "p"), 1e-8);
    }
}

#[test]
fn an_interval_excludes_zero_if_and_only_if_its_p_value_is_at_most_alpha() {
    for z in [0.0, 1.0, 2.0, 2.9, 3.0, 3.1, 3.5, 5.0] {
        for n in [100.0, 5_000.0, 1e9] {
            let effect = Effect { value: z, standard_error: 1.0, degrees: n - 2.0, n };
            let (fixed, always) = (effect.fixed(alpha()), effect.always_valid(alpha(), 5_000.0));
            assert_eq!(fixed.interval.lower > 0.0, fixed.p_value < 0.05);
            assert_eq!(always.interval.lower > 0.0, always.p_value < 0.05, "{z} {n}");
            assert!(always.interval.lower < fixed.interval.lower && always.p_value >= fixed.p_value);
        }
    }
}

/// Returns the value at a rank, counted from one.
fn at_rank(values: &[f64], rank: f64) -> f64 {
    let mut ranks = values.iter().zip(1_u32..);
    *ranks.find(|(_, own)| f64::from(*own) >= rank).unwrap().0
}

#[test]
fn quantiles_are_the_values_at_their_ranks() {
    let vectors = vectors("quantiles.json");
    let mut values = numbers(&vectors["values"][0]);
    values.sort_by(f64::total_cmp);
    for row in rows(&vectors, "rows") {
        let [level, expected] = numbers(row)[..] else { panic!("{row}") };
        let [lower, rank, upper] = quantile_ranks(25.0, level);
        assert_eq!(at_rank(&values, rank), expected);
        assert!(lower <= rank && rank <= upper && upper <= 25.0);
    }
}

/// Returns numbers between 0 and 1.
fn uniform(random: &mut Random) -> f64 {
    (random.below(1 << 40) as f64 + 0.5) / (1_u64 << 40) as f64
}

/// Returns two independent numbers of a standard normal distribution.
fn normals(random: &mut Random) -> [f64; 2] {
    let (radius, angle) = ((-2.0 * uniform(random).ln()).sqrt(), std::f64::consts::TAU * uniform(random));
    [radius * angle.cos(), radius * angle.sin()]
}

#[test]
fn values_of_one_unit_widen_the_error_of_a_quantile() {
    let mut random = Random(20_261_130);
    // Each unit has ten equal values, so there are 400 independent values and not 4,000.
    let mut values: Vec<f64> = (0..400).map(|_| normals(&mut random)[0]).collect();
    values.sort_by(f64::total_cmp);
    let order = |repeat: f64| {
        let ranks = quantile_ranks(400.0 * repeat, 0.5);
        let at = |rank: f64| at_rank(&values, (rank / repeat).ceil());
        OrderStatistics { level: 0.5, lower: at(ranks[0]), estimate: at(ranks[1]), upper: at(ranks[2]) }
    };
    let mut moments = JointMoments::default();
    for value in &values {
        let below = if *value <= order(10.0).estimate { 10.0 } else { 0.0 };
        moments.add([below, 0.0, 10.0, 0.0]).unwrap();
    }
    let independent = quantile(400.0, order(1.0)).unwrap().square_error().sqrt();
    let clustered = clustered_quantile(&moments, order(10.0)).unwrap().square_error().sqrt();
    let naive = quantile(4_000.0, order(10.0)).unwrap().square_error().sqrt();
    assert!((0.7..1.4).contains(&(clustered / independent)), "{clustered} {independent}");
    assert!((2.9..3.4).contains(&(clustered / naive)), "{clustered} {naive}");
    assert_eq!(quantile(35.0, OrderStatistics { level: 0.9, ..order(1.0) }), None);
}

/// The seeds of the simulated experiments. A change of the formulas must hold for all of them.
const SEEDS: [u64; 5] = [1, 20_261_122, 777, 424_242, 3_141_592_653];
const EXPERIMENTS: usize = 2_000;

#[test]
fn p_values_without_an_effect_are_uniform() {
    for seed in SEEDS {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut p_values: Vec<f64> = (0..EXPERIMENTS)
            .map(|_| {
                // Arms of different sizes and spreads.
                let mut arms = [JointMoments::default(); 2];
                for _ in 0..40 {
                    let [own, other] = normals(&mut random);
                    arms[0].add([own, 0.0, 0.0, 0.0]).unwrap();
                    arms[1].add([3.0 * other, 0.0, 0.0, 0.0]).unwrap();
                }
                for _ in 0..20 {
                    arms[0].add([normals(&mut random)[0], 0.0, 0.0, 0.0]).unwrap();
                }
                let effect = Effect::absolute(&mean(&arms[1]).unwrap(), &mean(&arms[0]).unwrap()).unwrap();
                effect.fixed(alpha()).p_value
            })
            .collect();
        p_values.sort_by(f64::total_cmp);
        let n = EXPERIMENTS as f64;
        let distance = p_values.iter().enumerate().fold(0.0_f64, |largest, (index, p)| {
            let (before, after) = (index as f64 / n, (index + 1) as f64 / n);
            largest.max(p - before).max(after - p)
        });
        // The test of Kolmogorov and Smirnov: the first term of its series, which is all for so small a probability.
        let probability = 2.0 * (-2.0 * n * distance * distance).exp();
        assert!(probability > 1e-3, "seed {seed}: the distance {distance} has the probability {probability}");
    }
}

#[test]
fn always_valid_intervals_without_an_effect_exclude_zero_at_any_look_as_rarely_as_they_say() {
    const LOOKS: usize = 30;
    let mut naive = 0;
    for seed in SEEDS {
        let mut random = Random(seed.wrapping_mul(0xd134_2543_de82_ef95));
        let mut excluded = 0;
        for _ in 0..EXPERIMENTS {
            let mut arms = [JointMoments::default(); 2];
            let (mut found, mut found_by_repetition) = (false, false);
            for look in 0..LOOKS {
                for _ in 0..if look == 0 { 60 } else { 10 } {
                    for (arm, value) in arms.iter_mut().zip(normals(&mut random)) {
                        arm.add([value, 0.0, 0.0, 0.0]).unwrap();
                    }
                }
                let effect = Effect::absolute(&mean(&arms[1]).unwrap(), &mean(&arms[0]).unwrap()).unwrap();
                found |= effect.always_valid(alpha(), 500.0).p_value <= 0.05;
                found_by_repetition |= effect.value.abs() > 1.96 * effect.standard_error;
            }
            excluded += usize::from(found);
            naive += usize::from(found_by_repetition);
        }
        let share = excluded as f64 / EXPERIMENTS as f64;
        let limit = 0.05 + 3.0 * (0.05 * 0.95 / EXPERIMENTS as f64).sqrt();
        assert!(share <= limit, "seed {seed}: {share} of the experiments, more than {limit}");
    }
    // The simulation finds what it looks for: a repeated test of Welch is wrong several times as often.
    assert!(naive > EXPERIMENTS * SEEDS.len() / 6, "{naive}");
}

#!/usr/bin/env python3
"""Compares `flagctl experiment analyze` with scipy, statsmodels and gbstats on 1,000 generated experiments.

    experiment_statistics.py PATH-OF-FLAGCTL

Each experiment is a metric of one flag, with its own numbers of units, means and spreads. flagctl reads the sufficient
statistics of all of them in one file. The other programs read the same numbers:

- gbstats: the effect, its error, the interval for the planned end, and the always-valid interval with its p-value, absolute
  and relative, of means, proportions, ratios and means with a covariate;
- scipy: the test of Welch, Fisher's exact test, and the χ² test of the numbers of units;
- statsmodels: the interval of Newcombe, and the corrections of Holm and of Benjamini and Hochberg.

The one-sided intervals of gbstats 0.8.0 are not compared, because its upper limit has the wrong sign. flagctl has none.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from packages import installed, with_pip

PACKAGES = ["gbstats==0.8.0", "scipy==1.17.1", "statsmodels==0.15.0"]
EXPERIMENTS = 1000
SEED = 20261130
FLAG = """\
description: A generated experiment.
owner: tests
expires: 2027-01-01
variants: {treatment: true, control: false}
off: control
default: control
rules:
- serve: {treatment: 50%, control: 50%}
"""


def generated(random):
    """Returns the experiments: their kind, and for each arm its sums."""
    experiments = []
    for number in range(EXPERIMENTS):
        kind = ["mean", "proportion", "ratio", "covariate"][number % 4]
        scale = 10.0 ** random.uniform(-2, 4)
        base = random.uniform(0.001, 0.5)
        experiments.append((kind, [arm(random, kind, scale, base, shift) for shift in (0.0, random.normal(0, 0.1))]))
    return experiments


def arm(random, kind, scale, base, shift):
    n = int(10 ** random.uniform(1.5, 4))
    if kind == "proportion":
        return {"n": n, "sum-y": int(random.binomial(n, min(1.0, base * (1 + shift))))}
    before = random.gamma(2.0, scale, n)
    y = random.gamma(2.0, scale * (1 + shift), n) + 0.7 * before
    sums = {"n": n, "sum-y": y.sum(), "sum-yy": (y * y).sum()}
    if kind == "ratio":
        d = 1.0 + random.poisson(3.0, n)
        y = y * d
        sums |= {"sum-y": y.sum(), "sum-yy": (y * y).sum()}
        sums |= {"sum-d": d.sum(), "sum-dd": (d * d).sum(), "sum-yd": (y * d).sum()}
    if kind == "covariate":
        sums |= {"sum-x": before.sum(), "sum-xx": (before * before).sum(), "sum-xy": (before * y).sum()}
    return sums


def rows(experiments, units):
    for number, (kind, arms) in enumerate(experiments):
        for variant, sums in zip(["control", "treatment"], arms):
            name = "mean" if kind == "covariate" else kind
            yield {"flag": "test", "variant": variant, "metric": f"m{number}", "kind": name} | sums
    for phase, numbers in enumerate(units):
        for variant, number in zip(["control", "treatment"], numbers):
            # The metrics are in the first phase.
            yield {"flag": "test", "phase": str(phase + 1), "variant": variant, "metric": "exposures", "n": number}


def analysed(flagctl, experiments, units):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "flags").mkdir()
        (folder / "flagctl.yaml").write_text("version: 1\nenvironments: [production]\n")
        (folder / "flags" / "test.yaml").write_text(FLAG)
        lines = [json.dumps({name: float(n) if name.startswith("sum") else n for name, n in row.items()})
                 for row in rows(experiments, units)]
        (folder / "statistics.json").write_text("\n".join(lines))
        primary = [word for number in range(0, EXPERIMENTS, 10) for word in ("--primary", f"m{number}")]
        command = [flagctl, "experiment", "analyze", "test", "--stats", "statistics.json", "--despite-srm", "--format", "json"]
        run = subprocess.run(command + primary, cwd=folder, capture_output=True, text=True)
        if run.returncode not in (1, 3) or not run.stdout:
            sys.exit(f"exit code {run.returncode}: {run.stderr}")
        return json.loads(run.stdout)


class Comparison:
    def __init__(self):
        self.compared = 0
        self.problems = []
        self.largest = 0.0

    def near(self, what, found, expected, tolerance, scale=None):
        """Compares with a tolerance that is relative to a scale: the number itself, or the width of an interval."""
        self.compared += 1
        scale = abs(expected) if scale is None else abs(scale)
        error = abs(found - expected) / scale if scale else abs(found - expected)
        self.largest = max(self.largest, error)
        if not error <= tolerance:
            self.problems.append(f"{what}: flagctl {found!r}, expected {expected!r}")

    def interval(self, what, found, expected):
        for index, side in enumerate(["lower", "upper"]):
            self.near(f"{what}, {side}", found[index], expected[index], 1e-9, expected[1] - expected[0])


def statistic(gbstats, kind, sums):
    mean = lambda name: gbstats.SampleMeanStatistic(
        n=sums["n"], sum=sums[f"sum-{name}"], sum_squares=sums[f"sum-{name}{name}"]
    )
    if kind == "proportion":
        return gbstats.ProportionStatistic(n=sums["n"], sum=sums["sum-y"])
    if kind == "ratio":
        return gbstats.RatioStatistic(
            n=sums["n"], m_statistic=mean("y"), d_statistic=mean("d"), m_d_sum_of_products=sums["sum-yd"]
        )
    if kind == "covariate":
        return gbstats.RegressionAdjustedStatistic(
            n=sums["n"], post_statistic=mean("y"), pre_statistic=mean("x"), post_pre_sum_of_products=sums["sum-xy"], theta=0
        )
    return mean("y")


def later_error(control, treatment):
    """Returns the error of a relative effect with a covariate: of (B - A - theta (b - a)) / A, where a and b are covariates."""
    theta, base, ratio = control.theta, control.unadjusted_mean, treatment.unadjusted_mean / control.unadjusted_mean
    own = control.post_statistic.variance * ratio**2 - 2 * theta * control.covariance * ratio
    own += theta**2 * control.pre_statistic.variance
    return ((treatment.variance / treatment.n + own / control.n) / base**2) ** 0.5


def compare_with_gbstats(comparison, experiments, metrics):
    import gbstats.models.statistics as models
    from gbstats.frequentist.tests import FrequentistConfig, SequentialConfig, SequentialTwoSidedTTest, TwoSidedTTest

    relative = 0
    for number, (kind, arms) in enumerate(experiments):
        control, treatment = [statistic(models, kind, sums) for sums in arms]
        effect = metrics[f"m{number}"]["effects"][0]
        if kind == "proportion" and any(sums["sum-y"] in (0, sums["n"]) for sums in arms):
            # gbstats has no result for an arm without a spread. flagctl has exact ones, which are compared below.
            continue
        if kind == "covariate":
            theta = models.compute_theta(control, treatment)
            control.theta = treatment.theta = theta
            comparison.near(f"m{number} theta", effect["theta"], theta, 1e-9)
        for scale in ["absolute", "relative"]:
            found = effect[scale]
            if found is None:
                # flagctl shows no relative effect of a control near zero, and no effect without a spread.
                continue
            relative += scale == "relative"
            what = f"m{number} ({kind}, {scale})"
            fixed = TwoSidedTTest(control, treatment, FrequentistConfig(difference_type=scale)).compute_result()
            always = SequentialTwoSidedTTest(control, treatment, SequentialConfig(difference_type=scale)).compute_result()
            comparison.near(what, found["value"], fixed.expected, 1e-9, fixed.uplift.stddev)
            if kind == "covariate" and scale == "relative":
                # 0.8.0 leaves out that the control is also in the denominator. Later versions do not, as the vectors in
                # tests/vectors/statistics show.
                comparison.near(f"{what} error", found["standardError"], later_error(control, treatment), 1e-9)
                continue
            comparison.near(f"{what} error", found["standardError"], fixed.uplift.stddev, 1e-9)
            comparison.interval(f"{what} fixed", found["fixed"]["interval"], fixed.ci)
            comparison.near(f"{what} fixed p", found["fixed"]["pValue"], fixed.p_value, 1e-8, max(fixed.p_value, 1e-3))
            comparison.interval(f"{what} always valid", found["alwaysValid"]["interval"], always.ci)
            p = always.p_value
            comparison.near(f"{what} always-valid p", found["alwaysValid"]["pValue"], p, 1e-8, max(p, 1e-3))
    if relative < EXPERIMENTS * 0.8:
        comparison.problems.append(f"only {relative} relative effects")


def compare_with_scipy(comparison, experiments, metrics, phases, units):
    from scipy import stats
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.proportion import confint_proportions_2indep

    exact = 0
    p_values = {"primary": [], "secondary": []}
    for number, (kind, arms) in enumerate(experiments):
        metric = metrics[f"m{number}"]
        effect = metric["effects"][0]
        if kind == "mean":
            moments = []
            for sums in reversed(arms):
                mean = sums["sum-y"] / sums["n"]
                variance = (sums["sum-yy"] - sums["sum-y"] * mean) / (sums["n"] - 1)
                moments += [mean, variance**0.5, sums["n"]]
            welch = stats.ttest_ind_from_stats(*moments, equal_var=False)
            found = effect["absolute"]["fixed"]["pValue"]
            comparison.near(f"m{number} Welch", found, welch.pvalue, 1e-8, max(welch.pvalue, 1e-3))
        small = effect.get("smallCounts")
        cells = [cell for sums in arms for cell in (sums["sum-y"], sums["n"] - sums["sum-y"])]
        if kind == "proportion" and (small is not None) != (min(cells) < 10) and effect["absolute"]:
            comparison.problems.append(f"m{number}: smallCounts with the cells {cells}")
        if small:
            exact += 1
            (control, n0), (treatment, n1) = [(sums["sum-y"], sums["n"]) for sums in arms]
            fisher = stats.fisher_exact([[treatment, n1 - treatment], [control, n0 - control]]).pvalue
            comparison.near(f"m{number} Fisher", small["pValue"], fisher, 1e-8)
            newcombe = confint_proportions_2indep(treatment, n1, control, n0, compare="diff", method="newcomb")
            comparison.interval(f"m{number} Newcombe", small["interval"], newcombe)
        if effect["adjusted"]:
            own = small["pValue"] if small else effect["absolute"]["fixed"]["pValue"]
            p_values[metric["role"]].append((number, own, effect["adjusted"]["fixed"]))
    if exact < 20:
        comparison.problems.append(f"only {exact} small counts")
    for role, method in [("primary", "holm"), ("secondary", "fdr_bh")]:
        adjusted = multipletests([own for _, own, _ in p_values[role]], method=method)[1]
        for (number, _, found), expected in zip(p_values[role], adjusted):
            comparison.near(f"m{number} {method}", found, expected, 1e-8, max(expected, 1e-6))
    for phase, numbers in zip(phases, units):
        chi = stats.chisquare(numbers)
        comparison.near("χ²", phase["sampleRatio"]["chiSquared"], chi.statistic, 1e-9, max(chi.statistic, 1e-3))
        comparison.near("χ² p", phase["sampleRatio"]["pValue"], chi.pvalue, 1e-8)
        state = "mismatch" if chi.pvalue < 0.001 else None
        if state and phase["sampleRatio"]["state"] != state:
            comparison.problems.append(f"units {numbers}: {phase['sampleRatio']['state']}")


def main(flagctl):
    import numpy

    random = numpy.random.default_rng(SEED)
    experiments = generated(random)
    units = [[int(total * share), int(total * (1 - share))]
             for total in [100, 10_000, 1_000_000] for share in [0.5, 0.501, 0.49, 0.6]]
    found = analysed(flagctl, experiments, units)
    metrics = {metric["name"]: metric for metric in found["phases"][0]["metrics"]}
    comparison = Comparison()
    compare_with_gbstats(comparison, experiments, metrics)
    compare_with_scipy(comparison, experiments, metrics, found["phases"], units)
    print(f"{len(experiments)} experiments, {comparison.compared} numbers, largest relative error {comparison.largest:.1e}")
    for problem in comparison.problems[:20]:
        print(problem, file=sys.stderr)
    return not comparison.problems


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    python = installed("statistics", PACKAGES, with_pip) / "bin" / "python"
    if Path(sys.prefix).resolve() != python.parent.parent.resolve():
        # The packages are only in their own environment.
        os.execv(python, [python, *sys.argv])
    sys.exit(0 if main(str(Path(sys.argv[1]).resolve())) else 1)

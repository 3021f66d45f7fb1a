"""Proves assertions with z3, and compares the results with those of `flagctl test`.

    assertions.py FLAGS SEED REPORT WITH-KILLS PART PARTS    compares every PARTS-th assertion, starting at PART

REPORT is the JSON report, and WITH-KILLS is that of `--with-kills`. The script prints the differences and the number of
questions as JSON. The percentage of `at_most` is measured only if no condition uses the units: each hash is then uniform
and independent of the others.
"""

import itertools
import json
import sys
from collections import Counter
from pathlib import Path

import z3

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from oracle_cases.findings import Questions, Unknown
from oracle_cases.generator import Repository
from oracle_cases.meaning import BUCKETS, World, share, slot_range, unit


def broken(world, assertion):
    """Returns the formula that holds for a context that breaks the assertion, for every kind except `at_most`."""
    served = {key: [world.serves(*entry) for entry in assertion[key].items()] for key in ("never", "always", "exclusive", "serve", "implies") if key in assertion}
    match assertion:
        case {"never": _}:
            return served["never"][0]
        case {"always": _}:
            return z3.Not(served["always"][0])
        case {"exclusive": _}:
            return z3.And(*served["exclusive"])
        case {"implies": _}:
            return z3.And(served["serve"][0], z3.Not(served["implies"][0]))


def more_than(world, flag, served, most):
    """Returns the formula that more than `most` of the units get the variant, among contexts that differ only in the
    units that the flag hashes.

    Returns None if the percentage cannot be measured.
    """
    own = {unit(flag, rule) for rule in flag["rules"] if hashes(world, rule)} or {flag["unit"]}
    if any(name not in own for name, *_ in world.hashed):
        return None
    if len(world.hashed) > 2 or any(len(world.asked[unit]) > 1 or world.allowed(unit) for unit, *_ in world.hashed):
        return None
    ranges = []
    for key, bucket in world.hashed.items():
        ends = sorted({0, BUCKETS, *bounds(world, *key)})
        ranges.append([(bucket, start, end - start) for start, end in itertools.pairwise(ends)])
    measured = []
    for cell in itertools.product(*ranges):
        size = 1
        for *_, length in cell:
            size *= length
        here = z3.substitute(served, *[(bucket, z3.IntVal(start)) for bucket, start, _ in cell])
        measured.append(z3.If(here, size, 0))
    return z3.Sum(measured) * BUCKETS > most * BUCKETS ** len(ranges)


def hashes(world, rule):
    """Returns whether the decision of a rule depends on a bucket."""
    whole = {share("0%"), BUCKETS}
    splits = isinstance(rule["serve"], dict) and not any(share(part) == BUCKETS for part in rule["serve"].values())
    slot = "slot" in rule and slot_range(world.layers, rule)[1:] != (0, BUCKETS)
    return share(rule.get("rollout", "100%")) not in whole or splits or slot


def bounds(world, hashed, salt, domain):
    """Yields the buckets at which the variant of a unit with this attribute, salt and domain may change."""
    for flag in (world.flags[key] for key in world.made):
        for rule in flag["rules"]:
            if domain == "layer":
                own, *ends = slot_range(world.layers, rule) if "slot" in rule else [None]
                if (unit(flag, rule), own) == (hashed, salt):
                    yield from ends
            if (unit(flag, rule), flag["salt"]) != (hashed, salt):
                continue
            if domain == "gate":
                yield share(rule.get("rollout", "100%"))
            elif domain == "split" and isinstance(rule["serve"], dict):
                yield from itertools.accumulate(map(share, rule["serve"].values()))


def compared(repository, report, with_kills, part, parts, counted):
    """Yields one line for each difference."""
    found = {check["name"]: check["result"] for check in report["checks"]}
    for index, assertion in list(enumerate(repository.assertions))[part::parts]:
        kind = next(kind for kind in ("never", "always", "exclusive", "at_most", "implies") if kind in assertion)
        world = World(repository, "production", repository.killed(index, with_kills))
        when = world.condition(assertion["when"])[0] if "when" in assertion else z3.BoolVal(True)
        if kind == "at_most":
            key, variant = next(iter(assertion["serve"].items()))
            served = world.serves(key, variant)
            formula = more_than(world, world.flags[key], z3.And(served, when), share(assertion["at_most"]))
            if formula is None:
                continue
            wrong = [formula]
        else:
            wrong = [when, broken(world, assertion)]
        try:
            expected = "failed" if Questions(world, counted).possible(f"{kind} broken", *wrong) else "passed"
        except Unknown:
            continue
        result = found.get(assertion["name"])
        if result == "unknown" and expected == "failed":
            counted[f"{kind} broken for units that flagctl does not find"] += 1
        elif result != expected:
            yield f"{json.dumps(assertion, ensure_ascii=False)}: flagctl: {result}, expected: {expected}"


def main():
    flags, seed, *reports, part, parts = sys.argv[1:]
    repository, counted, wrong = Repository(int(seed), int(flags)), Counter(), []
    for with_kills, report in enumerate(reports):
        with open(report, encoding="utf-8") as file:
            wrong += compared(repository, json.load(file), with_kills, int(part), int(parts), counted)
    json.dump({"wrong": wrong, "counted": counted}, sys.stdout)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes a Featurevisor 1 project that is equivalent to the output of generate.py: featurevisor.py FOLDER [FLAGS [tests]].

A Featurevisor rule has no conditions, so each of the five rules refers to two of fifty segments, which contain the kinds
of conditions that generate.py writes. The project has three environments; one of them turns every flag on. With `tests`,
each flag has as many assertions about that environment as the first test file of generate.py. The same arguments give
the same bytes.
"""

import json
import pathlib
import random
import sys

from generate import COUNTRIES, PLANS

ATTRIBUTES = {
    "userId": "string", "email": "string", "country": "string", "plan": "string", "appVersion": "semver",
    "age": "integer", "score": "integer", "beta": "boolean", "device": "string",
}


def condition(rng, index):
    version = f"{rng.randint(1, 9)}.{rng.randint(0, 20)}.0"
    attribute, operator, value = [
        ("email", "endsWith", f"@partner-{rng.randrange(1000)}.example.com"),
        ("country", "in", sorted(rng.sample(COUNTRIES, 5))),
        ("plan", "equals", rng.choice(PLANS)),
        ("appVersion", "semverGreaterThanOrEquals", version),
        ("age", "greaterThanOrEquals", rng.randint(18, 40)),
        ("score", "greaterThan", rng.randrange(1000)),
        ("device", "startsWith", f"device-{rng.randrange(100)}"),
        ("beta", "equals", True),
    ][index % 8]
    return f"  - attribute: {attribute}\n    operator: {operator}\n    value: {json.dumps(value)}\n"


def rule(rng, index):
    percentage = rng.choice([1, 5, 12.5, 25, 50]) if rng.random() < 0.5 else 100
    first, second = rng.sample(range(50), 2)
    return (
        f"      - key: rule-{index}\n        segments:\n          and: [segment-{first:02}, segment-{second:02}]\n"
        f"        percentage: {percentage}\n"
    )


def feature(rng, index):
    rules = "".join(rule(rng, number) for number in range(1, 6))
    last = '      - {key: everyone, segments: "*", percentage: 0}\n'
    return (
        f"description: The generated flag number {index}.\ntags: [all]\nbucketBy: userId\n"
        'environments:\n  dev:\n    rules:\n      - {key: everyone, segments: "*", percentage: 100}\n'
        + "".join(f"  {environment}:\n    rules:\n{rules}{last}" for environment in ["staging", "production"])
    )


def test(key):
    person = '{userId: "user-0", country: AT, plan: free, appVersion: 1.4.0, age: 20, score: 0, beta: true}'
    other = '{userId: "user-3", country: FR, plan: free, appVersion: 4.4.0, age: 47, score: 600, beta: false}'
    ask = lambda index, context: f"  - at: {index}\n    environment: dev\n    context: {context}\n    expectedToBeEnabled: true\n"
    cell = '{country: "${{ country }}", plan: "${{ plan }}"}'
    matrix = "    matrix: {country: [DE, FR, US], plan: [free, pro, enterprise]}\n"
    return f"feature: {key}\nassertions:\n{ask(1, person)}{ask(99, other)}{ask(50, cell)}{matrix}{ask(12.5, person)}"


def main():
    folder = pathlib.Path(sys.argv[1])
    flags = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    rng = random.Random(20261122)
    for place in ["attributes", "segments", "features", "tests"]:
        (folder / place).mkdir(parents=True)
    (folder / "featurevisor.config.js").write_text(
        'module.exports = {environments: ["dev", "staging", "production"], tags: ["all"]};\n'
    )
    for name, kind in ATTRIBUTES.items():
        (folder / "attributes" / f"{name}.yml").write_text(f"type: {kind}\ndescription: The {name}.\n")
    for index in range(50):
        conditions = condition(rng, index) + condition(rng, index + 1 + index // 8)
        text = f"description: The generated segment number {index}.\nconditions:\n{conditions}"
        (folder / "segments" / f"segment-{index:02}.yml").write_text(text)
    for index in range(flags):
        key = f"flag-{index:06}"
        (folder / "features" / f"{key}.yml").write_text(feature(rng, index))
        if sys.argv[3:] == ["tests"]:
            (folder / "tests" / f"{key}.yml").write_text(test(key))


main()

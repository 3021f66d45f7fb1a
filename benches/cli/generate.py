#!/usr/bin/env python3
"""Writes a realistic flag repository: generate.py FOLDER [FLAGS [tests]] [--rules N].

Each flag has N rules, five by default, with conditions on segments, sets, numbers, versions and prefixes, and with
rollouts and splits. The repository has fifty segments, three environments, and a hundred flags in each folder. With
`tests`, it also has two test files for each folder: one with three cases for each flag, of which one has a matrix of
nine combinations and one a bucket position, and one with a golden matrix of five contexts, which
`flagctl test --update` fills. The same arguments give the same bytes.
"""

import argparse
import pathlib
import random

COUNTRIES = "AT BE BR CA CH DE DK ES FI FR GB IE IT JP MX NL NO PL PT SE US".split()
PLANS = ["free", "pro", "enterprise"]
TEAMS = ["payments", "search", "mobile", "platform", "growth", "identity"]

PROJECT = f"""version: 1
environments: [dev, staging, production]
attributes:
  targetingKey: string
  email: string
  country: {{type: string, enum: [{", ".join(COUNTRIES)}]}}
  plan: {{type: string, enum: [{", ".join(PLANS)}]}}
  app.version: semver
  age: number
  score: number
  beta: boolean
  device: string
  groups: {{type: list, of: string}}
"""


def condition(rng):
    version = f"{rng.randint(1, 9)}.{rng.randint(0, 20)}.0"
    return rng.choice([
        lambda: f"segment: segment-{rng.randrange(50):02}",
        lambda: f"country: [{', '.join(sorted(rng.sample(COUNTRIES, 5)))}]",
        lambda: f"plan: {rng.choice(PLANS)}",
        lambda: f"app.version: {{gte: {version}}}",
        lambda: f"age: {{gte: {rng.randint(18, 40)}, lt: {rng.randint(41, 99)}}}",
        lambda: f"score: {{gt: {rng.randrange(1000)}}}",
        lambda: f'email: {{ends_with: "@team-{rng.randrange(100)}.example.com"}}',
        lambda: f"groups: {{has: group-{rng.randrange(100)}}}",
        lambda: "beta: true",
    ])()


def rule(rng, index):
    conditions = {}
    while len(conditions) < 2:
        text = condition(rng)
        conditions[text.split(":")[0]] = text
    lines = [f"  - name: rule-{index}", "    if:"]
    lines += [f"      {text}" for text in conditions.values()]
    if rng.random() < 0.4:
        lines.append(f"    rollout: {rng.choice(['1%', '5%', '12.5%', '25%', '50%'])}")
    if rng.random() < 0.2:
        lines.append('    serve: {"on": 50%, "off": 50%}')
    else:
        lines.append("    serve: on")
    return "\n".join(lines)


def flag(rng, index, count):
    rules = "\n".join(rule(rng, number + 1) for number in range(count))
    return f"""# yaml-language-server: $schema=../../schemas/flag.schema.json
description: The generated flag number {index}.
kind: release
owner: team-{rng.choice(TEAMS)}
expires: 2027-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}
tags: [generated, {rng.choice(TEAMS)}]
variants: {{on: true, off: false}}
off: off
default: off
rules:
{rules}
environments:
  dev:
    rules: []
    default: on
"""


def segment(rng, index):
    domains = ", ".join(f'{{email: {{ends_with: "@partner-{rng.randrange(1000)}.example.com"}}}}' for _ in range(3))
    return f"description: The generated segment number {index}.\nif:\n  any: [{domains}, {{groups: {{has: segment-{index}}}}}]\n"


def test(keys):
    people = "".join(
        f"  person-{index}: {{targetingKey: user-{index}, country: {COUNTRIES[index * 3]}, plan: {PLANS[index % 3]}, "
        f"app.version: {index + 1}.4.0, age: {20 + 9 * index}, score: {index * 200}, beta: {str(index % 2 == 0).lower()}}}\n"
        for index in range(5)
    )
    cases = "".join(
        f"  - context: [person-0, person-3]\n    expect: {{{key}: {{variant: on, reason: STATIC}}}}\n"
        f"  - matrix: {{country: [DE, FR, US], plan: [free, pro, enterprise]}}\n    expect: {{{key}: {{value: true}}}}\n"
        f"  - context: person-1\n    bucket: {{{key}: {{rollout: 12.5%, split: 50%}}}}\n    expect: {{{key}: on}}\n"
        for key in keys
    )
    golden = f"golden:\n  flags: [{', '.join(keys)}]\n  cells: {{}}\n"
    return f"environments: dev\ncontexts:\n{people}cases:\n{cases}", f"contexts:\n{people}{golden}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("flags", type=int, nargs="?", default=10_000)
    parser.add_argument("tests", choices=["tests"], nargs="?")
    parser.add_argument("--rules", type=int, default=5)
    given = parser.parse_args()
    folder, flags = given.folder, given.flags
    rng = random.Random(20261122)
    (folder / "segments").mkdir(parents=True)
    # The rules refer to random segments, so a repository with few flags may have unused segments.
    lint = "" if flags >= 1_000 else "lint:\n  unused-segment: off\n"
    (folder / "flagctl.yaml").write_text(PROJECT + lint)
    for index in range(50):
        (folder / "segments" / f"segment-{index:02}.yaml").write_text(segment(rng, index))
    for index in range(flags):
        area = folder / "flags" / f"area-{index // 100:04}"
        area.mkdir(parents=True, exist_ok=True)
        (area / f"flag-{index:06}.yaml").write_text(flag(rng, index, given.rules))
    if given.tests:
        (folder / "tests").mkdir()
        for first in range(0, flags, 100):
            keys = [f"flag-{index:06}" for index in range(first, min(first + 100, flags))]
            cases, golden = test(keys)
            (folder / "tests" / f"area-{first // 100:04}.yaml").write_text(cases)
            (folder / "tests" / f"golden-{first // 100:04}.yaml").write_text(golden)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes twenty flags and a file of contexts: contexts.py FOLDER [CONTEXTS].

The flags are the same as those of `peers`: five that are on for every context, five with five rules of two conditions
of which the last rule matches, five with a rollout of 25%, and five with a split in three. FOLDER/contexts.jsonl has
one context with ten attributes per line, by default a million. The same arguments give the same bytes.
"""

import pathlib
import random
import sys

FLAGS = 20
COUNTRIES = "AT BE CA CH DE DK ES FR IT US".split()
OTHERS = "AU BR CL IN JP KR MX NZ PE ZA".split()

PROJECT = """version: 1
environments: [production]
attributes:
  targetingKey: string
  age: number
  appVersion: semver
  country: string
  device: string
  email: string
  loggedIn: boolean
  org: string
  plan: string
  score: number
"""

ABOUT = "description: A generated flag.\nkind: ops\nowner: team-growth\n"
BOOLEAN = "variants: {on: true, off: false}\noff: off\n"
RULES = [
    f"country: [{', '.join(COUNTRIES)}], age: {{gt: 100}}",
    "appVersion: {gte: 2.0.0}, score: {gt: 1000}",
    f"country: [{', '.join(COUNTRIES)}], appVersion: {{gte: 9.0.0}}",
    f"age: {{gt: 10}}, country: [{', '.join(OTHERS)}]",
    f"country: [{', '.join(COUNTRIES)}], appVersion: {{gte: 1.5.0}}",
]
WORK = [
    BOOLEAN + "default: on\n",
    BOOLEAN + "default: off\nrules:\n"
    + "".join(f"  - name: rule-{index}\n    if: {{{conditions}}}\n    serve: on\n" for index, conditions in enumerate(RULES)),
    BOOLEAN + "default: off\nrules:\n  - name: quarter\n    rollout: 25%\n    serve: on\n",
    "variants: {red: red, green: green, blue: blue}\noff: red\ndefault: red\nrules:\n"
    "  - name: thirds\n    serve: {red: 33.333%, green: 33.333%, blue: 33.334%}\n",
]


def person(rng):
    """Returns the attributes of a context without `targetingKey` and `email`, as JSON members."""
    return (
        f'"age":{rng.randint(18, 87)},"appVersion":"{rng.randint(2, 8)}.{rng.randrange(20)}.{rng.randrange(10)}",'
        f'"country":"{rng.choice(COUNTRIES)}","device":"{rng.choice(["phone", "tablet", "desktop"])}",'
        f'"loggedIn":{rng.choice(["true", "false"])},"org":"org-{rng.randrange(500)}",'
        f'"plan":"{rng.choice(["free", "pro", "team"])}","score":{rng.randrange(10_000) / 10}'
    )


def main():
    folder = pathlib.Path(sys.argv[1])
    contexts = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    rng = random.Random(20261122)
    (folder / "flags").mkdir(parents=True)
    (folder / "flagctl.yaml").write_text(PROJECT)
    for index in range(FLAGS):
        (folder / "flags" / f"flag-{index:05}.yaml").write_text(ABOUT + WORK[index % len(WORK)])
    people = [person(rng) for _ in range(1_000)]
    with open(folder / "contexts.jsonl", "w", encoding="utf-8") as out:
        for index in range(contexts):
            name = f"{rng.getrandbits(128):032x}"
            key = f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}"
            out.write(f'{{"targetingKey":"{key}","email":"{name[:12]}@example.com",{people[index % 1_000]}}}\n')


main()

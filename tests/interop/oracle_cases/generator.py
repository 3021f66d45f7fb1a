"""Generates random flag repositories, in which about half of the statements to prove are impossible.

The same seed gives the same repository in every run. Flags are generated in families that share a few attributes, their
segments, a salt and units, so that conditions and rollouts often overlap: rules repeat, narrow, widen and negate the
rules before them.
"""

import json
import random

from oracle_cases.environments import consistent, sources
from repositories import Chance, declaration, shares

ENVIRONMENTS = ["staging", "production"]
# `environments` of flags and rules may name groups. `released` and `all` overlap in production.
GROUPS = {"released": ["production"], "all": ["staging", "production"]}
STEPS = ["1%", "25%", "100%"]
ATTRIBUTES = {
    "text": "string",
    "user.name": {"type": "string", "required": True},
    "plan": {"type": "string", "enum": ["free", "pro", "enterprise", "Pro"]},
    "beta": "boolean",
    "age": "number",
    "app.version": "semver",
    "os": "version",
    "since": "datetime",
    "ip": "ip",
    "groups": {"type": "list", "of": "string"},
    "roles": {"type": "list", "of": "string", "enum": ["admin", "staff", "guest"]},
    "scores": {"type": "list", "of": "number"},
    "account.id": "string",
    "cohort": {"type": "string", "enum": ["", "a", "b"]},
}
UNITS = ["targetingKey", "targetingKey", "account.id", "cohort"]

TEXTS = ["", "a", "ab", "abc", "Abc", "ba", "k", "\u212a", "straße", "me@x.example", "ME@X.EXAMPLE", "user-1", "user-2"]
PARTS = ["a", "ab", "b", "c", "A", "@x.example", "x.", "me@", "ss", "ß", "K", "user-", "", "1"]
NUMBERS = [0, -1, 17, 18, 18.5, 65, 0.1, 0.10000000000000002, 5e-324, 1e15, 9007199254740991]
VERSIONS = ["0.0.0-0", "0.0.0", "1.0.0-alpha", "1.0.0-alpha.0", "1.0.0-alpha.beta", "1.0.0", "1.0.1-0", "1.0.1", "1.2.3", "1.2.3+b"]
DOTTED = ["0-0", "0", "10", "10.0.0", "10.0.1-0", "10.0.1", "10.0.0.1", "10.0.0.1-a", "10.0.0.1-a.0", "137.1.80.31", "18446744073709551616"]
DATETIMES = [
    "2026-11-22T11:02:00Z", "2026-11-22T12:02:00+01:00", "2026-11-22T11:02:00.000000001Z", "2026-11-22T11:02:01Z",
    "1969-12-31T23:59:59Z", "2027-01-01T00:00:00-05:00",
]
NETWORKS = ["192.0.2.1", "192.0.2.0/31", "192.0.2.0/24", "0.0.0.0/0", "::ffff:192.0.2.0/120", "2001:db8::/32", "2001:db8::1", "::/0"]
MEMBERS = ["staff", "a", ""]
SCORES = [0, 1, 2.5]
POOLS = {"boolean": [True, False], "number": NUMBERS, "semver": VERSIONS, "version": DOTTED, "datetime": DATETIMES, "ip": NETWORKS}
PERCENTS = ["0%", "1%", "10%", "25%", "25%", "50%", "50%", "99.999%", "0.001%", "100%"]
VARIANTS = [{"on": True, "off": False}, {"classic": 1, "short": 2, "long": 3}, {"a": "1", "b": "2", "c": "3", "d": "4"}]


class Family(Chance):
    """Ten flags with common attributes and segments."""

    MOST = 3

    def __init__(self, chance, number):
        super().__init__(chance)
        self.number = number
        self.attributes = chance.sample(sorted(ATTRIBUTES), 3) + chance.sample(["now", "targetingKey", "beta", "age"], 1)
        self.segments = {}
        self.flags = {}
        self.layers = {}
        for _ in range(2):
            self.segment([])

    def test(self):
        name = self.pick(self.attributes)
        if self.chance(0.12) and name != "now":
            return {name: {"exists": self.chance(0.5)}}
        return {name: self.operators(name)}

    def operators(self, name):
        declared = {"now": "datetime", "targetingKey": "string", **ATTRIBUTES}[name]
        kind, allowed = declaration(declared)
        if kind == "list":
            return self.elements(SCORES if declared["of"] == "number" else allowed or MEMBERS)
        if kind == "string" and self.chance(0.5 if not allowed else 0.2):
            operators = self.some(["starts_with", "ends_with", "contains"], 2)
            made = {operator: self.some(PARTS, 3) if self.chance(0.3) else self.pick(PARTS) for operator in operators}
            return made | self.ignoring_case(name)
        if kind in ("number", "semver", "version", "datetime") and self.chance(0.6):
            low, high = self.pick(["gte", "gt"]), self.pick(["lt", "lte"])
            made = {self.pick([low, high]): self.pick(POOLS[kind])}
            return made | ({high: self.pick(POOLS[kind])} if self.chance(0.4) else {})
        pool = allowed or POOLS.get(kind, TEXTS)
        if self.chance(0.5):
            made = self.pick([pool[0], {"eq": self.pick(pool)}, {"ne": self.pick(pool)}])
        else:
            made = {self.pick(["in", "not_in"]): self.some(pool, 4)}
        return made | self.ignoring_case(name) if isinstance(made, dict) and kind == "string" else made

    def ignoring_case(self, name):
        return {"ignore_case": True} if name not in UNITS and self.chance(0.3) else {}

    def wanted(self, flags, most=1):
        """Returns other flags, each with one variant or a list of variants."""
        def variants_of(key):
            names = sorted(self.flags[key]["variants"])
            return self.pick(names) if self.chance(0.7) else self.some(names, 2)

        return {key: variants_of(key) for key in self.some(flags, most)}

    def related(self, before, flags):
        """Returns a condition that is derived from an earlier one."""
        earlier, new = self.pick(before), self.condition(1, sorted(self.segments), flags)
        return self.pick([
            earlier, {"all": [earlier, new]}, {"all": [new, earlier]}, {"any": [earlier, new]}, {"not": earlier},
            {"all": [{"not": earlier}, new]},
            {"all": [earlier, {"not": self.pick(before)}]}, {"any": [earlier, {"not": self.pick(before)}]},
        ])

    def serve(self, names):
        if self.chance(0.7):
            return self.pick(names)
        names = self.random.sample(names, self.random.randint(2, len(names)))
        ends = sorted(self.pick([0, 1, 10_000, 25_000, 50_000, 100_000]) for _ in names[1:])
        return shares(names, ends)

    def rules(self, names, flags):
        made, before = [], []
        for _ in range(self.random.randint(1, 5)):
            rule = {}
            if self.chance(0.93):
                depth = self.random.randint(0, 2)
                new = self.related(before, flags) if before and self.chance(0.45) else None
                before.append(rule.setdefault("if", new or self.condition(depth, sorted(self.segments), flags)))
            if self.chance(0.4 if "if" in rule else 0.9):
                rule["rollout"] = self.pick(PERCENTS)
            if self.chance(0.15):
                rule["unit"] = self.pick(UNITS)
            if self.chance(0.05):
                rule["enabled"] = False
            made.append(rule | {"serve": self.serve(names)})
        return made

    def bucketed(self):
        made = {"unit": self.pick(UNITS)} if self.chance(0.4) else {}
        return made | ({"salt": self.pick([f"family-{self.number}", "shared", *sorted(self.flags)])} if self.chance(0.4) else {})

    def flag(self, flags):
        variants = self.pick(VARIANTS)
        names = list(variants)
        made = {"variants": variants, "off": self.pick(names), "default": self.pick(names), **self.bucketed()}
        if flags and self.chance(0.4):
            made["requires"] = self.wanted(flags, 2)
        made["rules"] = self.rules(names, flags)
        if self.chance(0.06):
            made["enabled"] = False
        if self.chance(0.3):
            named = self.some([*ENVIRONMENTS, *GROUPS], 2)
            made["environments"] = self.consistent({name: self.part(self.serving(names, flags)) for name in named})
        self.rules_by_environment(made, names, flags)
        return made

    def serving(self, names, flags):
        """Returns fields that replace those of a flag."""
        fields = {"default": self.pick(names), "off": self.pick(names), **self.bucketed()}
        if self.chance(0.4):
            fields["rules"] = self.rules(names, flags)
        if flags and self.chance(0.3):
            fields["requires"] = self.wanted(flags, 2)
        return fields | ({"enabled": self.chance(0.5)} if self.chance(0.15) else {})

    def consistent(self, entries):
        return consistent(entries, ENVIRONMENTS, GROUPS)

    def part(self, fields):
        return dict(self.some(sorted(fields.items(), key=str), len(fields)))

    def rules_by_environment(self, flag, names, flags):
        """Adds fields by environment to rules, only for environments that use the list of the rule."""
        lists = {environment: sources(flag, environment, GROUPS)["rules"] for environment in ENVIRONMENTS}
        for name, fields in [(None, flag), *flag.get("environments", {}).items()]:
            uses = lambda entry: entry != name and name in [lists[member] for member in GROUPS.get(entry, [entry])]
            used = list(filter(uses, [*ENVIRONMENTS, *GROUPS]))
            for rule in fields.get("rules", []) if used else []:
                if self.chance(0.3):
                    entries = {entry: self.part(self.rule_fields(rule, names, flags)) for entry in self.some(used, 3)}
                    rule["environments"] = self.consistent(entries)

    def rule_fields(self, rule, names, flags):
        """Returns fields that replace those of a rule."""
        before = [rule["if"]] if "if" in rule else []
        return {
            "if": self.related(before, flags) if before and self.chance(0.5) else self.condition(1, sorted(self.segments), flags),
            "rollout": self.pick(PERCENTS), "steps": STEPS, "enabled": self.chance(0.6), "serve": self.serve(names),
        }

    def segment(self, flags):
        name = f"segment-{self.number:02}-{len(self.segments)}"
        if self.chance(0.08):
            self.segments[name] = {"description": "Everyone."}
            return
        new = self.condition(2, sorted(self.segments), flags)
        attribute = self.pick(self.attributes[:3])
        condition = self.pick([
            new, new, new, self.related([new], flags), {"all": [new, {"not": new}]},
            {"any": [new, {attribute: {"exists": True}}, {attribute: {"exists": False}}]},
        ])
        self.segments[name] = {"if": condition}

    def grow(self):
        """Generates ten flags. The last seven may refer to earlier flags, in chains of at most two references."""
        for index in range(10):
            if index == 3:
                self.segment(sorted(self.flags))
            below = [key for rank, key in enumerate(self.flags) if rank < (0 if index < 3 else 3 if index < 6 else 6)]
            key = f"flag-{self.number:02}-{index}"
            self.flags[key] = self.flag(below)
            self.slots(key)

    def slots(self, key):
        """Lets some rules of a flag take slots. Each flag has layers of its own, whose salts are often those of others."""
        flag = self.flags[key]
        for rule in [rule for fields in [flag, *flag.get("environments", {}).values()] for rule in fields.get("rules", [])]:
            if not self.chance(0.2):
                continue
            rule.setdefault("unit", self.pick(UNITS))
            layer = f"{key}-{rule['unit']}"
            if layer not in self.layers:
                ends = sorted(self.random.sample([0, 1, 10_000, 25_000, 50_000, 60_000, 99_999, 100_000], 4))
                ranges = [ends[:2], ends[1:3], ends[2:]] if self.chance(0.9) else [[0, 100_000]]
                slots = {f"s{index}": f"{start / 1000:g}%..{end / 1000:g}%" for index, (start, end) in enumerate(ranges)}
                salt = {"salt": self.pick([f"family-{self.number}", "shared"])} if self.chance(0.6) else {}
                self.layers[layer] = {"unit": rule["unit"], "slots": slots} | salt
            rule["slot"] = f"{layer}/{self.pick(sorted(self.layers[layer]['slots']))}"

    def assertion(self):
        """Returns an assertion about one or two flags that may hold or not."""
        keys = sorted(self.flags)
        served = lambda key: {key: self.pick(sorted(self.flags[key]["variants"]))}
        first, second = self.random.sample(keys, 2)
        made = self.pick([
            {"never": served(first)}, {"never": served(first)}, {"always": served(first)}, {"always": {first: self.flags[first]["off"]}},
            {"at_most": self.pick(["1%", "25%", "50%", "75%"]), "serve": served(first)},
            {"exclusive": served(first) | served(second)}, {"serve": served(first), "implies": served(second)},
        ])
        before = [rule["if"] for rule in self.flags[first].get("rules", []) if "if" in rule]
        if self.chance(0.7):
            made["when"] = self.related(before, keys) if before and self.chance(0.7) else self.condition(2, sorted(self.segments), keys)
        return made


class Repository:
    """The files of a repository, and the content of each line of a flag."""

    def __init__(self, seed, flags):
        self.families = [Family(random.Random(f"{seed}/{number}"), number) for number in range((flags + 9) // 10)]
        self.settings = {"version": 1, "environments": ENVIRONMENTS, "groups": GROUPS, "attributes": ATTRIBUTES}
        self.segments, self.flags, self.kills, self.layers = {}, {}, {}, {}
        for family in self.families:
            family.grow()
            self.segments |= family.segments
            self.layers |= family.layers
            self.flags |= family.flags
            self.kills |= {key: family.pick(ENVIRONMENTS) for key in family.flags if family.chance(0.05)}
        self.pinned = [key for family in self.families for key in family.flags if family.chance(0.1)]
        made = [family.assertion() for family in self.families for _ in range(10)]
        self.assertions = [{"name": f"assertion-{index:04}", **assertion} for index, assertion in enumerate(made)]

    def files(self):
        made = {"flagctl.yaml": json.dumps(self.settings)}
        made |= {f"segments/{name}.yaml": json.dumps(segment) for name, segment in self.segments.items()}
        made |= {f"layers/{name}.yaml": json.dumps(layer) for name, layer in self.layers.items()}
        made |= {f"flags/{key}.yaml": "".join(f"{text}\n" for text, _ in lines(flag)) for key, flag in self.flags.items()}
        return made | {f"kills/{where}/{key}.yaml": '{"reason": "INC-1"}' for key, where in self.kills.items()}

    def tests(self):
        """Returns the test files, separately, because the flags are also validated without them."""
        def text(parity, more):
            return json.dumps({"environments": ["production"], "assert": self.assertions[parity::2], **more})

        return {"tests/assertions.yaml": text(0, {}), "tests/kills.yaml": text(1, {"kills": self.pinned} if self.pinned else {})}

    def killed(self, index, with_kills):
        """Returns the flags that are killed while the assertion with this index is tested."""
        own = {key for key, where in self.kills.items() if where == "production"} if with_kills else set()
        return own.union(self.pinned if index % 2 else [])

    def paths_by_line(self, key):
        """Returns the path inside the flag, such as `("rules", 0)`, for each line number of its file."""
        return {index: path for index, (_, path) in enumerate(lines(self.flags[key]), 1)}


def lines(made, path=()):
    """Yields the lines of the JSON text, one for each prerequisite, variant, and field of a rule, with its path inside
    the flag."""
    if path and not isinstance(path[-1], int) and path[-1] not in ("rules", "requires", "variants", "environments", *ENVIRONMENTS, *GROUPS):
        yield json.dumps(made), path
        return
    items = list(made.items() if isinstance(made, dict) else enumerate(made))
    yield "{["[isinstance(made, list)], path
    for index, (key, inner) in enumerate(items):
        below = list(lines(inner, (*path, key)))
        head = f"{json.dumps(key)}: " if isinstance(made, dict) else ""
        for line, (text, where) in enumerate(below):
            end = "," if line == len(below) - 1 and index < len(items) - 1 else ""
            yield f"{head if line == 0 else ''}{text}{end}", where
    yield "}]"[isinstance(made, list)], path

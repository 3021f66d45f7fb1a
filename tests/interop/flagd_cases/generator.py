"""Generates random flag repositories and contexts with every operator, type and nesting.

The same seed gives the same repository in every run.
"""

import json
import random

from repositories import Chance, declaration, shares
from repositories import write as write_texts

NOW = "2026-11-22T11:02:00Z"
NOW_SECONDS = 1_795_345_320

ATTRIBUTES = {
    "text": "string",
    "user.name": "string",
    "plan": {"type": "string", "enum": ["free", "pro", "enterprise", "Ünïversity"]},
    "beta": "boolean",
    "age": "number",
    "cart.total": "number",
    "version": "semver",
    "app.version": "semver",
    "since": "datetime",
    "ip": "ip",
    "groups": {"type": "list", "of": "string"},
    "roles": {"type": "list", "of": "string", "enum": ["admin", "staff", "guest"]},
    "scores": {"type": "list", "of": "number"},
    "account.id": "string",
    "cohort": {"type": "string", "enum": ["", "a", "b"]},
}
UNITS = ["targetingKey", "account.id", "cohort", "age"]

TEXTS = ["", "a", "ab", "abc", "Abc", "straße", "STRASSE", "kiss", "\u212aiss", "日本", "x\U0001F980", "\U0001F980",
         "true", "null", "5", "0", "[object Object]", "ipad7", "iPad7,1", "sm-x1", "SM-T5", "a.c", "a\nc", "me@x.example",
         "ME@X.EXAMPLE", "@x.example", "x.example", "on", "1.2.3", "K", "k", "ſ", "a\"b\\c", "constructor", "length"]
PARTS = ["a", "ab", "", "\U0001F980", "日", "@x.example", "x", "A", "ss", "k", "\"b\\", "0", "."]
PATTERNS = ["^a", "c$", "^(ipad|sm-[tx])[0-9]", "^abc$", "b", "^a?b?c?$", "a|b|^$", "(?i)^STRASSE$", "^.*", "a+", "^[a-c]{2,3}$",
            "^\U0001F980$", "(?s:.*)c$", "$^", "a^", "x*", "\\Aab\\z", "[^a]", "\\d", "a.c", "^\\w+$", "(?m)^c", "a{200}", "\\bb"]
NUMBERS = [0, 1, -1, 2, 5, 18, 0.5, -0.5, 65, 1e15, 9007199254740991, -9007199254740991, 0.1, 1e-7]
VERSIONS = ["0.0.0", "1.0.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-rc.1", "1.0.0-rc.10", "1.2.3",
            "1.2.3+build.5", "1.10.0", "2.0.0-0", "2.0.0", "12345.678.90", "0.9.9-a-b.c-d"]
DATETIMES = ["2026-11-22T11:02:00Z", "2026-11-22T11:01:59Z", "2026-11-22T11:02:01Z", "2026-11-22T11:01:59.5Z",
           "2026-11-22T12:02:00+01:00", "1969-12-31T23:59:59Z", "2100-01-01T00:00:00Z"]
ADDRESSES = ["192.0.2.1", "192.0.2.0/24", "2001:db8::/32"]
GROUPS = ["staff", "a", "", "日本", "5", "true"]

WRONG = [None, True, False, 0, 1, 5, -3.5, "", "x", "true", "5", [], ["a"], [1], [None], [[]], [True], ["a", 1], [{}], {},
         {"a": 1}, {"length": 2}, 1e300, -1e300, 9007199254740994]
LOOSE = ["1.2", "1", "v1.2.3", "V2.0.0", "1.2-rc.1", "1-1.b", " 1.2.3", "1.2.3 ", "1.2.3\n", "\ufeff1.2.3", "01.2.3", "1.2.3-01",
         "1.2.3.4", "1.2.3-", "1.2.3+", "1.2.3-a..b", "=1.2.3", "1.x.0", "1.2.٣", "1.2.3-rc_1", "2.0+b.c.d", "1+a.b.c", ".1.2", "1..2"]


class Generator(Chance):
    """Generates one repository and its contexts.

    `ascii` limits units and salts to ASCII for the JavaScript client, which hashes only the low bytes of UTF-16.
    """

    NESTED = ["all", "any", "not", "not", "several"]

    def __init__(self, seed, ascii):
        super().__init__(random.Random(seed))
        self.ascii = ascii

    def test(self, now=True):
        names = [name for name in ATTRIBUTES if name not in ("since", "ip") or self.chance(0.05)]
        name = self.pick(names + (["now"] if now else []))
        if self.chance(0.08) and name != "now":
            return {name: {"exists": self.chance(0.5)}}
        return {name: self.operators(name)}

    def operators(self, name):
        declared = "datetime" if name == "now" else ATTRIBUTES[name]
        kind, allowed = declaration(declared)
        equal = ["eq", "ne"]
        many = ["in", "not_in"]
        if kind == "list":
            return self.elements(NUMBERS if declared["of"] == "number" else allowed or GROUPS)
        if kind == "string" and self.chance(0.6 if not allowed else 0.3):
            operator = self.pick(["starts_with", "ends_with", "contains", "matches"])
            made = {operator: self.pick(PATTERNS if operator == "matches" else [part for part in PARTS if part])}
            return made | ({"ignore_case": True} if self.chance(0.4) else {})
        pool = {
            "string": allowed or TEXTS, "boolean": [True, False], "number": NUMBERS, "semver": VERSIONS,
            "datetime": DATETIMES, "ip": ADDRESSES,
        }[kind]
        if kind in ("number", "semver", "datetime") and (name == "now" or self.chance(0.6)):
            low, high = self.pick(["gte", "gt"]), self.pick(["lt", "lte"])
            if name == "now" and self.chance(0.8):
                low, high, pool = "gte", "lt", [datetime for datetime in DATETIMES if "." not in datetime]
            made = {self.pick([low, high]): self.pick(pool)}
            return made | ({high: self.pick(pool)} if self.chance(0.3) else {})
        made = {self.pick(equal): self.pick(pool)} if self.chance(0.5) else {self.pick(many): self.some(pool)}
        ignore = kind == "string" and not allowed and self.chance(0.3)
        return made | ({"ignore_case": True} if ignore else {})

    def wanted(self, flags):
        key = self.pick(sorted(flags))
        return {key: self.pick(flags[key]) if self.chance(0.7) else self.some(flags[key], 2)}

    def percent(self):
        return self.pick(["0%", "100%", "50%", "25%", "0.001%", "99.999%", "33.333%", f"{self.random.randrange(1, 100)}%"])

    def split(self, names):
        return shares(names, sorted(self.random.randrange(0, 100_001) for _ in names[1:]))

    def variants(self):
        return self.pick([
            {"on": True, "off": False},
            {"one": "1", "two": "zwei", "three": "", "on": "on"},
            {"few": 24, "some": 48.5, "none": 0, "many": 1e6},
            {"whole": 1.0, "more": 2},
            {"a": {"x": [1, {"y": None}], "z": "ü"}, "b": {}},
            # The strict JavaScript client, which reads the files with ASCII, accepts no lists.
            {"a": {"x": 1.0}, "b": {}} if self.ascii else {"a": [1, 2.5, "ü"], "b": []},
        ])

    def rule(self, names, segments, flags):
        made = {}
        if self.chance(0.9):
            made["if"] = self.condition(3, segments, flags)
        if self.chance(0.35):
            made["rollout"] = self.percent()
        if self.chance(0.2):
            made["unit"] = self.pick(UNITS[:3])
        made["serve"] = self.serve(names)
        if self.chance(0.15):
            own = {"rollout": self.percent(), "serve": self.serve(names), "enabled": self.chance(0.7)}
            made["environments"] = {self.pick(["production", "all"]): {name: own[name] for name in self.some(sorted(own))}}
        return made

    def serve(self, names):
        return self.split(names) if self.chance(0.25) else self.pick(names)

    def flag(self, index, segments, earlier):
        variants = self.variants()
        names = list(variants)
        flag = {"variants": variants, "off": self.pick(names), "default": self.pick(names)}
        if index % 100 == 0:
            # The rules have no conditions, so that contexts can reach the boundaries of the bucket ranges.
            flag["rules"] = [
                {"slot": f"boundaries/flag-{index:04}", "serve": names[-1]},
                {"rollout": self.percent(), "serve": self.split(names)},
                {"rollout": self.percent(), "serve": names[0]},
            ]
            return flag
        flag["rules"] = [self.rule(names, segments, earlier) for _ in range(self.random.randint(0, 4))]
        if self.chance(0.2) and earlier:
            flag["requires"] = {key: self.pick(earlier[key]) for key in self.some(sorted(earlier), 2)}
        if self.chance(0.3):
            flag["unit"] = self.pick(UNITS[:3])
        if self.chance(0.2):
            flag["salt"] = self.pick(["s", "shared", "gross" if self.ascii else "größe", "a/rollout/"])
        if self.chance(0.05):
            flag["enabled"] = False
        for rule in flag["rules"]:
            # Only every second flag has slots, because a layer has at most 1,000 of them.
            if index % 2 == 0 and self.chance(0.25):
                rule["unit"] = self.pick(UNITS[:3])
                rule["slot"] = f"{rule['unit']}/flag-{index:04}"
        return flag

    def layers(self, number):
        """Returns one layer for each unit, and one for the flags without conditions. Each has slots for single flags."""
        def layer(keys, unit):
            ends = sorted(self.random.sample(range(100_001), len(keys) + 1))
            slots = {key: f"{start / 1000:.3f}%..{end / 1000:.3f}%" for key, start, end in zip(keys, ends, ends[1:])}
            return {"slots": slots, "unit": unit, "salt": self.pick(["s", "shared", "layer/"])}

        keys = [f"flag-{index:04}" for index in range(number)]
        made = {f"layers/{unit}.yaml": layer(keys[::2], unit) for unit in UNITS[:3]}
        return made | {"layers/boundaries.yaml": layer(keys[::100], "targetingKey")}

    def repository(self, bucketing, number):
        settings = {"version": 1, "environments": ["production"], "groups": {"all": ["production"]}, "attributes": ATTRIBUTES, "bucketing": bucketing}
        files = {"flagctl.yaml": settings} | self.layers(number)
        segments = []
        for index in range(30):
            condition = self.condition(2, segments[-5:], {})
            segments.append(f"segment-{index}")
            files[f"segments/segment-{index}.yaml"] = {"if": condition} if index else {"description": "everyone"}
        plain = {}
        for index in range(number):
            key = f"flag-{index:04}"
            # Two flags in three refer to no other flag, so that chains of references stay short.
            earlier = {} if index % 3 else dict(self.random.sample(sorted(plain.items()), min(8, len(plain))))
            flag = self.flag(index, segments, earlier)
            files[f"flags/{key}.yaml"] = flag
            if index % 3:
                plain[key] = list(flag["variants"])
            if self.chance(0.06):
                admit = {"admit": self.pick(["1%", "30%", "99.999%"])} if self.chance(0.5) else {}
                files[f"kills/production/{key}.yaml"] = {"reason": "INC-1: \"x\""} | admit
        return files

    def value(self, name):
        declared = ATTRIBUTES.get(name, "string")
        kind, allowed = declaration(declared)
        if self.chance(0.2):
            return self.pick(WRONG)
        match kind:
            case "string":
                return self.pick(allowed) if allowed and self.chance(0.8) else self.pick(TEXTS)
            case "boolean":
                return self.chance(0.5)
            case "number":
                number = self.pick(NUMBERS)
                return number if self.chance(0.6) else number + self.pick([-1, 1, 0.5, -1e-9]) if abs(number) < 1e9 else -number
            case "semver":
                return self.pick(VERSIONS) if self.chance(0.7) else self.pick(LOOSE)
            case "datetime":
                return self.pick(DATETIMES)
            case "ip":
                return "192.0.2.7"
            case "list":
                pool = NUMBERS if declared["of"] == "number" else allowed or GROUPS
                items = [self.pick(pool) for _ in range(self.random.randint(0, 3))]
                return items + ([self.pick(WRONG)] if self.chance(0.15) else [])

    def context(self, key=None):
        context = {}
        for name in ["targetingKey", *ATTRIBUTES]:
            if self.chance(0.15):
                continue
            value = self.value(name)
            unit = name in ("targetingKey", "account.id")
            if unit and (self.chance(0.8) or self.ascii and isinstance(value, str) and not value.isascii()):
                value = f"user-{self.random.randrange(10**6)}"
            if unit and self.chance(0.05):
                value = ""
            outer, _, inner = name.rpartition(".")
            if not outer:
                context[name] = value
            elif isinstance(context.setdefault(outer, {}), dict):
                context[outer][inner] = value
        if self.chance(0.1):
            context[self.pick(["app", "cart", "user", "account"])] = self.pick(["1.2.3", 5, None, [], ["a"], True])
        if self.chance(0.1):
            context["undeclared"] = self.pick(WRONG)
        if key is not None:
            context["targetingKey"] = key
        return context


def write(folder, files):
    write_texts(folder, {path: json.dumps(content, ensure_ascii=False) for path, content in files.items()})

"""Encodes the documented semantics of flags as z3 formulas. The encoding shares no code with flagctl.

z3 leaves questions about texts and versions open, so these types are encoded as finite tables. For texts, the table
contains every combination of answers to the tests of one attribute; a search over all texts, letter by letter, finds
them. For versions, it contains the answers for each version of a comparison and for the next higher version, because
no version lies between the two.
"""

import functools
import ipaddress
import re
import struct
from datetime import datetime, timedelta, timezone

import z3

from bucketing import row
from oracle_cases.environments import resolved

BUCKETS = 100_000
LARGEST = 2.0**53 - 1


def both(holds):
    """Returns a condition as a pair of formulas: it is true, and it is false. If neither holds, it is unknown."""
    return holds, z3.Not(holds)


def every(parts):
    return z3.And(z3.BoolVal(True), *parts)


def some(parts):
    return z3.Or(z3.BoolVal(False), *parts)


def negated(condition):
    return condition[1], condition[0]


def all_of(conditions):
    true, false = zip(*conditions)
    return every(true), some(false)


def any_of(conditions):
    return negated(all_of([negated(condition) for condition in conditions]))


def names(one_or_several):
    return one_or_several if isinstance(one_or_several, list) else [one_or_several]


def share(percent):
    whole, _, thousandths = percent.rstrip("%").partition(".")
    return int(whole) * 1000 + int(f"{thousandths:0<3}")


def ordinal(number):
    """Returns the index of a double in the order of all doubles. Both zeros have the same index."""
    (bits,) = struct.unpack("<q", struct.pack("<d", number))
    return bits if bits >= 0 else -(bits & (1 << 63) - 1)


def nanoseconds(text):
    seconds, fraction, offset = re.fullmatch(r"([^.]*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text).groups()
    since = datetime.fromisoformat(seconds + offset.replace("Z", "+00:00")) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return since // timedelta(seconds=1) * 10**9 + int(f"{fraction or '':0<9}")


MAPPED = int(ipaddress.IPv6Address("::ffff:0:0"))


def addresses(network):
    """Returns the first and the last address of a network as integers.

    IPv4 addresses are below 2^32, and IPv6 addresses follow. An IPv4-mapped IPv6 address is an IPv4 address.
    """
    network = ipaddress.ip_network(network)
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 6 and MAPPED <= first and last < MAPPED + 2**32:
        return first - MAPPED, last - MAPPED
    return (first, last) if network.version == 4 else (first + 2**32, last + 2**32)


def precedence(version):
    core, _, before = version.partition("+")[0].partition("-")
    identifiers = tuple(
        (0, int(identifier), "") if identifier.isdigit() else (1, 0, identifier)
        for identifier in before.split(".") if identifier
    )
    return (*map(int, core.split(".")), not before, identifiers)


ZERO = (0, 0, "")
LOWEST = (0, 0, 0, False, (ZERO,))


def next_version(version):
    major, minor, patch, release, identifiers = version
    return (major, minor, patch + 1, False, (ZERO,)) if release else (*version[:4], (*identifiers, ZERO))


def folded(letter):
    """Applies simple case folding, which maps one letter to one letter."""
    return next((fold for fold in (letter.casefold(), letter.lower()) if len(fold) == 1), letter)


SAME_LETTER = {}
for _code in range(0x10000):
    SAME_LETTER.setdefault(folded(chr(_code)), []).append(chr(_code))


@functools.cache
def advanced(operator, wanted, matched, letter):
    """Returns the length of the prefix of `wanted` that is matched after one more letter, or None if it cannot match."""
    if matched is None or matched == len(wanted) and operator in ("starts_with", "contains"):
        return matched
    if operator in ("eq", "starts_with"):
        return matched + 1 if matched < len(wanted) and wanted[matched] == letter else None
    text = wanted[:matched] + letter
    return max(length for length in range(len(wanted) + 1) if text.endswith(wanted[:length]))


@functools.cache
def answers_of_texts(questions):
    """Returns every combination of answers that a text can give to the questions (operator, text, ignore case)."""
    wanted = [("".join(map(folded, text)) if fold else text) for _, text, fold in questions]
    letters = {letter for text in wanted for letter in text}
    if any(fold for *_, fold in questions):
        letters |= {same for letter in letters for same in SAME_LETTER[folded(letter)]}
    spare = next(chr(code) for code in range(0x2500, 0x2600) if chr(code) not in letters)
    letters = sorted(letters) + [spare]
    start = (0,) * len(questions)
    seen, ahead = {start}, [start]
    while ahead:
        state = ahead.pop()
        for letter in letters:
            after = tuple(
                advanced(operator, text, matched, folded(letter) if fold else letter)
                for (operator, _, fold), text, matched in zip(questions, wanted, state)
            )
            if after not in seen:
                seen.add(after)
                ahead.append(after)
    return {tuple(matched == len(text) for matched, text in zip(state, wanted)) for state in seen}


def answers_of_text(questions, text):
    def answer(operator, wanted, fold):
        value, operand = ("".join(map(folded, letters)) if fold else letters for letters in (text, wanted))
        return {
            "eq": value == operand, "starts_with": value.startswith(operand), "ends_with": value.endswith(operand),
            "contains": operand in value,
        }[operator]

    return tuple(answer(*question) for question in questions)


def dotted(version):
    """Returns a version of any number of parts in a form that Python orders."""
    core, _, before = version.removeprefix("v").partition("+")[0].partition("-")
    release = [int(part) for part in core.split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    return (tuple(release), *precedence(f"0.0.0-{before}" if before else "0.0.0")[3:])


def answers_of_dotted_versions(questions):
    constants = [dotted(version) for _, version, _ in questions]
    longest = max(len(release) for release, *_ in constants)
    # A release with more parts than every constant lies between a release and the next constant.
    after = [
        ((*release, *[0] * (longest - len(release)), 1), True, ()) if final else (release, final, (*identifiers, ZERO))
        for release, final, identifiers in constants
    ]
    return compared(questions, constants, [((0,), False, (ZERO,)), *constants, *after])


def answers_of_versions(questions):
    constants = [precedence(version) for _, version, _ in questions]
    return compared(questions, constants, [LOWEST, *constants, *map(next_version, constants)])


def compared(questions, constants, versions):
    """Returns every combination of answers that one of the versions gives."""
    compare = {"eq": "__eq__", "lt": "__lt__", "lte": "__le__", "gt": "__gt__", "gte": "__ge__"}
    return {
        tuple(getattr(version, compare[operator])(constant) for (operator, *_), constant in zip(questions, constants))
        for version in versions
    }


class World:
    """The flags and conditions of one environment, and the tests of contexts that they contain.

    `killed` contains the flags that are killed. Without it, every flag is decided as if it were enabled and not killed.
    """

    def __init__(self, repository, environment, killed=None):
        self.segments, self.layers, self.killed = repository.segments, repository.layers, killed
        groups = repository.settings["groups"]
        self.flags = {key: effective(key, flag, environment, groups) for key, flag in repository.flags.items()}
        self.declared = {"targetingKey": "string", "now": "datetime", **repository.settings["attributes"]}
        self.asked, self.hashed, self.made, self.served, self.seen = {}, {}, {}, {}, {}

    def kind(self, name):
        declared = self.declared[name]
        return declared if isinstance(declared, str) else declared["type"]

    def allowed(self, name):
        declared = self.declared[name]
        return None if isinstance(declared, str) else declared.get("enum")

    def present(self, name):
        return z3.Bool(f"{name} is present") if name != "now" else z3.BoolVal(True)

    def usable(self, name):
        return z3.Bool(f"{name} is of its type") if name != "now" else z3.BoolVal(True)

    def answer(self, name, *question):
        """Returns the variable for the answer of a finite table."""
        asked = self.asked.setdefault(name, {})
        return asked.setdefault(question, z3.Bool(f"{name} {question}"))

    def number(self, name):
        """Returns the variable for the value as an integer, or for its index."""
        self.seen[name] = value = z3.Int(name)
        return value

    def holds(self, name, operator, operand, fold):
        """Returns the formula that the comparison holds for a usable value."""
        if operator in ("ne", "not_in"):
            return z3.Not(self.holds(name, {"ne": "eq", "not_in": "in"}[operator], operand, fold))
        if operator == "in" or operator in ("starts_with", "ends_with", "contains") and isinstance(operand, list):
            operator = "eq" if operator == "in" else operator
            return some(self.holds(name, operator, value, fold) for value in operand)
        match self.kind(name):
            case "boolean":
                value = z3.Bool(name)
                return value if operand else z3.Not(value)
            case "string" | "semver" | "version":
                self.seen.setdefault(name, None)
                return self.answer(name, operator, operand, fold)
            case "list":
                found = [z3.Bool(f"{name} has {element}") for element in names(operand)]
                return every(found) if operator == "has_all" else some(found)
            case "ip":
                first, last = addresses(operand)
                value = self.number(name)
                return z3.And(first <= value, value <= last)
            case kind:
                value, index = self.number(name), {"number": ordinal, "datetime": nanoseconds}[kind](operand)
                return {
                    "eq": value == index, "lt": value < index, "lte": value <= index, "gt": value > index, "gte": value >= index,
                }[operator]

    def test(self, name, wanted):
        self.seen.setdefault(name, None)
        operators = {"in" if isinstance(wanted, list) else "eq": wanted} if not isinstance(wanted, dict) else dict(wanted)
        fold = operators.pop("ignore_case", False)
        parts = []
        for operator, operand in operators.items():
            if operator == "exists":
                parts.append(both(self.present(name) == operand))
            else:
                holds = self.holds(name, operator, operand, fold)
                parts.append((z3.And(self.usable(name), holds), z3.And(self.usable(name), z3.Not(holds))))
        return all_of(parts)

    def condition(self, made):
        parts = []
        for name, wanted in made.items():
            match name:
                case "all":
                    parts += map(self.condition, wanted)
                case "any":
                    parts.append(any_of([self.condition(inner) for inner in wanted]))
                case "not":
                    parts.append(negated(self.condition(wanted)))
                case "segment":
                    parts.append(any_of([self.segment(segment) for segment in names(wanted)]))
                case "flag":
                    parts += [both(self.serves(key, variants)) for key, variants in wanted.items()]
                case _:
                    parts.append(self.test(name, wanted))
        return all_of(parts)

    def segment(self, name):
        written = self.segments[name]
        return self.condition(written["if"]) if "if" in written else both(z3.BoolVal(True))

    def has_unit(self, unit):
        self.seen.setdefault(unit, None)
        return z3.And(self.usable(unit), z3.Not(self.answer(unit, "eq", "", False)))

    def bucket(self, flag, rule, domain):
        key = unit(flag, rule), flag["salt"], domain
        return self.hashed.setdefault(key, z3.Int(f"bucket {key}"))

    def slot(self, flag, rule):
        """Returns the formula of the units in the slot of a rule."""
        if "slot" not in rule or slot_range(self.layers, rule)[1:] == (0, BUCKETS):
            return z3.BoolVal(True)
        salt, start, end = slot_range(self.layers, rule)
        key = unit(flag, rule), salt, "layer"
        bucket = self.hashed.setdefault(key, z3.Int(f"bucket {key}"))
        return z3.And(self.has_unit(unit(flag, rule)), start <= bucket, bucket < end)

    def gate(self, flag, rule):
        admitted = share(rule.get("rollout", "100%"))
        if admitted in (0, BUCKETS):
            return z3.BoolVal(admitted == BUCKETS)
        return z3.And(self.has_unit(unit(flag, rule)), self.bucket(flag, rule, "gate") < admitted)

    def split(self, flag, rule):
        """Returns, for each variant, the formula of the units that get it from the rule."""
        serve = rule["serve"]
        if isinstance(serve, str):
            return {serve: z3.BoolVal(True)}
        shares = {name: share(percent) for name, percent in serve.items()}
        complete = [name for name, buckets in shares.items() if buckets == BUCKETS]
        if complete:
            return {complete[0]: z3.BoolVal(True)}
        present, bucket, end, made = self.has_unit(unit(flag, rule)), self.bucket(flag, rule, "split"), 0, {}
        for name, buckets in shares.items():
            made[name] = z3.And(present, end <= bucket, bucket < end + buckets)
            end += buckets
        made[flag["off"]] = z3.Or(z3.Not(present), made.get(flag["off"], False))
        return made

    def flag(self, key):
        """Returns the formulas of a flag: prerequisites, conditions of rules, rules that match, and variants served."""
        if key in self.made:
            return self.made[key]
        flag = self.flags[key]
        required = [self.serves(key, variants) for key, variants in flag["requires"].items()]
        conditions = [self.condition(rule["if"])[0] if "if" in rule else z3.BoolVal(True) for rule in flag["rules"]]
        applies = [z3.And(condition, self.slot(flag, rule), self.gate(flag, rule)) for condition, rule in zip(conditions, flag["rules"])]
        outcomes = {name: [] for name in flag["variants"]}
        outcomes[flag["off"]].append(z3.Not(every(required)))
        before = [every(required)]
        for rule, here in zip(flag["rules"], applies):
            for name, who in self.split(flag, rule).items():
                outcomes[name].append(every([*before, here, who]))
            before.append(z3.Not(here))
        outcomes[flag["default"]].append(every(before))
        served = {name: some(ways) for name, ways in outcomes.items()}
        if self.killed is not None and (not flag["enabled"] or key in self.killed):
            served = {name: z3.BoolVal(name == flag["off"]) for name in served}
        self.made[key] = required, conditions, applies, served
        return self.made[key]

    def serves(self, key, variants):
        served = self.flag(key)[3]
        return some(served[name] for name in names(variants))

    def laws(self):
        """Yields the formulas that hold for every context, for all tests so far."""
        for (unit, salt, domain), bucket in self.hashed.items():
            yield z3.And(0 <= bucket, bucket < BUCKETS)
            for text in {text for operator, text, fold in self.asked[unit] if operator == "eq" and not fold}.union(self.allowed(unit) or []):
                here = z3.And(self.usable(unit), self.answer(unit, "eq", text, False))
                yield z3.Implies(here, bucket == row("siphash", salt, domain, text)["bucket"])
        for name, value in self.seen.items():
            yield z3.Implies(self.usable(name), self.present(name))
            if self.kind(name) == "number" and value is not None:
                yield z3.And(-ordinal(LARGEST) <= value, value <= ordinal(LARGEST))
            if self.kind(name) == "ip" and value is not None:
                yield z3.And(0 <= value, value < 2**32 + 2**128)
                yield z3.Or(value < 2**32 + MAPPED, value >= 2**33 + MAPPED)
        for name, asked in self.asked.items():
            questions = tuple(sorted(asked))
            if self.kind(name) == "semver":
                answers = answers_of_versions(questions)
            elif self.kind(name) == "version":
                answers = answers_of_dotted_versions(questions)
            elif allowed := self.allowed(name):
                answers = {answers_of_text(questions, text) for text in allowed}
            else:
                answers = answers_of_texts(questions)
            literals = [(asked[question], z3.Not(asked[question])) for question in questions]
            yield some(every(pair[not sign] for pair, sign in zip(literals, signs)) for signs in sorted(answers))


def unit(flag, rule):
    """Returns the attribute that a rule hashes."""
    return rule.get("unit", flag["unit"])


def slot_range(layers, rule):
    """Returns the salt of the layer of a rule, and the first bucket and the end of its slot."""
    name, slot = rule["slot"].split("/")
    start, end = layers[name]["slots"][slot].split("..")
    return layers[name].get("salt", name), share(start), share(end)


def effective(key, flag, environment, groups):
    """Returns the fields of a flag that count in an environment, and its rules that are enabled there."""
    by_default = {"requires": {}, "rules": [], "enabled": True, "unit": "targetingKey", "salt": key}
    made = by_default | resolved(flag, environment, groups)
    rules = [resolved(rule, environment, groups) for rule in made["rules"]]
    return made | {"rules": [rule for rule in rules if rule.get("enabled", True)]}

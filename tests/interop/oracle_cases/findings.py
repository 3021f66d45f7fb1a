"""Proves with z3 which findings `flagctl validate` must report, and compares them.

    findings.py FLAGS SEED FINDINGS PART PARTS    compares every PARTS-th flag, starting at PART

FINDINGS is the JSON report. The script prints the differences and the number of questions as JSON. It checks both
directions for every finding that is a proof: flagctl must report it if z3 proves it, and must not report it if z3
finds a context.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import z3

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from oracle_cases.environments import resolved, sources
from oracle_cases.generator import ENVIRONMENTS, Repository
from oracle_cases.meaning import BUCKETS, World, names, share, unit

MILLISECONDS = 20_000
PROOFS = ["empty-segment", "universal-segment", "impossible-condition", "impossible-prerequisite", "unservable-variant"]
SHADOWED = ["unreachable-rule", "misordered-rules"]


class Unknown(Exception):
    """z3 gives no answer within the time limit."""


class Questions:
    """Answers whether a context exists for which all given formulas hold."""

    def __init__(self, world, counted):
        self.world, self.counted = world, counted
        self.solver = z3.Solver()
        self.solver.set("timeout", MILLISECONDS)

    def possible(self, kind, *formulas):
        self.solver.push()
        self.solver.add(*formulas, *self.world.laws())
        answer = str(self.solver.check())
        self.solver.pop()
        self.counted[f"{kind}: {answer}"] += 1
        if answer == "unknown":
            raise Unknown
        return answer == "sat"


class Flag:
    """A flag in one environment, and which of its conditions, rules and prerequisites are possible."""

    def __init__(self, repository, key, environment, counted):
        self.world = World(repository, environment)
        self.effective = self.world.flags[key]
        self.required, self.conditions, self.applies, self.served = self.world.flag(key)
        self.ask = Questions(self.world, counted).possible
        groups = repository.settings["groups"]
        self.rules, self.conditions_at = [], []
        for path, rule in written_rules(repository.flags[key], environment, groups):
            if resolved(rule, environment, groups).get("enabled", True):
                self.rules.append(path)
                self.conditions_at.append((*path, *location(rule, "if", environment, groups)))
        requires = location(repository.flags[key], "requires", environment, groups)
        self.requires = [(*requires, key) for key in self.effective["requires"]]
        self.unmet = [not self.ask("prerequisite met", met) for met in self.required]
        written = self.effective["rules"]
        self.closed = [share(rule.get("rollout", "100%")) == 0 for rule in written]
        self.holds = [self.ask("condition holds", condition) for condition in self.conditions]
        self.reached = [
            not closed and holds and self.ask("rule reached", *self.required, *self.passed(rule_index), self.applies[rule_index])
            for rule_index, (closed, holds) in enumerate(zip(self.closed, self.holds))
        ]
        everyone = ["if" not in rule and "slot" not in rule and share(rule.get("rollout", "100%")) == BUCKETS for rule in written]
        self.below_all = [any(everyone[:rule_index]) for rule_index in range(len(written))]

    def passed(self, rule_index):
        return [z3.Not(before) for before in self.applies[:rule_index]]

    def lost(self, rule_index):
        return self.holds[rule_index] and not self.closed[rule_index] and not self.reached[rule_index] and not self.below_all[rule_index]

    def serves(self, rule_index, variant):
        """Returns whether the rule serves the variant, and whether it lists the variant with 0%."""
        serve = self.effective["rules"][rule_index]["serve"]
        shares = {serve: BUCKETS} if isinstance(serve, str) else {name: share(percent) for name, percent in serve.items()}
        return shares.get(variant, 0) > 0, shares.get(variant) == 0

    def unservable(self, variant):
        """Returns whether no context gets the variant, and neither an unreachable nor a closed rule explains it."""
        for rule_index in range(len(self.applies)):
            some, none = self.serves(rule_index, variant)
            if none or some and not self.reached[rule_index]:
                return False
        return not self.ask("variant served", self.served[variant])

    def covered(self, rule_index, rules, requires):
        """Returns whether these rules and prerequisites cover the rule, and every one of them is necessary."""
        formulas = [z3.Not(self.applies[before]) for before in rules]
        formulas += [met for met, path in zip(self.required, self.requires) if path in requires]
        fewer = [formulas[:index] + formulas[index + 1:] for index in range(len(formulas))]
        return not self.ask("cover", self.applies[rule_index], *formulas) and all(
            self.ask("cover less one", self.applies[rule_index], *formulas) for formulas in fewer
        )

    def special_case(self, rule_index, general):
        """Returns whether the rule would serve if it came before the general rule."""
        special_rule, general_rule = self.effective["rules"][rule_index], self.effective["rules"][general]
        if "if" not in special_rule or "if" not in general_rule or distinct(self.effective, special_rule) == distinct(self.effective, general_rule):
            return False
        return self.ask("more general", self.conditions[general], z3.Not(self.conditions[rule_index]))


def location(written, field, environment, groups):
    """Returns the path of the field that counts in an environment, inside the flag or the rule."""
    name = sources(written, environment, groups).get(field)
    return ("environments", name, field) if name else (field,)


def written_rules(flag, environment, groups):
    """Yields the rules of the list that an environment uses, each with its path inside the flag."""
    path = location(flag, "rules", environment, groups)
    for index, rule in enumerate(resolved(flag, environment, groups)["rules"]):
        yield (*path, index), rule


def rule_of(path):
    """Returns the path of the rule that contains a field, or the path itself if it is not in a rule."""
    end = next((index for index, step in enumerate(path, 1) if isinstance(step, int)), len(path))
    return path[:end]


def distinct(flag, rule):
    """Returns a value that is equal for all rules that serve the same variants to the same units."""
    serve = rule["serve"]
    shares = [(serve, "100%")] if isinstance(serve, str) else serve.items()
    served = [(name, share(percent)) for name, percent in shares if share(percent)]
    return served, unit(flag, rule) if len(served) > 1 else None


def mentioned(flag, variant):
    for over in [flag, *flag.get("environments", {}).values()]:
        fields = [fields for rule in over.get("rules", []) for fields in [rule, *rule.get("environments", {}).values()]]
        served = [over.get("off"), over.get("default"), *(own.get("serve") for own in fields)]
        if any(variant in (serve or ()) if not isinstance(serve, str) else variant == serve for serve in served):
            return True
    return False


def segments_in(condition):
    for name, inner in condition.items():
        match name:
            case "all" | "any":
                yield from (found for condition in inner for found in segments_in(condition))
            case "not":
                yield from segments_in(inner)
            case "segment":
                yield from names(inner)


def extents(repository, counted):
    """Returns the expected finding of each segment, by name."""
    expected = {}
    for name, segment in repository.segments.items():
        worlds = [World(repository, environment) for environment in ENVIRONMENTS]
        asked = [(Questions(world, counted).possible, world.segment(name)[0]) for world in worlds]
        if not any([ask("segment contains a context", holds) for ask, holds in asked]):
            expected[name] = "empty-segment"
        elif "if" in segment and not any([ask("segment lacks a context", z3.Not(holds)) for ask, holds in asked]):
            expected[name] = "universal-segment"
    return expected


def expected_of(repository, key, flags, empty):
    """Yields the code and the location of every expected finding in a flag."""
    rules, conditions, requires = {}, {}, {}
    for flag in flags:
        for rule_index, (path, condition_path) in enumerate(zip(flag.rules, flag.conditions_at)):
            rules.setdefault(path, []).append((flag, rule_index))
            conditions.setdefault(condition_path, []).append((flag, rule_index))
        for unmet, path in zip(flag.unmet, flag.requires):
            requires.setdefault(path, []).append(unmet)
    for path, occurrences in conditions.items():
        condition = occurrences[0][0].effective["rules"][occurrences[0][1]].get("if", {})
        if not any(flag.holds[rule_index] or flag.closed[rule_index] for flag, rule_index in occurrences) and not empty.intersection(segments_in(condition)):
            yield "impossible-condition", path
    for path, occurrences in rules.items():
        asked = [(flag, rule_index) for flag, rule_index in occurrences if not any(flag.unmet)]
        if asked and all(flag.lost(rule_index) for flag, rule_index in asked):
            yield "shadowed", path
    for path, unmet in requires.items():
        if all(unmet):
            yield "impossible-prerequisite", path
    asked = [flag for flag in flags if not any(flag.unmet)]
    for variant in repository.flags[key]["variants"]:
        off = any(flag.effective["off"] == variant for flag in flags)
        if asked and not off and mentioned(repository.flags[key], variant) and all([flag.unservable(variant) for flag in asked]):
            yield "unservable-variant", ("variants", variant)


def wrong_covers(flags, code, path, related):
    """Yields the errors in the reason that is reported for an unreachable rule."""
    flag, rule_index = next((flag, flag.rules.index(path)) for flag in flags if path in flag.rules and not any(flag.unmet))
    rules = [flag.rules.index(rule_of(path)) for path in related if rule_of(path) in flag.rules]
    requires = [path for path in related if path in flag.requires]
    if code == "misordered-rules":
        if len(rules) != 1 or not flag.special_case(rule_index, rules[0]):
            yield "is not a special case of the reported rule"
    elif len(rules) == 1 and not requires and flag.special_case(rule_index, rules[0]) and sum(path in other_flag.rules for other_flag in flags) == 1:
        yield "is misordered"
    if not flag.covered(rule_index, rules, requires):
        yield f"is not covered by exactly {related}"


def differs(flag):
    """Returns whether a flag has fields by environment."""
    return any("environments" in written for written in [flag, *flag["rules"]])


def compared(repository, findings, part, parts, counted):
    """Yields one line for each difference."""
    found = {}
    for finding in findings:
        kind, name = Path(finding["path"]).parts[0], Path(finding["path"]).stem
        found.setdefault((kind, name), []).append(finding)
    expected = extents(repository, counted if part == 0 else Counter())
    empty = {name for name, code in expected.items() if code == "empty-segment"}
    for name in repository.segments if part == 0 else []:
        codes = [finding["code"] for finding in found.get(("segments", name), []) if finding["code"] in PROOFS]
        if codes != [code for code in [expected.get(name)] if code]:
            yield f"segments/{name}.yaml: found {codes}, expected {expected.get(name)}"
    for key in sorted(repository.flags)[part::parts]:
        path = f"flags/{key}.yaml"
        try:
            flags = [Flag(repository, key, ENVIRONMENTS[0], counted)]
            if any(differs(repository.flags[made]) for made in flags[0].world.made):
                flags += [Flag(repository, key, environment, counted) for environment in ENVIRONMENTS[1:]]
            wanted = set(expected_of(repository, key, flags, empty))
            paths, got = repository.paths_by_line(key), set()
            for finding in found.get(("flags", key), []):
                where, code = paths[finding["line"]], finding["code"]
                if code == "undecided-analysis":
                    yield f"{path}: the analysis is undecided"
                if code in SHADOWED:
                    got.add(("shadowed", where))
                    related = [paths[label["line"]] for label in finding.get("related", [])]
                    if ("shadowed", where) in wanted:
                        yield from (f"{path}: {where}: {code}: {why}" for why in wrong_covers(flags, code, where, related))
                elif code in PROOFS:
                    got.add((code, where))
        except Unknown:
            continue
        yield from (f"{path}: {where}: expected {code}, found nothing" for code, where in sorted(wanted - got, key=str))
        yield from (f"{path}: {where}: expected nothing, found {code}" for code, where in sorted(got - wanted, key=str))


def main():
    flags, seed, findings, part, parts = sys.argv[1:]
    repository, counted = Repository(int(seed), int(flags)), Counter()
    with open(findings, encoding="utf-8") as file:
        reported = json.load(file)["findings"]
    wrong = list(compared(repository, reported, int(part), int(parts), counted))
    json.dump({"wrong": wrong, "counted": counted}, sys.stdout)


if __name__ == "__main__":
    main()

"""Compares JSON with the patterns of scenarios.

A pattern is JSON. An object matches an object that has its members, and perhaps others. A list matches a list of the
same length. Everything else matches a value of the same type that is equal to it. An object whose only member begins
with `$` is a matcher; `MATCHERS` lists them.
"""

import json
import re
from decimal import Decimal

TYPES = {"string": str, "boolean": bool, "object": dict, "list": list, "null": type(None)}


class DuplicateMembers(ValueError):
    """An object has two members with one name."""


def read(text):
    """Parses JSON. A number with a fraction or an exponent becomes a Decimal, and every other number an int."""
    return json.loads(text, parse_float=Decimal, parse_constant=refused, object_pairs_hook=members)


def refused(name):
    raise ValueError(f"{name} is not JSON")


def members(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateMembers(f"two members of an object have one name: {', '.join(name for name, _ in pairs)}")
    return found


def written(value):
    """Returns a value as short JSON for messages."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else text[:200] + "…"


def is_number(value):
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def same(pattern, value):
    """Returns whether two values are equal and have the same type. 1 and 1.0 are equal."""
    if is_number(pattern) and is_number(value):
        return pattern == value
    if type(pattern) is not type(value):
        return False
    if isinstance(pattern, dict):
        return pattern.keys() == value.keys() and all(same(pattern[name], value[name]) for name in pattern)
    if isinstance(pattern, list):
        return len(pattern) == len(value) and all(map(same, pattern, value))
    return pattern == value


def differences(pattern, value, kept, path=""):
    """Returns how a value differs from a pattern, as a list of sentences. `kept` has the values of `$kept`."""
    where = path or "the body"
    if isinstance(pattern, dict):
        if len(pattern) == 1 and (name := next(iter(pattern))).startswith("$"):
            return MATCHERS[name](pattern[name], value, kept, path)
        if not isinstance(value, dict):
            return [f"{where}: expected an object, found {written(value)}"]
        found = []
        for name, expected in pattern.items():
            inner = f"{path}/{name}"
            if isinstance(expected, dict) and "$absent" in expected:
                found += [f"{inner}: expected no such member, found {written(value[name])}"] if name in value else []
            elif isinstance(expected, dict) and "$optional" in expected:
                found += differences(expected["$optional"], value[name], kept, inner) if name in value else []
            elif name not in value:
                found.append(f"{inner}: the member is missing")
            else:
                found += differences(expected, value[name], kept, inner)
        return found
    if isinstance(pattern, list) and isinstance(value, list) and len(pattern) == len(value):
        return [each for index, pair in enumerate(zip(pattern, value)) for each in differences(*pair, kept, f"{path}/{index}")]
    return [] if same(pattern, value) else [f"{where}: expected {written(pattern)}, found {written(value)}"]


def expected(text, fits, value, path):
    return [] if fits else [f"{path or 'the body'}: expected {text}, found {written(value)}"]


def any_of(patterns, value, kept, path):
    fits = any(not differences(pattern, value, kept, path) for pattern in patterns)
    return expected(f"one of {written(patterns)}", fits, value, path)


def contains(patterns, value, kept, path):
    if not isinstance(value, list):
        return expected("a list", False, value, path)
    missing = [pattern for pattern in patterns if all(differences(pattern, element, kept) for element in value)]
    return [f"{path}: expected an element {written(pattern)}, found none" for pattern in missing]


def lacks(patterns, value, kept, path):
    if not isinstance(value, list):
        return expected("a list", False, value, path)
    found = [pattern for pattern in patterns if any(not differences(pattern, element, kept) for element in value)]
    return [f"{path}: expected no element {written(pattern)}, found one" for pattern in found]


def of_type(name, value, _kept, path):
    fits = is_number(value) if name == "number" else type(value) is TYPES.get(name)
    return expected(f"a value of the type {name}", fits, value, path)


def text(pattern, value, _kept, path):
    fits = isinstance(value, str) and re.fullmatch(pattern, value, re.DOTALL) is not None
    return expected(f"text that matches `{pattern}`", fits, value, path)


def opposite(pattern, value, kept, path):
    return expected(f"anything but {written(pattern)}", bool(differences(pattern, value, kept, path)), value, path)


MATCHERS = {
    # Any value.
    "$any": lambda _true, _value, _kept, _path: [],
    # The member is missing. `$optional` is a pattern for a member that may be missing. Both are for members of objects.
    "$absent": lambda _true, value, _kept, path: expected("no such member", False, value, path),
    "$optional": lambda pattern, value, kept, path: differences(pattern, value, kept, path),
    # One of several patterns matches, or the pattern does not match.
    "$oneOf": any_of,
    "$not": opposite,
    # The value has this type: string, boolean, number, object, list or null.
    "$type": of_type,
    # The object or list has exactly these members or elements.
    "$exactly": lambda pattern, value, _kept, path: expected(written(pattern), same(pattern, value), value, path),
    # A number that is written as a float, as in 1.0 or 1e0, or as an integer.
    "$float": lambda number, value, _kept, path: expected(
        f"{number} with a fraction", isinstance(value, Decimal) and value == number, value, path
    ),
    "$integer": lambda number, value, _kept, path: expected(
        f"{number} without a fraction", type(value) is int and value == number, value, path
    ),
    # The whole text matches a regular expression.
    "$matches": text,
    # The list has an element for each pattern, or for none of them.
    "$contains": contains,
    "$lacks": lacks,
    # The value equals the one that an earlier step kept under this name.
    "$kept": lambda name, value, kept, path: expected(
        f"{written(kept.get(name))} as in the earlier step", same(kept.get(name), value), value, path
    ),
}

#!/usr/bin/env python3
"""Writes the three-valued table of conditions from the expectations in this file.

    conditions.py --check FILE    exits with 1 if the file differs from the expectations
    conditions.py --write FILE    writes the file again

Each test below lists the values for which it holds and the values for which it does not hold. This script
adds the other rows of the table: a test is unknown for a missing attribute, for null and for a value of the
wrong type; `not` exchanges true and false and keeps unknown. The script needs only the standard library.
"""

import argparse
import json
import sys

ABOUT = [
    "Conditions, contexts, and whether the condition holds for the context: true, false or \"unknown\".",
    "`attributes` is the context schema, as in flagctl.yaml. `segments` and `flags` are the definitions that"
    " conditions refer to, by name, as in their files. `now` is the time of each decision whose row has no `now`.",
]

NOW = "2026-11-22T11:02:00Z"

ATTRIBUTES = {
    "text": "string",
    "plan": {"type": "string", "enum": ["free", "pro", "enterprise"]},
    "beta": "boolean",
    "age": "number",
    "version": "semver",
    "since": "datetime",
    "ip": "ip",
    "groups": {"type": "list", "of": "string"},
    "roles": {"type": "list", "of": "string", "enum": ["admin", "staff", "guest"]},
    "scores": {"type": "list", "of": "number"},
    "app.version": "semver",
    "os": "version",
    "user.address.country": "string",
}

SEGMENTS = {
    "adults": {"if": {"age": {"gte": 18}}},
    "staff": {"if": {"groups": {"has": "staff"}}},
    "adult-staff": {"if": {"all": [{"segment": "adults"}, {"segment": "staff"}]}},
    "others": {"if": {"not": {"segment": "adult-staff"}}},
    "everyone": {"description": "A segment without a condition."},
}

SWITCH = {"variants": {"on": True, "off": False}, "off": "off", "default": "on"}
FLAGS = {
    "always": SWITCH,
    "adults-only": SWITCH | {"default": "off", "rules": [{"if": {"segment": "adults"}, "serve": "on"}]},
}

# For each attribute, values that do not have its type, the most likely mistakes first.
UNUSABLE = {
    "text": [5, True, ["a"], {"a": "b"}],
    "plan": ["gold", "Pro", "", 5, ["pro"]],
    "beta": ["true", 1, [True]],
    "age": ["18", True, [18], 9007199254740993, -9007199254740993, 18446744073709551616],
    "version": ["1.2", "v1.2.3", "01.2.3", "1.2.3-01", "1.2.3-", "1.2.3.4", " 1.2.3", "", 1.2, ["1.2.3"]],
    "since": [
        "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01T00:00Z", "2026-02-29T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00[UTC]",
        "2026-01-01T00:00:00Z[UTC]", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:005Z",
        "2026-01-01T00:00:00+01:00Z", "", 1767225600,
    ],
    "ip": ["192.0.2", "192.0.2.256", "192.0.2.01", "192.0.2.0/24", " 192.0.2.1", "[2001:db8::1]", "host", "", 3221225985],
    "groups": ["staff", [1], ["staff", 1], ["staff", None], [["staff"]], {"staff": True}],
    "roles": ["admin", ["admin", "owner"], ["Admin"]],
    "scores": [1, ["1"], [1, None], [1, 9007199254740993]],
    "app.version": ["2", 2],
    "os": [10, 17.4, "", "v", "10.", "10.x", ".1", "1..2", "V1", "1-", " 1", "1,5", ["1"]],
    "user.address.country": [49],
}

# Attribute, test, values for which the test holds, values for which it does not hold.
TESTS = [
    # Strings are compared by code points.
    ("text", "pro", ["pro"], ["Pro", "pro ", ""]),
    ("text", ["a", "b"], ["a", "b"], ["c", "ab"]),
    ("text", {"eq": "pro"}, ["pro"], ["PRO"]),
    ("text", {"eq": ""}, [""], [" "]),
    ("text", {"eq": "é"}, ["é"], ["e\u0301"]),
    ("text", {"ne": "pro"}, ["free", ""], ["pro"]),
    ("text", {"in": ["a", "b"]}, ["b"], ["", "B"]),
    ("text", {"in": [f"u{number}" for number in range(20)]}, ["u0", "u19"], ["u20", "u"]),
    ("text", {"not_in": ["a", "b"]}, ["c", "A"], ["a", "b"]),
    ("text", {"starts_with": "ab"}, ["ab", "abc"], ["a", "ABC", "cab"]),
    ("text", {"starts_with": ""}, ["", "a"], []),
    ("text", {"ends_with": "@example.com"}, ["a@example.com", "@example.com"], ["a@example.com.evil", "a@EXAMPLE.com"]),
    ("text", {"contains": "b"}, ["b", "abc"], ["", "ac", "B"]),
    ("text", {"contains": ""}, ["", "a"], []),
    ("text", {"contains": "🦀"}, ["a🦀b"], ["ab"]),
    ("text", {"matches": "b+"}, ["abbc"], ["ac", "B"]),
    ("text", {"matches": "^[a-z]+$"}, ["abc"], ["abc1", "abc\n", ""]),
    ("text", {"matches": "^a|b$"}, ["ax", "xb"], ["xa", "bx"]),
    ("text", {"matches": "^\\d{2}$"}, ["42"], ["4", "423"]),
    ("text", {"matches": ""}, ["", "a"], []),
    ("text", {"matches": "(?i)pro"}, ["PRO"], ["p"]),
    ("text", {"starts_with": "a", "ends_with": "z"}, ["az", "a-z"], ["a", "z", "za"]),
    # A list of texts holds if one of them does.
    ("text", {"starts_with": ["qa-", "test-"]}, ["qa-1", "test-1"], ["a", "x-qa-1"]),
    ("text", {"ends_with": ["@a.example", "@b.example"]}, ["x@a.example", "x@b.example"], ["x@c.example", "@a.example.org"]),
    ("text", {"contains": ["b", "b", "c"]}, ["abc", "c"], ["a", ""]),
    ("text", {"contains": ["b"]}, ["b"], ["a"]),
    ("text", {"matches": ["^a+$", "^b+$"]}, ["aa", "b"], ["ab", ""]),
    ("text", {"starts_with": ["a", "b"], "ends_with": ["y", "z"]}, ["ay", "bz"], ["a", "y", "cz"]),
    ("text", {"starts_with": ["Qa-", "Test-"], "ignore_case": True}, ["QA-1", "test-1"], ["a"]),
    ("text", {"matches": ["^A", "^(?-i:b)"], "ignore_case": True}, ["ax", "bx"], ["Bx"]),
    ("text", {"ne": "a", "contains": "a"}, ["ba"], ["a", "b"]),
    # `ignore_case` uses simple case folding, so that one letter never equals two letters.
    ("text", {"eq": "Pro", "ignore_case": True}, ["pro", "PRO", "Pro"], ["pr", "pro1"]),
    ("text", {"eq": "Pro", "ignore_case": False}, ["Pro"], ["pro"]),
    ("text", {"eq": "a.b", "ignore_case": True}, ["A.B"], ["AxB"]),
    ("text", {"eq": "straße", "ignore_case": True}, ["STRAßE", "STRAẞE"], ["STRASSE"]),
    ("text", {"eq": "ΣΑΣ", "ignore_case": True}, ["σας", "σασ"], ["σα"]),
    ("text", {"eq": "k", "ignore_case": True}, ["K", "\u212a"], ["q"]),
    ("text", {"eq": "i", "ignore_case": True}, ["I"], ["İ", "ı"]),
    ("text", {"eq": "", "ignore_case": True}, [""], ["a"]),
    ("text", {"ne": "Pro", "ignore_case": True}, ["free"], ["pro", "PRO"]),
    ("text", {"in": ["DE", "fr"], "ignore_case": True}, ["de", "FR"], ["d", "defr"]),
    ("text", {"not_in": ["DE", "fr"], "ignore_case": True}, ["us", "d"], ["de", "Fr"]),
    ("text", {"starts_with": "Ab", "ignore_case": True}, ["aB", "ABC"], ["a", "cab"]),
    ("text", {"ends_with": "@Example.com", "ignore_case": True}, ["A@EXAMPLE.COM"], ["a@example.com.evil", "a@examplexcom"]),
    ("text", {"contains": "É", "ignore_case": True}, ["café", "CAFÉ"], ["cafe"]),
    ("text", {"contains": "[", "ignore_case": True}, ["a[b"], ["ab"]),
    ("text", {"matches": "^a|b$", "ignore_case": True}, ["AX", "XB"], ["XA"]),
    ("text", {"matches": "^(?-i:a)b", "ignore_case": True}, ["aB", "ab"], ["Ab"]),
    ("text", {"starts_with": "A", "ends_with": "Z", "ignore_case": True}, ["az"], ["a", "z"]),
    # A string with an enum is unknown for a value outside the enum.
    ("plan", "pro", ["pro"], ["free"]),
    ("plan", ["pro", "enterprise"], ["pro", "enterprise"], ["free"]),
    ("plan", {"ne": "pro"}, ["free"], ["pro"]),
    ("plan", {"not_in": ["pro", "enterprise"]}, ["free"], ["enterprise"]),
    ("plan", {"eq": "PRO", "ignore_case": True}, ["pro"], ["free"]),
    ("plan", {"starts_with": "e"}, ["enterprise"], ["free"]),
    ("plan", {"matches": "^(free|pro)$"}, ["free"], ["enterprise"]),
    # Booleans.
    ("beta", True, [True], [False]),
    ("beta", False, [False], [True]),
    ("beta", {"eq": True}, [True], [False]),
    ("beta", {"ne": True}, [False], [True]),
    ("beta", {"in": [True, False]}, [True, False], []),
    ("beta", {"in": [False]}, [False], [True]),
    ("beta", {"not_in": [True]}, [False], [True]),
    ("beta", {"not_in": [True, False]}, [], [True, False]),
    # Numbers are doubles; the two zeros are equal.
    ("age", 18, [18, 18.0], [17, 18.5]),
    ("age", [1, 2], [1, 2], [3, 0]),
    ("age", {"eq": 0}, [0, -0.0], [1]),
    ("age", {"eq": 1000}, [1e3], [1001]),
    ("age", {"eq": 0.1}, [0.1], [0.2, 0.10000000000000002]),
    ("age", {"eq": -1.5}, [-1.5], [1.5]),
    ("age", {"eq": 9007199254740991}, [9007199254740991], [9007199254740990]),
    ("age", {"eq": -9007199254740991}, [-9007199254740991], [-9007199254740990]),
    ("age", {"ne": 18}, [17], [18, 18.0]),
    ("age", {"in": [1, 2.5]}, [2.5], [2]),
    ("age", {"not_in": [1, 2.5]}, [2], [1, 1.0, 2.5]),
    ("age", {"lt": 18}, [17, 17.999, -18], [18, 19]),
    ("age", {"lte": 18}, [17, 18], [18.001]),
    ("age", {"gt": 18}, [19, 18.001], [18, 17]),
    ("age", {"gte": 18}, [18, 19], [17.999]),
    ("age", {"gt": 9007199254740990}, [9007199254740991], [9007199254740990]),
    ("age", {"lt": 0}, [-5e-324], [0, -0.0]),
    ("age", {"gte": 18, "lt": 65}, [18, 64.9], [17, 65]),
    # Versions are ordered by precedence, which ignores build metadata.
    ("version", "1.2.3", ["1.2.3", "1.2.3+build.5"], ["1.2.4", "1.2.3-rc.1"]),
    ("version", ["1.0.0", "2.0.0"], ["2.0.0", "2.0.0+a"], ["1.0.1"]),
    ("version", {"eq": "1.2.3+a"}, ["1.2.3", "1.2.3+b"], ["1.2.3-a"]),
    ("version", {"eq": "1.0.0-rc.1"}, ["1.0.0-rc.1", "1.0.0-rc.1+b"], ["1.0.0", "1.0.0-rc.2"]),
    ("version", {"ne": "1.2.3"}, ["1.2.4", "1.2.3-rc.1"], ["1.2.3", "1.2.3+a"]),
    ("version", {"in": ["1.2.3+a", "1.2.3+b"]}, ["1.2.3", "1.2.3+c"], ["1.2.2"]),
    ("version", {"not_in": ["1.0.0", "2.0.0"]}, ["1.0.1"], ["1.0.0", "2.0.0+a"]),
    ("version", {"lt": "2.4.0"}, ["2.3.9", "2.4.0-rc.1", "1.99.0"], ["2.4.0", "2.4.0+a", "10.0.0"]),
    ("version", {"lte": "2.4.0"}, ["2.4.0", "2.4.0+z"], ["2.4.1"]),
    ("version", {"gt": "2.4.0"}, ["2.4.1", "2.10.0"], ["2.4.0", "2.4.0+z", "2.4.0-rc.1"]),
    ("version", {"gte": "2.4.0"}, ["2.4.0", "2.4.0+a", "10.0.0"], ["2.4.0-rc.1", "2.3.99"]),
    ("version", {"gt": "1.0.0-alpha"}, ["1.0.0-alpha.1", "1.0.0"], ["1.0.0-alpha", "1.0.0-1"]),
    ("version", {"gt": "1.0.0-alpha.1"}, ["1.0.0-alpha.beta"], ["1.0.0-alpha.0"]),
    ("version", {"gt": "1.0.0-alpha.beta"}, ["1.0.0-beta"], ["1.0.0-alpha.9"]),
    ("version", {"gt": "1.0.0-beta.2"}, ["1.0.0-beta.11", "1.0.0-rc.1"], ["1.0.0-beta", "1.0.0-beta.1"]),
    # Datetimes are compared as points in time; their offsets do not matter.
    ("since", "2026-01-01T00:00:00Z", ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"], ["2026-01-01T00:00:00+01:00"]),
    ("since", ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"], ["2026-01-01T23:00:00-01:00"], ["2026-01-01T12:00:00Z"]),
    ("since", {"eq": "2026-01-01T02:00:00+02:00"}, ["2025-12-31T19:00:00-05:00"], ["2026-01-01T02:00:00Z"]),
    ("since", {"eq": "2026-01-01T00:00:00Z"}, ["2026-01-01T00:00:00.000Z", "2026-01-01T05:45:00+05:45"], ["2026-01-01T00:00:00.001Z"]),
    ("since", {"ne": "2026-01-01T00:00:00Z"}, ["2026-01-01T00:00:01Z"], ["2026-01-01T01:00:00+01:00"]),
    ("since", {"in": ["2026-01-01T00:00:00Z", "2024-02-29T00:00:00Z"]}, ["2024-02-29T00:00:00Z"], ["2024-02-28T00:00:00Z"]),
    ("since", {"not_in": ["2026-01-01T00:00:00Z"]}, ["2026-01-02T00:00:00Z"], ["2026-01-01T01:00:00+01:00"]),
    ("since", {"lt": "2026-01-01T00:00:00Z"}, ["2025-12-31T23:59:59.999999999Z", "2026-01-01T00:30:00+01:00"], ["2026-01-01T00:00:00Z", "2025-12-31T23:30:00-01:00"]),
    ("since", {"lte": "2026-01-01T00:00:00Z"}, ["2026-01-01T00:00:00Z"], ["2026-01-01T00:00:00.000000001Z"]),
    ("since", {"gt": "2026-01-01T00:00:00Z"}, ["2026-01-01T00:00:00.5Z"], ["2026-01-01T00:00:00Z"]),
    ("since", {"gte": "2026-01-01T00:00:00+01:00"}, ["2025-12-31T23:00:00Z"], ["2025-12-31T22:59:59Z"]),
    ("since", {"gte": "2026-01-01T00:00:00Z", "lt": "2027-01-01T00:00:00Z"}, ["2026-06-01T00:00:00Z"], ["2027-01-01T00:00:00Z"]),
    ("since", {"gt": "1969-12-31T23:59:59Z"}, ["1970-01-01T00:00:00Z"], ["1900-01-01T00:00:00Z"]),
    # Addresses are compared with addresses and networks; an IPv4-mapped IPv6 address is an IPv4 address.
    ("ip", "192.0.2.1", ["192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201"], ["192.0.2.2", "::192.0.2.1"]),
    ("ip", ["192.0.2.0/24", "2001:db8::/32"], ["192.0.2.255", "2001:db8:ffff::1"], ["192.0.3.0", "2001:db9::"]),
    ("ip", {"eq": "2001:db8::1"}, ["2001:DB8:0:0:0:0:0:1"], ["2001:db8::2"]),
    ("ip", {"eq": "::ffff:192.0.2.1"}, ["192.0.2.1", "::ffff:192.0.2.1"], ["192.0.2.2"]),
    ("ip", {"ne": "192.0.2.1"}, ["192.0.2.2", "::1"], ["192.0.2.1", "::ffff:192.0.2.1"]),
    ("ip", {"in": ["192.0.2.0/24"]}, ["192.0.2.0", "::ffff:192.0.2.9"], ["192.0.1.255", "2001:db8::1"]),
    ("ip", {"in": ["10.0.0.0/8", "192.0.2.7"]}, ["10.255.0.1", "192.0.2.7"], ["11.0.0.0", "192.0.2.8"]),
    ("ip", {"in": ["::ffff:192.0.2.0/120"]}, ["192.0.2.7", "::ffff:192.0.2.7"], ["192.0.3.7", "2001:db8::1"]),
    ("ip", {"in": ["0.0.0.0/0"]}, ["203.0.113.9", "::ffff:203.0.113.9"], ["2001:db8::1"]),
    ("ip", {"in": ["::/0"]}, ["2001:db8::1"], ["203.0.113.9", "::ffff:203.0.113.9"]),
    ("ip", {"in": ["2001:db8::/127"]}, ["2001:db8::1"], ["2001:db8::2"]),
    ("ip", {"not_in": ["192.0.2.0/24"]}, ["192.0.3.1"], ["192.0.2.1", "::ffff:192.0.2.1"]),
    # Lists.
    ("groups", {"has": "staff"}, [["staff"], ["a", "staff", "staff"]], [[], ["Staff"], ["a"]]),
    ("groups", {"has_any": ["a", "b"]}, [["b"], ["c", "a"]], [[], ["c"]]),
    ("groups", {"has_all": ["a", "b"]}, [["b", "a"], ["a", "b", "c"]], [[], ["a"], ["a", "a"]]),
    ("groups", {"has_all": ["a", "a"]}, [["a"]], [["b"]]),
    ("groups", {"has": "a", "has_any": ["b", "c"]}, [["a", "c"]], [["a"], ["c"]]),
    ("roles", {"has": "admin"}, [["admin"]], [["guest"], []]),
    ("roles", {"has_any": ["admin", "staff"]}, [["guest", "staff"]], [["guest"]]),
    ("roles", {"has_all": ["admin", "staff"]}, [["admin", "staff"]], [["staff"]]),
    ("scores", {"has": 1}, [[1], [2, 1.0]], [[], [1.5]]),
    ("scores", {"has": 0}, [[-0.0]], [[1]]),
    ("scores", {"has_any": [1, 2.5]}, [[2.5]], [[2]]),
    ("scores", {"has_all": [1, 2.5]}, [[2.5, 1]], [[1]]),
    # Nested attributes.
    ("app.version", {"gte": "2.4.0"}, ["2.4.0"], ["2.3.0"]),
    # Versions of any number of parts: missing parts are zero.
    ("os", "17.4", ["17.4", "17.4.0", "v17.4", "017.04.00", "17.4+b"], ["17.40", "17.4.0.1", "17.4-rc.1"]),
    ("os", ["10", "11.0"], ["10.0.0", "11"], ["10.1", "1"]),
    ("os", {"ne": "17.4"}, ["17", "17.4-a"], ["17.4.0"]),
    ("os", {"gte": "137.1.79.51"}, ["137.1.80.31", "137.1.79.51", "138", "137.1.79.100"], ["137.1.79.6", "137.1.79.51-b", "137"]),
    ("os", {"lt": "10.0.19045"}, ["10.0.19045-a", "10.0.9999", "10", "9.99.99999"], ["10.0.19045", "10.1", "10.0.19045.1"]),
    ("os", {"gt": "1-a"}, ["1-a.0", "1-b", "1"], ["1-a", "1-A", "1-9", "0.9"]),
    ("os", {"gt": "1-2"}, ["1-10", "1-a"], ["1-2", "1-1"]),
    ("os", {"lte": "18446744073709551616"}, ["18446744073709551615", "18446744073709551616.0"], ["18446744073709551616.1", "20000000000000000000"]),
    ("os", {"not_in": ["1.0", "2"]}, ["1.1"], ["1", "2.0.0"]),
    ("user.address.country", ["DE", "FR"], ["DE"], ["US"]),
]

# For each attribute, values for which `exists` is true. A value of the wrong type exists too.
EXISTING = {
    "text": ["", "a"], "plan": ["pro", "gold"], "beta": [False, "no"], "age": [0, "18", 9007199254740993],
    "version": ["1.2.3", "1.2"], "since": ["2026-01-01T00:00:00Z", 5], "ip": ["::1", "host"],
    "groups": [[], ["a"], "a"], "roles": [["owner"]], "scores": [[], [None]],
    "app.version": ["2"], "os": ["17.4", 17], "user.address.country": ["", {"name": "DE"}],
}

NOT = {True: False, False: True, "unknown": "unknown"}
AND = {
    (True, True): True, (True, "unknown"): "unknown", (True, False): False,
    ("unknown", True): "unknown", ("unknown", "unknown"): "unknown", ("unknown", False): False,
    (False, True): False, (False, "unknown"): False, (False, False): False,
}
OR = {
    (True, True): True, (True, "unknown"): True, (True, False): True,
    ("unknown", True): True, ("unknown", "unknown"): "unknown", ("unknown", False): "unknown",
    (False, True): True, (False, "unknown"): "unknown", (False, False): False,
}
# Two conditions each that are true, unknown and false for the context {"beta": true}.
ATOMS = {
    True: [{"beta": True}, {"text": {"exists": False}}],
    "unknown": [{"age": 1}, {"text": "a"}],
    False: [{"beta": False}, {"age": {"exists": True}}],
}
BETA = {"beta": True}

# Condition, context, whether the condition holds, and the time of the decision if it matters.
SINGLE = [
    # Nested attributes can be written as nested objects, with dotted names, or with both.
    ({"app.version": "1.0.0"}, {"app": {"version": "1.0.0"}}, True),
    ({"app.version": "1.0.0"}, {"app.version": "1.0.0"}, True),
    ({"user.address.country": "DE"}, {"user": {"address": {"country": "DE"}}}, True),
    ({"user.address.country": "DE"}, {"user": {"address.country": "DE"}}, True),
    ({"user.address.country": "DE"}, {"user.address": {"country": "DE"}}, True),
    ({"user.address.country": "DE"}, {"user": {"address": {"country": "US"}}, "country": "DE"}, False),
    ({"user.address.country": "DE"}, {"user": {"address": {}}}, "unknown"),
    ({"user.address.country": "DE"}, {"user": {"address": "DE"}}, "unknown"),
    ({"user.address.country": "DE"}, {"user": None}, "unknown"),
    ({"user.address.country": "DE"}, {"user": [{"address": {"country": "DE"}}]}, "unknown"),
    ({"user.address.country": {"exists": True}}, {"user": {"address": {}}}, False),
    ({"app.version": {"exists": True}, "user.address.country": {"exists": False}}, {"app": {"version": "1.0.0"}, "user": {"name": "a"}}, True),
    # An attribute that the context schema does not declare has no effect.
    ({"beta": True}, {"beta": True, "colour": "red", "Beta": False}, True),
    ({"text": "a"}, {"Text": "a"}, "unknown"),
    # Every schema has a targeting key.
    ({"targetingKey": "user-1"}, {"targetingKey": "user-1"}, True),
    ({"targetingKey": {"starts_with": "user-"}}, {"targetingKey": "user-1"}, True),
    ({"targetingKey": {"exists": True}}, {}, False),
    ({"targetingKey": {"exists": True}}, {"targetingKey": ""}, True),
    ({"targetingKey": "1"}, {"targetingKey": 1}, "unknown"),
    # Several entries of one mapping must all hold.
    ({"beta": True, "age": {"gte": 18}}, {"beta": True, "age": 18}, True),
    ({"beta": True, "age": {"gte": 18}}, {"beta": True}, "unknown"),
    ({"beta": True, "age": {"gte": 18}}, {"beta": False}, False),
    ({"age": {"exists": True, "gte": 18}}, {}, False),
    ({"not": {"beta": True}, "any": [{"age": 1}, {"age": 2}]}, {"beta": False, "age": 2}, True),
    ({"not": {"beta": True, "age": {"gte": 18}}}, {"beta": False}, True),
    ({"not": {"beta": True, "age": {"gte": 18}}}, {"beta": True}, "unknown"),
    # Segments: one, one of several, nested, and negated.
    ({"segment": "adults"}, {"age": 18}, True),
    ({"segment": "adults"}, {"age": 17}, False),
    ({"segment": "adults"}, {}, "unknown"),
    ({"not": {"segment": "adults"}}, {}, "unknown"),
    ({"segment": ["adults", "staff"]}, {"age": 17, "groups": ["staff"]}, True),
    ({"segment": ["adults", "staff"]}, {"groups": ["staff"]}, True),
    ({"segment": ["adults", "staff"]}, {"age": 17}, "unknown"),
    ({"segment": ["adults", "staff"]}, {"age": 17, "groups": []}, False),
    ({"segment": ["adults"]}, {"age": 18}, True),
    ({"segment": "adult-staff"}, {"age": 18, "groups": ["staff"]}, True),
    ({"segment": "adult-staff"}, {"age": 18}, "unknown"),
    ({"segment": "adult-staff"}, {"age": 17}, False),
    ({"segment": "others"}, {"age": 17}, True),
    ({"segment": "others"}, {"age": 18}, "unknown"),
    ({"segment": "others"}, {"age": 18, "groups": ["staff"]}, False),
    ({"not": {"segment": "others"}}, {"age": 17}, False),
    ({"segment": "everyone"}, {}, True),
    ({"segment": "everyone"}, {"age": "18"}, True),
    ({"not": {"segment": "everyone"}}, {}, False),
    ({"segment": ["adults", "everyone"]}, {}, True),
    ({"all": [{"segment": "everyone"}, {"segment": "adults"}]}, {}, "unknown"),
    ({"segment": "everyone", "age": 18}, {"age": 17}, False),
    ({"segment": "adults", "beta": True}, {"beta": False}, False),
    # A flag serves a variant to every context, so a condition on a flag is never unknown.
    ({"flag": {"always": "on"}}, {}, True),
    ({"flag": {"always": "off"}}, {}, False),
    ({"flag": {"always": ["on", "off"]}}, {}, True),
    ({"flag": {"adults-only": "on"}}, {"age": 18}, True),
    ({"flag": {"adults-only": "on"}}, {}, False),
    ({"not": {"flag": {"adults-only": "on"}}}, {}, True),
    ({"flag": {"always": "on", "adults-only": "on"}}, {"age": 17}, False),
    ({"flag": {"always": "on", "adults-only": ["on"]}}, {"age": 18}, True),
    ({"any": [{"flag": {"always": "off"}}, {"age": 1}]}, {}, "unknown"),
    # `now` is in every context schema, and no context can set it.
    ({"now": {"gte": "2026-11-22T11:02:00Z"}}, {}, True),
    ({"now": {"gt": "2026-11-22T12:02:00+01:00"}}, {}, False),
    ({"now": {"lt": "2026-11-22T11:02:00Z"}}, {}, False),
    ({"now": {"lt": "2026-11-22T11:02:00Z"}}, {}, True, "2026-11-22T11:01:59.999999999Z"),
    ({"now": "2026-11-22T12:02:00+01:00"}, {}, True),
    ({"now": {"in": ["2026-11-22T11:02:00Z", "2030-01-01T00:00:00Z"]}}, {}, True, "2030-01-01T00:00:00Z"),
    ({"now": {"ne": "2026-11-22T11:02:00Z"}}, {}, False),
    ({"not": {"now": {"gte": "2026-12-01T00:00:00Z", "lt": "2027-01-01T00:00:00Z"}}}, {}, True),
    ({"not": {"now": {"gte": "2026-12-01T00:00:00Z", "lt": "2027-01-01T00:00:00Z"}}}, {}, False, "2026-12-24T18:00:00Z"),
    ({"now": {"exists": True}}, {}, True),
    ({"now": {"exists": False}}, {}, False),
    # JSON numbers that a double cannot distinguish.
    ({"age": {"gt": 5}}, {"age": 9007199254740993}, "unknown"),
    ({"age": {"gt": 5}}, {"age": 9223372036854775808}, "unknown"),
    ({"age": {"gt": 5}}, {"age": 1e300}, "unknown"),
    ({"not": {"age": {"gt": 5}}}, {"age": -9007199254740993}, "unknown"),
    ({"age": {"exists": True}}, {"age": 9007199254740993}, True),
]


def context_with(name, value):
    """Returns a context with one attribute."""
    for level in reversed(name.split(".")):
        value = {level: value}
    return value


def negated(condition, context, holds):
    return {"if": {"not": condition}, "context": context, "holds": NOT[holds]}


def both(condition, context, holds):
    yield {"if": condition, "context": context, "holds": holds}
    yield negated(condition, context, holds)


def rows():
    met = set()
    for name, asked, holding, failing in TESTS:
        condition = {name: asked}
        # The first test of each combination of attribute and operators also gets the unknown rows and negations.
        form = (name, tuple(asked) if isinstance(asked, dict) else type(asked))
        first_of_form = form not in met
        met.add(form)
        mistake = UNUSABLE[name][len(met) % len(UNUSABLE[name])]
        unknown = [context_with(name, mistake), {}, context_with(name, None)] if first_of_form else []
        for contexts, holds in [
            ([context_with(name, value) for value in holding], True),
            ([context_with(name, value) for value in failing], False),
            (unknown, "unknown"),
        ]:
            for context in contexts:
                yield {"if": condition, "context": context, "holds": holds}
            for context in contexts[: 3 if holds == "unknown" else 1] if first_of_form else []:
                yield negated(condition, context, holds)
    for name, values in UNUSABLE.items():
        condition = next({test[0]: test[1]} for test in TESTS if test[0] == name)
        for value in values:
            yield from both(condition, context_with(name, value), "unknown")
    for name, values in EXISTING.items():
        for wanted in [True, False]:
            condition = {name: {"exists": wanted}}
            for value in values:
                yield from both(condition, context_with(name, value), wanted)
            yield from both(condition, {}, not wanted)
            yield from both(condition, context_with(name, None), not wanted)
    for word, table in [("all", AND), ("any", OR)]:
        for (left, right), holds in table.items():
            yield from both({word: [ATOMS[left][0], ATOMS[right][1]]}, BETA, holds)
            third = {word: [{word: [ATOMS[left][1], ATOMS[right][0]]}, {"not": ATOMS[right][1]}]}
            yield from both(third, BETA, table[holds, NOT[right]])
        for only in [True, "unknown", False]:
            yield from both({word: [ATOMS[only][0]]}, BETA, only)
    for truth, atoms in ATOMS.items():
        yield {"if": {"not": {"not": atoms[0]}}, "context": BETA, "holds": truth}
        yield {"if": {"not": {"not": {"not": atoms[1]}}}, "context": BETA, "holds": NOT[truth]}
    for condition, context, holds, *now in SINGLE:
        yield {"if": condition, "context": context, "holds": holds} | ({"now": now[0]} if now else {})


def text():
    def line(value):
        return json.dumps(value, ensure_ascii=False)

    def mapping(entries):
        return "{\n" + ",\n".join(f"    {line(name)}: {line(value)}" for name, value in entries.items()) + "\n  }"

    distinct = dict.fromkeys(line(row) for row in rows())
    about = ",\n".join(f"    {line(sentence)}" for sentence in ABOUT)
    listed = ",\n".join(f"    {row}" for row in distinct)
    return (
        f'{{\n  "about": [\n{about}\n  ],\n  "now": {line(NOW)},\n  "attributes": {mapping(ATTRIBUTES)},\n'
        f'  "segments": {mapping(SEGMENTS)},\n  "flags": {mapping(FLAGS)},\n  "rows": [\n{listed}\n  ]\n}}\n'
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", metavar="FILE")
    action.add_argument("--write", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.write:
        with open(arguments.write, "w", encoding="utf-8") as file:
            file.write(text())
        return True
    with open(arguments.check, encoding="utf-8") as file:
        same = file.read() == text()
    number = len(json.loads(text())["rows"])
    print(f"{number} rows agree" if same else f"the file differs from the expectations; run `conditions.py --write {arguments.check}`")
    return same


if __name__ == "__main__":
    sys.exit(0 if main() else 1)

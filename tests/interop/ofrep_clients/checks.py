"""Runs the checks in checks.json with a client."""

import json
import time
from pathlib import Path

DATA = json.loads(Path(__file__).with_name("checks.json").read_text(encoding="utf-8"))
CONTEXT = {"targetingKey": "user-1"}
PAUSE = 0.02


def expected(check, client):
    """Returns what a client must answer, or None if it cannot send the context of the check."""
    differences = DATA["differences"].get(client.name, {})
    context = check.get("context", CONTEXT)
    if not differences.get("nested", True) and any(isinstance(value, (dict, list)) for value in context.values()):
        return None
    wanted = {name: check[name] for name in ("value", "variant", "reason", "metadata") if name in check}
    wanted |= check.get("clients", {}).get(client.name, {})
    error = check.get("error")
    wanted["error"] = differences.get("errors", {}).get(error, error)
    if "reason" in differences:
        wanted["reason"] = differences["reason"]
    if error:
        wanted["reason"] = "ERROR"
    if not differences.get("metadata", True):
        wanted.pop("metadata", None)
    return wanted


def difference(check, client):
    """Runs a check. Returns how the answer differs from the expected one, or None."""
    wanted = expected(check, client)
    if wanted is None:
        return None
    found = client.evaluate(check["flag"], check["type"], check["default"], check.get("context", CONTEXT))
    for name, value in wanted.items():
        same = found.get(name) == value and type(found.get(name)) is type(value)
        if name == "metadata":
            same = all(found[name].get(member) == value[member] for member in value)
        elif name == "value" and check["type"] in ("integer", "float"):
            # JavaScript has one type of numbers.
            same = found[name] == value and not isinstance(found[name], bool)
        if not same:
            return f"{client.name}: {check['name']}: expected {name} {value!r}, found {found}"
    return None


def run(clients, names=None):
    """Runs checks with all clients. Returns the differences and the number of answers."""
    differences, answers = [], 0
    for client in clients:
        for check in DATA["checks"]:
            if names is None or check["name"] in names:
                answers += expected(check, client) is not None
                differences += filter(None, [difference(check, client)])
    return differences, answers


def until(client, check, seconds):
    """Repeats a check until the answer is right. Returns the last difference or None, and the seconds that passed."""
    began = time.monotonic()
    while (found := difference(check, client)) and time.monotonic() - began < seconds:
        time.sleep(PAUSE)
    return found, time.monotonic() - began

"""Asks a server with OpenFeature's OFREP provider for Python. `__init__.py` describes the commands."""

import json
import logging
import sys

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext


def connect(command):
    headers = command["headers"]
    api.set_provider_and_wait(OFREPProvider(command["connect"], headers_factory=lambda: headers))
    return {"error": None}


def evaluate(command):
    attributes = dict(command["context"])
    context = EvaluationContext(attributes.pop("targetingKey", None), attributes)
    get = getattr(api.get_client(), f"get_{command['type']}_details")
    found = get(command["flag"], command["default"], context)
    return {
        "value": found.value,
        "variant": found.variant,
        "reason": found.reason and str(found.reason.value if hasattr(found.reason, "value") else found.reason),
        "error": found.error_code and found.error_code.value,
        "message": found.error_message,
        "metadata": dict(found.flag_metadata),
    }


def main():
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps(connect(command) if "connect" in command else evaluate(command)), flush=True)


main()

"""flagd's Python client: `client.py FLAGS CONTEXTS NOW` prints what each context gets of each flag, a line each.

Runs in an environment that has `openfeature-flagd-core`. Standard output is JSON lines in the order of CONTEXTS, each
a mapping from flags to [value, variant, reason].
"""

import json
import logging
import sys
import time

from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext


def main():
    flags, contexts, now = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    time.time = lambda: float(now)
    with open(flags, encoding="utf-8") as file:
        text = file.read()
    client = FlagdCore()
    client.set_flags(text)
    resolvers = {}
    for key, flag in json.loads(text)["flags"].items():
        value = next(iter(flag["variants"].values()))
        resolve, default = {
            bool: (client.resolve_boolean_value, None),
            str: (client.resolve_string_value, None),
            int: (client.resolve_float_value, None),
            float: (client.resolve_float_value, None),
            dict: (client.resolve_object_value, None),
        }[type(value)]
        resolvers[key] = lambda context, key=key, resolve=resolve, default=default: resolve(key, default, context)
    for line in open(contexts, encoding="utf-8"):
        attributes = json.loads(line)
        context = EvaluationContext(attributes.pop("targetingKey", None), attributes)
        decided = {}
        for key, resolve in resolvers.items():
            try:
                details = resolve(context)
                decided[key] = [details.value, details.variant, str(details.reason)]
            except Exception as error:  # whatever it is, it is a difference
                decided[key] = [None, None, f"{type(error).__name__}: {error}"]
        print(json.dumps(decided))


main()

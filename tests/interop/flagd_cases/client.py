"""Decides flags with flagd's Python provider: `client.py FLAGS MANIFEST CONTEXTS NOW`.

The script runs in an environment that has `openfeature-provider-flagd`. It requests each flag with the type and the
default value of the manifest. It prints one line of JSON for each context, in the order of CONTEXTS: a mapping from
flags to [value, variant, reason], with the error instead of the reason if there is one. The SDK removes a targeting
key that is empty, 0 or false, so no provider receives it.
"""

import json
import logging
import sys
import time
from pathlib import Path

from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext


def main():
    flags, manifest, contexts, now = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    time.time = lambda: float(now)
    api.set_provider_and_wait(FlagdProvider(resolver_type=ResolverType.FILE, offline_flag_source_path=flags))
    client = api.get_client()
    exported, described = (json.loads(Path(path).read_text(encoding="utf-8"))["flags"] for path in (flags, manifest))
    getters = {kind: getattr(client, f"get_{kind}_details") for kind in ("boolean", "string", "integer", "float", "object")}
    calls = [(getters[described[key]["flagType"]], key, described[key]["defaultValue"]) for key in exported]
    for line in open(contexts, encoding="utf-8"):
        attributes = json.loads(line)
        context = EvaluationContext(attributes.pop("targetingKey", None), attributes)
        decided = {}
        for get, key, default in calls:
            found = get(key, default, context)
            error = found.error_code and f"{found.error_code}: {found.error_message}"
            decided[key] = [found.value, found.variant, error or str(found.reason)]
        print(json.dumps(decided))
    api.shutdown()


main()

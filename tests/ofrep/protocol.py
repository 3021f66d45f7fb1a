"""What the protocol demands of every response, whatever a scenario expects.

The checks follow the OpenAPI document of the protocol, version 0.3.0, except where no server can satisfy it or where it
is stricter than its own clients:

- The document lists the types of values with `oneOf`. An integer matches two of them, and every answer also matches the
  one without a value. Here, a value has any of the types, or is missing.
- Its lists of reasons and error codes lack some of OpenFeature's, such as DEFAULT and FLAG_NOT_FOUND. Here, the lists
  are those of the OpenFeature specification.
- A response has further members.
"""

import re
from decimal import Decimal

from matching import is_number, read, written

EVALUATION = re.compile(r"(?:^|/)ofrep/v1/evaluate/flags(?:/(?P<key>[^?]+))?(?:\?.*)?$")
REASONS = {"STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "CACHED", "DISABLED", "UNKNOWN", "STALE", "ERROR"}
CODES = {
    "PROVIDER_NOT_READY", "FLAG_NOT_FOUND", "PARSE_ERROR", "TYPE_MISMATCH", "TARGETING_KEY_MISSING", "INVALID_CONTEXT",
    "PROVIDER_FATAL", "GENERAL",
}


def problems(path, response):
    """Returns the problems of a response to a request for evaluations, and its JSON, or None without JSON."""
    found, body = content(response)
    evaluation = EVALUATION.search(path)
    if not evaluation:
        return found, body
    is_single = evaluation["key"] is not None
    if response.status == 200:
        if body is None:
            found.append("the response has status 200, but no JSON")
        else:
            found += evaluated("", body) if is_single else bulk(body)
    elif response.status == 304:
        if response.body:
            found.append("a response with status 304 has no body")
        if response.header("ETag") is None:
            found.append("a response with status 304 has the `ETag` that a response with status 200 would have")
    elif response.status in (400, 404) and body is not None:
        found += failed("", body, is_single and evaluation["key"] is not None)
    elif response.status in (401, 403) and response.body:
        found.append(f"a response with status {response.status} has no body")
    if response.status == 401 and response.header("WWW-Authenticate") is None:
        found.append("a response with status 401 has the header `WWW-Authenticate`")
    if response.status == 429 and response.header("Retry-After") is None:
        found.append("a response with status 429 has the header `Retry-After`")
    if response.status == 405 and response.header("Allow") is None:
        found.append("a response with status 405 has the header `Allow`")
    return found, body


def content(response):
    """Returns the problems of a body as JSON, and the JSON, or None if it has another type."""
    kind = response.headers.get_content_type() if "Content-Type" in response.headers else None
    if not response.body or kind is None or not (kind == "application/json" or kind.endswith("+json")):
        return [], None
    try:
        return [], read(response.body.decode("utf-8"))
    except ValueError as error:
        return [f"the body is not JSON: {error}"], None


def bulk(body):
    if not isinstance(body, dict) or not isinstance(body.get("flags"), list):
        return ["the response has no list `flags`"]
    found, keys = [], set()
    for index, flag in enumerate(body["flags"]):
        path = f"/flags/{index}"
        is_failure = isinstance(flag, dict) and "errorCode" in flag
        found += failed(path, flag, True) if is_failure else evaluated(path, flag)
        key = flag.get("key") if isinstance(flag, dict) else None
        if key in keys:
            found.append(f"{path}: the flag `{key}` is listed twice")
        keys.add(key)
    found += metadata("", body)
    streams = body.get("eventStreams", [])
    if not isinstance(streams, list):
        return [*found, "/eventStreams: expected a list"]
    return found + [each for index, stream in enumerate(streams) for each in event_stream(f"/eventStreams/{index}", stream)]


def evaluated(path, flag):
    if not isinstance(flag, dict):
        return [f"{path or 'the body'}: expected an object, found {written(flag)}"]
    found = []
    if not isinstance(flag.get("key"), str):
        found.append(f"{path}/key: expected a string")
    if flag.get("reason") not in REASONS:
        found.append(f"{path}/reason: expected one of OpenFeature's reasons, found {written(flag.get('reason'))}")
    if "variant" in flag and not isinstance(flag["variant"], str):
        found.append(f"{path}/variant: expected a string")
    value = flag.get("value", True)
    if not isinstance(value, (bool, str, int, Decimal, dict)):
        found.append(f"{path}/value: expected a boolean, a string, a number or an object, found {written(value)}")
    return found + metadata(path, flag)


def failed(path, failure, needs_key):
    if not isinstance(failure, dict):
        return [f"{path or 'the body'}: expected an object, found {written(failure)}"]
    found = []
    if failure.get("errorCode") not in CODES:
        found.append(f"{path}/errorCode: expected one of OpenFeature's codes, found {written(failure.get('errorCode'))}")
    if needs_key and not isinstance(failure.get("key"), str):
        found.append(f"{path}/key: expected a string")
    if not isinstance(failure.get("errorDetails", ""), str):
        found.append(f"{path}/errorDetails: expected a string")
    return found + metadata(path, failure)


def metadata(path, owner):
    values = owner.get("metadata", {})
    if not isinstance(values, dict):
        return [f"{path}/metadata: expected an object"]
    wrong = [name for name, value in values.items() if not isinstance(value, (bool, str)) and not is_number(value)]
    return [f"{path}/metadata/{name}: expected a string, a number or a boolean" for name in wrong]


def event_stream(path, stream):
    if not isinstance(stream, dict) or not isinstance(stream.get("type"), str):
        return [f"{path}/type: expected a string"]
    found = []
    if ("url" in stream) == ("endpoint" in stream):
        found.append(f"{path}: expected either `url` or `endpoint`")
    endpoint = stream.get("endpoint")
    if endpoint is not None and not (isinstance(endpoint, dict) and str(endpoint.get("requestUri", "")).startswith("/")):
        found.append(f"{path}/endpoint/requestUri: expected a path that begins with `/`")
    delay = stream.get("inactivityDelaySec", 1)
    if type(delay) is not int or delay < 1:
        found.append(f"{path}/inactivityDelaySec: expected an integer that is at least 1")
    return found


def event(fields):
    """Returns the problems of an event of a stream, and the JSON in its data."""
    found = []
    if fields.get("event", "message") != "message":
        found.append(f"the name of an event is `message`, found `{fields['event']}`")
    try:
        data = read(fields["data"])
    except ValueError as error:
        return [*found, f"the data of the event is not JSON: {error}"], None
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        return [*found, f"the data of the event has no string `type`: {written(data)}"], data
    if not isinstance(data.get("etag", ""), str):
        found.append("/etag: expected a string")
    modified = data.get("lastModified", 0)
    if not isinstance(modified, str) and not (type(modified) is int and modified >= 0):
        found.append("/lastModified: expected the seconds since 1970, or a date and a time")
    return found, data

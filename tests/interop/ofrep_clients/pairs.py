"""Compares the answers of a server with the decisions of `flagctl eval`, for many pairs of a flag and a context.

The definitions have every operator, type and nesting, and the contexts have missing attributes and values of wrong types.
Their times are years or at least a minute away from now, so that a server and `flagctl eval` decide at the same time.
"""

import http.client
import json
import random
import shutil
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from urllib.parse import quote

from flagd_cases.generator import NOW_SECONDS, Generator, write
from ofrep_clients.server import ENVIRONMENT, Failed, Server
from packages import ROOT

# The bucketing of each generated repository, and the number of its flags and contexts.
GENERATED = [("siphash", 700, 110), ("flagd-v3", 300, 110)]
# The number of requests for one flag in each repository.
SINGLE = 8_000
# The least number of pairs, and the reasons and error codes that must occur among them.
LEAST = 100_000
RESULTS = {"STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "DISABLED", "TARGETING_KEY_MISSING", "INVALID_CONTEXT"}
THREADS = 3
SHOWN = 8


class Definitions:
    """A folder with definitions, for `Server`."""

    def __init__(self, binary, name, folder, contexts):
        self.binary, self.name, self.folder, self.contexts = binary, name, folder, contexts
        (folder / "contexts.jsonl").write_text("".join(line + "\n" for line in contexts), encoding="utf-8")

    def decided(self):
        """Returns flagctl's decisions for each context."""
        now = datetime.now(timezone.utc)
        if now.timestamp() < NOW_SECONDS + 60:
            raise Failed(f"the clock shows {now}, which is a time that the generated flags compare with")
        command = [self.binary, "eval", "-e", "production", "--contexts", "contexts.jsonl", "--now", now.isoformat()]
        done = subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, encoding="utf-8")
        if done.returncode != 0:
            raise Failed(f"`flagctl eval` failed: {done.stderr[:2000]}")
        return [json.loads(line)["decisions"] for line in done.stdout.splitlines()]


def examples(binary, folder):
    shutil.copytree(ROOT / "examples", folder)
    lines = (folder / "contexts" / "users.jsonl").read_text(encoding="utf-8").splitlines()
    users = [json.loads(line) for line in lines]
    more = [user | {"targetingKey": f"user-{number}", "account": {"id": f"acc-{number}"}} for number in range(20) for user in users]
    return Definitions(binary, "examples", folder, [json.dumps(user) for user in users + more])


def generated(binary, folder, bucketing, flags, contexts):
    generator = Generator(20261122, ascii=False)
    write(folder, generator.repository(bucketing, flags))
    lines = ["{}", *(json.dumps(generator.context()) for _ in range(contexts - 1))]
    return Definitions(binary, f"{flags} generated flags, {bucketing}", folder, lines)


def answer(decision):
    """Returns what an answer has of a decision. An error has no value."""
    if "errorCode" in decision:
        return {"errorCode": decision["errorCode"]}
    return {name: decision[name] for name in ("value", "variant", "reason")}


def is_same(wanted, found):
    """Returns whether an answer is that of a decision. 1 and 1.0 are the same number, but true and 1 are not the same."""
    names = ("value", "variant", "reason", "errorCode")
    if any((name in wanted) != (name in found) for name in names):
        return False
    return all(json.dumps(plain(wanted[name])) == json.dumps(plain(found[name])) for name in names if name in wanted)


def plain(value):
    """Returns a value in which numbers without a fraction are integers and members are in order."""
    if isinstance(value, dict):
        return {name: plain(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def compared(definitions, decided):
    """Compares all answers. Returns the number of pairs of both endpoints, and the differences."""
    with Server(definitions) as server:
        host, path = server.address, "/production/ofrep/v1/evaluate/flags"
        chance = random.Random(1)
        keys = sorted(decided[0])
        requests = [(index, None) for index in range(len(decided))]
        requests += [(chance.randrange(len(decided)), chance.choice(keys)) for _ in range(SINGLE)]
        chance.shuffle(requests)

        def part(number):
            connection, pairs, differences = http.client.HTTPConnection(host), [0, 0], []
            for index, key in requests[number::THREADS]:
                body = f'{{"context":{definitions.contexts[index]}}}'.encode()
                target = path if key is None else f"{path}/{quote(key, safe='')}"
                connection.request("POST", target, body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                received = json.loads(response.read())
                answers = received["flags"] if key is None else [received]
                wanted = decided[index] if key is None else {key: decided[index][key]}
                statuses = [200] if key is None else [400 if "errorCode" in received else 200]
                if response.status not in statuses or [each["key"] for each in answers] != sorted(wanted):
                    differences.append(f"{key or 'all flags'}: status {response.status}, other flags, context {index}")
                    continue
                pairs[key is not None] += len(answers)
                for found in answers:
                    expected = answer(wanted[found["key"]])
                    if not is_same(expected, found):
                        differences.append(f"{found['key']}: eval {expected}, server {found}, {definitions.contexts[index]}")
            return pairs, differences

        with ThreadPoolExecutor(THREADS) as pool:
            parts = list(pool.map(part, range(THREADS)))
    bulk, single = (sum(pairs[endpoint] for pairs, _ in parts) for endpoint in (0, 1))
    return bulk, single, [each for _, found in parts for each in found]


def run(binary, folder):
    """Compares all repositories. Returns whether there are enough pairs and no differences."""
    cases = [lambda: examples(binary, folder / "examples")]
    cases += [lambda case=case: generated(binary, folder / case[0], *case) for case in GENERATED]
    total = different = 0
    results = Counter()
    for make in cases:
        definitions = make()
        decided = definitions.decided()
        results.update(each.get("errorCode", each["reason"]) for decisions in decided for each in decisions.values())
        bulk, single, differences = compared(definitions, decided)
        total += bulk + single
        different += len(differences)
        print(f"pairs: {definitions.name}: {bulk} of all flags, {single} of one flag, {len(differences)} differences", flush=True)
        for difference in differences[:SHOWN]:
            print(f"  {difference[:600]}")
    shown = ", ".join(f"{number} {result}" for result, number in results.most_common())
    print(f"pairs: {total}, {different} differences; decisions: {shown}", flush=True)
    return different == 0 and total >= LEAST and set(results) == RESULTS

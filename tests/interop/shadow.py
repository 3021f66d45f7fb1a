#!/usr/bin/env python3
"""Runs the snippets of `docs/shadow.md` in a dark launch, and reads their records with `flagctl shadow report`.

    shadow.py PATH-OF-FLAGCTL

Each snippet runs in an application of its own, with OpenFeature's OFREP provider, against `flagctl serve` with the example
`examples/dark-launch`. The candidate returns another price for every request from Austria, and fails for every request
with an odd number from Switzerland. The report must find exactly these requests, and the application must get every answer
from the control. The script needs Python and npm.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from ofrep_clients.clients import NPM, PYTHON
from ofrep_clients.server import FlagRepository, Server
from packages import ROOT, installed, with_npm, with_pip

REQUESTS = 2_000
COUNTRIES = ["AT", "CH", "DE"]

APPLICATION = {
    "python": """
import sys
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

url, path, requests = sys.argv[1], sys.argv[2], int(sys.argv[3])
api.set_provider_and_wait(OFREPProvider(url))
with open(path, "w") as records:
    shadow = Shadow("search", "production", records, waiting=requests)
    for number in range(requests):
        country = ["AT", "CH", "DE"][number % 3]
        def control():
            return {"status": 200, "body": {"price": 7}, "took": number}
        def candidate(number=number, country=country):
            if country == "CH" and number % 2:
                raise TimeoutError
            return {"status": 200, "body": {"price": 8 if country == "AT" else 7}, "took": -1}
        context = EvaluationContext(f"user-{number}", {"country": country})
        assert shadow.run(f"request-{number}", context, control, candidate)["body"] == {"price": 7}
    shadow.close()
""",
    "js": """
import { writeFileSync, appendFileSync } from "node:fs";
import { OFREPProvider } from "@openfeature/ofrep-provider";

const [url, path, requests] = process.argv.slice(2);
await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: url }));
writeFileSync(path, "");
const shadow = new Shadow("search", "production", (line) => appendFileSync(path, line), Number(requests));
for (let number = 0; number < Number(requests); number++) {
  const country = ["AT", "CH", "DE"][number % 3];
  const control = async () => ({ status: 200, body: { price: 7 }, took: number });
  const candidate = async () => {
    if (country === "CH" && number % 2) throw new RangeError("late");
    return { status: 200, body: { price: country === "AT" ? 8 : 7 }, took: -1 };
  };
  const context = { targetingKey: `user-${number}`, country };
  const answer = await shadow.run(`request-${number}`, context, control, candidate);
  if (answer.body.price !== 7) throw new Error("the answer is not that of the control");
}
await shadow.close();
""",
}


class DarkLaunch(FlagRepository):
    """A git repository with the example."""

    flags = ROOT / "examples" / "dark-launch"


def snippet(language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "docs" / "shadow.md").read_text(), re.S | re.M)
    assert len(found) == 1, f"{len(found)} snippets of {language}"
    return found[0]


def expected(repository):
    """Returns the pairs, mismatches and failures that the decisions of `flagctl eval` imply."""
    contexts = [{"targetingKey": f"user-{number}", "country": COUNTRIES[number % 3]} for number in range(REQUESTS)]
    repository.write("../contexts.jsonl", "".join(json.dumps(context) + "\n" for context in contexts))
    lines = repository.flagctl("eval", "search.shadow", "-e", "production", "--contexts", "../contexts.jsonl").splitlines()
    pairs = [json.loads(line)["decisions"]["search.shadow"]["variant"] for line in lines]
    shadowed = [number for number, pair in enumerate(pairs) if pair == "candidate"]
    return {
        "noise": pairs.count("control"),
        "different": sum(number % 3 == 0 for number in shadowed),
        "onlyCandidateFailed": sum(number % 3 == 1 and number % 2 == 1 for number in shadowed),
        "equal": sum(number % 3 == 2 or number % 3 == 1 and number % 2 == 0 for number in shadowed),
    }


def main():
    binary = Path(sys.argv[1]).resolve()
    python = installed("ofrep-python", PYTHON, with_pip) / "bin" / "python"
    modules = installed("ofrep-npm", NPM, with_npm)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository = DarkLaunch(binary, folder / "flags")
        wanted = expected(repository)
        applications = {"python": (python, "application.py"), "js": ("node", "application.mjs")}
        (folder / "node_modules").symlink_to(modules / "node_modules")
        with Server(repository) as server:
            for language, (program, file) in applications.items():
                (folder / file).write_text(snippet(language) + APPLICATION[language])
                records = folder / f"{language}.ndjson"
                subprocess.run([program, folder / file, server.url, records, str(REQUESTS)], cwd=folder, check=True)
                arguments = ["shadow", "report", "search", records, "-e", "production", "--format", "json"]
                report = json.loads(repository.flagctl(*arguments, codes=(1,)))
                found = {name: report["pairs"][name] for name in wanted if name != "noise"}
                found["noise"] = report["noisePairs"]["equal"]
                assert found == wanted, (language, found, wanted)
                assert report["verdict"] == "different", report["verdict"]
                assert report["byPath"][0]["name"] == "$.body.price", report["byPath"]
                assert not report["rows"]["bad"], report["rows"]
                print(f"{language}: {report['rows']['records']} records, {found}", flush=True)


if __name__ == "__main__":
    main()

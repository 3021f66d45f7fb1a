"""Applications that use the hooks of `docs/experiments.md` with OpenFeature's SDKs and the OFREP provider."""

import re
import subprocess

from ofrep_clients.clients import NPM, PYTHON
from packages import ROOT, installed, with_npm, with_pip

PAGE = ROOT / "docs" / "experiments.md"
# The first argument of an application is the address of the server, and the second the file for the exposures. Between the
# begin and the end, an application has `client`, and the other arguments as the list `more`.
BEGIN_PYTHON = """
import sys
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

url, path, *more = sys.argv[1:]
api.set_provider_and_wait(OFREPProvider(url))
api.add_hooks([ExposureHook(path, ["country"])])
client = api.get_client()
"""
BEGIN_NODE = """
import { createRequire } from "node:module";

const installed = createRequire(process.cwd() + "/");
const { OpenFeature } = installed("@openfeature/server-sdk");
const { OFREPProvider } = installed("@openfeature/ofrep-provider");
const [url, path, ...more] = process.argv.slice(2);
OpenFeature.setLogger({ debug() {}, info() {}, warn() {}, error() {} });
await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: url }));
const hook = new ExposureHook(path, ["country"]);
OpenFeature.addHooks(hook);
const client = OpenFeature.getClient();
"""
END_NODE = """
await new Promise((resolve) => hook.file.end(resolve));
await OpenFeature.close();
process.exit(0);
"""


def hook(language):
    """Returns the code of a hook in the page."""
    return re.search(rf"<!-- hook: {language} -->\n```\w+\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S).group(1)


class Application:
    """An application in Python or Node, with a body of its own."""

    def __init__(self, language, body, folder):
        self.packages = installed(*{"python": ("ofrep-python", PYTHON, with_pip), "node": ("ofrep-npm", NPM, with_npm)}[language])
        begin, end, extension = {"python": (BEGIN_PYTHON, "", "py"), "node": (BEGIN_NODE, END_NODE, "mjs")}[language]
        self.program = {"python": self.packages / "bin" / "python", "node": "node"}[language]
        self.script = folder / f"application.{extension}"
        self.script.write_text(hook(language) + begin + body + end, encoding="utf-8")

    def run(self, origin, file, *more):
        """Asks the server, and lets the hook write to the file."""
        command = [self.program, self.script, origin, file, *map(str, more)]
        subprocess.run(command, cwd=self.packages, check=True)

// Decides flags with flagd's Node provider, as client.py does: `client.cjs FLAGS MANIFEST CONTEXTS NOW compiled|interpreted`.
// The provider compiles rules. It has no option to interpret them or to validate the flags with flagd's schema, so the
// mode `interpreted` replaces the core of the provider by one that does both.
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const installed = createRequire(process.cwd() + "/");
const core = installed("@openfeature/flagd-core");
const { OpenFeature } = installed("@openfeature/server-sdk");

const [flags, manifest, contexts, now, mode] = process.argv.slice(2);
Date.now = () => Number(now) * 1000;
if (mode === "interpreted") {
  const STRICT = true;
  core.FlagdCore = class extends core.FlagdCore {
    constructor(storage, logger) {
      super(storage, logger, { disableDynamicCodeGeneration: true });
    }
    setConfigurations(text) {
      return this._storage.setConfigurations(text, STRICT);
    }
  };
}
const { FlagdProvider } = installed("@openfeature/flagd-provider");

async function main() {
  OpenFeature.setLogger({ debug() {}, info() {}, warn() {}, error() {} });
  await OpenFeature.setProviderAndWait(new FlagdProvider({ resolverType: "in-process", offlineFlagSourcePath: flags }));
  const client = OpenFeature.getClient();
  const getters = {
    boolean: client.getBooleanDetails,
    string: client.getStringDetails,
    integer: client.getNumberDetails,
    float: client.getNumberDetails,
    object: client.getObjectDetails,
  };
  const [exported, described] = [flags, manifest].map((path) => JSON.parse(readFileSync(path, "utf-8")).flags);
  const calls = Object.keys(exported).map((key) => [getters[described[key].flagType], key, described[key].defaultValue]);
  for (const line of readFileSync(contexts, "utf-8").split("\n").filter(Boolean)) {
    const context = JSON.parse(line);
    const decided = {};
    for (const [get, key, byDefault] of calls) {
      const { value, variant, reason, errorCode, errorMessage } = await get.call(client, key, byDefault, context);
      decided[key] = [value, variant, errorCode ? `${errorCode}: ${errorMessage}` : reason];
    }
    process.stdout.write(JSON.stringify(decided) + "\n");
  }
  await OpenFeature.close();
}

main();

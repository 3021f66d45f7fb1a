// flagd's JavaScript client: `client.cjs FLAGS CONTEXTS NOW compiled|interpreted`, as client.py. It holds the flags
// against the schema that the package has, too.
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { FlagdCore } = createRequire(process.cwd() + "/")("@openfeature/flagd-core");

const [flags, contexts, now, mode] = process.argv.slice(2);
Date.now = () => Number(now) * 1000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const client = new FlagdCore(undefined, silent, { disableDynamicCodeGeneration: mode === "interpreted" });
const text = readFileSync(flags, "utf-8");
const STRICT = true;
client._storage.setConfigurations(text, STRICT);
const resolvers = {
  boolean: (key, context) => client.resolveBooleanEvaluation(key, false, context, silent),
  string: (key, context) => client.resolveStringEvaluation(key, "", context, silent),
  number: (key, context) => client.resolveNumberEvaluation(key, 0, context, silent),
  object: (key, context) => client.resolveObjectEvaluation(key, {}, context, silent),
};
const types = Object.entries(JSON.parse(text).flags).map(([key, flag]) => [key, typeof Object.values(flag.variants)[0]]);
for (const line of readFileSync(contexts, "utf-8").split("\n").filter(Boolean)) {
  const context = JSON.parse(line);
  const decided = {};
  for (const [key, type] of types) {
    const { value, variant, reason, errorMessage } = resolvers[type](key, context);
    decided[key] = [value, variant, errorMessage ?? reason];
  }
  process.stdout.write(JSON.stringify(decided) + "\n");
}

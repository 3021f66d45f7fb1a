// Asks a server with one of OpenFeature's OFREP providers for JavaScript: `client.mjs node|polling|events`. The first is
// for servers. The others are for browsers, and learn of changes by polling or by events. `__init__.py` describes the
// commands. The packages are in the working folder.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const POLL_MILLISECONDS = 200;

const installed = createRequire(process.cwd() + "/");
const mode = process.argv[2];
const isBrowser = mode !== "node";
const { OpenFeature, ProviderEvents } = installed(isBrowser ? "@openfeature/web-sdk" : "@openfeature/server-sdk");
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
OpenFeature.setLogger(quiet);
if (mode === "events") {
  globalThis.EventSource = installed("eventsource").EventSource;
}
let events = [];
let current = "{}";
for (const event of [ProviderEvents.ConfigurationChanged, ProviderEvents.Stale, ProviderEvents.Error]) {
  OpenFeature.addHandler(event, () => events.push(event));
}

function provider(baseUrl, headers) {
  const options = { baseUrl, headers: Object.entries(headers) };
  if (!isBrowser) {
    const { OFREPProvider } = installed("@openfeature/ofrep-provider");
    return new OFREPProvider(options);
  }
  const { OFREPWebProvider } = installed("@openfeature/ofrep-web-provider");
  const changes =
    mode === "polling" ? { changeDetection: "polling", pollInterval: POLL_MILLISECONDS } : { changeDetection: "sse" };
  return new OFREPWebProvider({ ...options, ...changes, cacheMode: "disabled" }, quiet);
}

async function connect({ connect: url, headers, context }) {
  await OpenFeature.clearProviders();
  if (isBrowser) {
    current = JSON.stringify(context);
    await OpenFeature.setContext(context);
  }
  events = [];
  try {
    await OpenFeature.setProviderAndWait(provider(url, headers));
    return { error: null };
  } catch (error) {
    return { error: error.code ?? "GENERAL", message: String(error) };
  }
}

async function evaluate({ flag, type, default: byDefault, context }) {
  if (isBrowser && JSON.stringify(context) !== current) {
    current = JSON.stringify(context);
    await OpenFeature.setContext(context);
  }
  const client = OpenFeature.getClient();
  const get = {
    boolean: client.getBooleanDetails,
    string: client.getStringDetails,
    integer: client.getNumberDetails,
    float: client.getNumberDetails,
    object: client.getObjectDetails,
  }[type];
  const found = await get.call(client, flag, byDefault, ...(isBrowser ? [] : [context]));
  return {
    value: found.value,
    variant: found.variant ?? null,
    reason: found.reason,
    error: found.errorCode ?? null,
    message: found.errorMessage,
    metadata: found.flagMetadata,
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  if (command.connect) {
    answer = await connect(command);
  } else if (command.events) {
    answer = { events };
    events = [];
  } else {
    answer = await evaluate(command);
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);

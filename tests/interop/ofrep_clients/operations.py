"""What happens to servers while the clients use them: kills, restarts, bundles that must not be served, tokens.

Each function is one scenario. It yields differences, and returns a sentence with what it measured.
"""

import shutil
import signal
from functools import partial

from ofrep_clients import checks
from ofrep_clients.server import FlagRepository, Server, digest, wait

FIRST = {
    "name": "before the change", "flag": "changing-flag", "type": "string", "default": "x", "value": "first",
    "variant": "first", "reason": "STATIC",
}
SECOND = FIRST | {"name": "after the change", "value": "second", "variant": "second"}
KILLED = SECOND | {"name": "after the kill", "reason": "DISABLED", "metadata": {"cause": "kill"}}
# The longest time until every client has a change, in seconds: the interval of the server, and that of the clients.
SOON = 10
# The longest time from the event of a change to its effect in the web provider, which waits 50 ms for further events.
EVENT_SECONDS = 2


def connected(clients, server):
    """Connects all clients, which must have the answer before the change."""
    for client in clients:
        if error := client.connect(server.url, {}, checks.CONTEXT):
            yield f"{client.name}: cannot connect: {error}"
    yield from all_have(clients, FIRST)


def all_have(clients, check, seconds=0):
    """Yields a difference for each client that does not have the answer of a check in time."""
    for client in clients:
        found, _ = checks.until(client, check, seconds)
        if found:
            yield f"{check['name']}: {found}"


def kill_on_branch(binary, folder, clients):
    """A commit with a kill on the served branch reaches every client, the web provider by an event."""
    repository = FlagRepository(binary, folder / "flags")
    with Server(repository, "--follow", "main") as server:
        yield from connected(clients, server)
        by_events = next(client for client in clients if client.name == "web, events")
        wait("the event stream of the web provider", lambda: server.metric("flagctl_event_streams") == 1)
        by_events.ask(events=True)
        repository.kill("changing-flag")
        server.refresh()
        found, seconds = checks.until(by_events, KILLED, EVENT_SECONDS)
        if found:
            yield f"{EVENT_SECONDS} s after the kill: {found}"
        if "PROVIDER_CONFIGURATION_CHANGED" not in (events := by_events.ask(events=True)["events"]):
            yield f"{by_events.name}: expected the event of a change, found {events}"
        yield from all_have(clients, KILLED, SOON)
        # Without a webhook, the server reads the branch after its interval.
        repository.revive("changing-flag")
        yield from all_have(clients, FIRST, SOON)
        if not server.count("bundle-changes"):
            yield "the log does not have the changes"
    return f"the kill reached the web provider by an event after {seconds * 1000:.0f} ms"


def kill_at_target(binary, folder, clients):
    """A published kill reaches every client. Then the store is away, and the server restarts with its cache."""
    repository = FlagRepository(binary, folder / "flags")
    store, away = folder / "store", folder / "away"
    repository.publish(store)
    with Server(repository, str(store), "--cache", str(folder / "cache")) as server:
        yield from connected(clients, server)
        repository.kill("changing-flag")
        repository.publish(store)
        yield from all_have(clients, KILLED, SOON)
        store.rename(away)
        server.waited("source-failed")
        yield from all_have(clients, KILLED)
        for how in (signal.SIGTERM, signal.SIGKILL):
            server.restart(how)
            if not server.count("cache-used"):
                yield "the log does not say that the server uses its cache"
            yield from all_have(clients, KILLED, SOON)
        wait("the new event stream of the web provider", lambda: server.metric("flagctl_event_streams") == 1)
        repository.revive("changing-flag")
        away.rename(store)
        repository.publish(store)
        yield from all_have(clients, FIRST, SOON)
        if not server.count("source-recovered"):
            yield "the log does not say that the store can be read again"
    return "the server restarted twice without its store"


def bad_bundles(binary, folder, clients):
    """A bundle whose bytes or signature are wrong is never served, and the old answers stay."""
    repository = FlagRepository(binary, folder / "flags")
    store, prepared = folder / "store", folder / "prepared"
    signers = repository.key("dana")
    repository.publish(store, "--sign")
    with Server(repository, str(store), "--allowed-signers", str(signers)) as server:
        yield from connected(clients, server)
        repository.replace("flags/changing-flag.yaml", "default: first", "default: second")
        repository.commit("change the flag")

        def refused(what, change):
            """Publishes the new commit, changes what is published, and lets the server read it."""
            shutil.copytree(store, prepared)
            change()
            failures = server.count("source-failed")
            store.rename(folder / "old")
            prepared.rename(store)
            server.refresh()
            server.waited("source-failed", failures + 1)
            yield from (f"{what}: {difference}" for difference in all_have(clients, FIRST))
            # The old bundle is at the store again.
            recoveries = server.count("source-recovered")
            shutil.rmtree(store)
            (folder / "old").rename(store)
            server.refresh()
            server.waited("source-recovered", recoveries + 1)

        def one_byte():
            repository.publish(prepared, "--sign")
            for bundle in (prepared / "production" / "bundles").iterdir():
                data = bytearray(bundle.read_bytes())
                data[len(data) // 2] ^= 1
                bundle.write_bytes(data)

        def another_key():
            repository.key("mallory")
            repository.publish(prepared, "--sign")

        def without_bundle():
            repository.publish(prepared, "--sign")
            shutil.rmtree(prepared / "production" / "bundles")

        yield from refused("one byte of the bundles", one_byte)
        yield from refused("no bundles", without_bundle)
        yield from refused("no signature", partial(repository.publish, prepared))
        yield from refused("the signature of another key", another_key)
        repository.git("config", "user.signingkey", str(folder / "dana"))
        repository.publish(store, "--sign")
        yield from all_have(clients, SECOND, SOON)
    return "4 bad bundles were refused"


def bad_definitions(binary, folder, clients):
    """A commit with an error is not served, and the next one without errors is."""
    repository = FlagRepository(binary, folder / "flags")
    with Server(repository, "--follow", "main") as server:
        yield from connected(clients, server)
        repository.write("flags/broken.yaml", "variants: {on: true}\noff: maybe\n")
        repository.replace("flags/changing-flag.yaml", "default: first", "default: second")
        repository.commit("change a flag, and break another")
        server.waited("source-failed")
        yield from all_have(clients, FIRST)
        (repository.folder / "flags" / "broken.yaml").unlink()
        repository.commit("mend the flag")
        yield from all_have(clients, SECOND, SOON)
    return "the commit with an error was not served"


def overrides(binary, folder, clients):
    """An override serves one variant to every context, and says so in the metadata."""
    repository = FlagRepository(binary, folder / "flags")
    arguments = ["changing-flag=second", "split-flag=b", "targeted-flag=paid", "no-such-flag=on", "string-flag=nothing"]
    arguments = [part for override in arguments for part in ("--override", override)]
    overridden = {"reason": "STATIC", "metadata": {"overridden": True}}
    split = {"name": "a split", "flag": "split-flag", "type": "string", "default": "x", "value": "b", "variant": "b"}
    targeted = {"name": "a rule", "flag": "targeted-flag", "type": "string", "default": "x", "value": "for customers"}
    with Server(repository, *arguments) as server:
        for client in clients:
            client.connect(server.url, {}, checks.CONTEXT)
        for check in (SECOND, split, targeted, split | {"context": {}}):
            yield from all_have(clients, check | overridden)
        differences, _ = checks.run(clients, ["boolean true", "string", "unknown flag"])
        yield from differences
        # The files of a working tree are read when they change, and the override stays.
        repository.replace("flags/changing-flag.yaml", "default: first", "default: second")
        server.waited("bundle-current", 2)
        yield from all_have(clients, SECOND | overridden)
        ignored = server.count("override-ignored", flag="no-such-flag") and server.count("override-ignored", flag="string-flag")
        if not ignored:
            yield "the log does not say that overrides are ignored"
    return "3 overrides were served"


TOKENS = """tokens:
- {{name: server, sha256: {}, environments: [production], use: server}}
- {{name: browser, sha256: {}, environments: [production], use: browser}}
- {{name: staging, sha256: {}, environments: [staging], use: server}}
- {{name: webhook, sha256: {}, use: webhook}}
- {{name: limited, sha256: {}, environments: [production], use: server, requests-per-second: 2}}
""".format(*map(digest, ["server-token", "browser-token", "staging-token", "webhook-token", "limited-token"]))
REFUSED = {
    "name": "a refused request", "flag": "changing-flag", "type": "string", "default": "x", "value": "x", "error": "GENERAL",
}


def headers(token):
    return {"Authorization": f"Bearer {token}"}


def rates(binary, folder, clients):
    """A client that asks too often gets errors for as long as the server says, and then its answers again."""
    repository = FlagRepository(binary, folder / "flags")
    file = folder / "tokens.yaml"
    file.write_text(TOKENS)
    with Server(repository, "--tokens", str(file), environment=None) as server:
        servers = [client for client in clients if not client.is_browser]
        for client in servers:
            client.connect(server.url, headers("limited-token"))
            for check in (FIRST, REFUSED, FIRST):
                yield from all_have([client], check, SOON)
        refused = server.metric('flagctl_requests_total{endpoint="flag",status="429"}')
        if not len(servers) <= refused <= 3 * len(servers):
            yield f"expected that the clients stop to ask, found {refused:.0f} answers with the status 429"
    return f"{refused:.0f} requests were too many"


def tokens(binary, folder, clients):
    """A token gives access to the flags of its scope, and everything else is refused."""
    repository = FlagRepository(binary, folder / "flags")
    file = folder / "tokens.yaml"
    file.write_text(TOKENS)
    hidden = {"name": "a flag for servers", "flag": "server-flag", "type": "boolean", "default": False, "value": False}
    unknown = hidden | {"error": "FLAG_NOT_FOUND"}

    with Server(repository, "--tokens", str(file), environment=None) as server:
        for client in clients:
            client.connect(server.url, headers("server-token"), checks.CONTEXT)
        differences, _ = checks.run(clients)
        yield from differences
        for client in clients:
            client.connect(server.url, headers("browser-token"), checks.CONTEXT)
        yield from all_have(clients, FIRST)
        yield from all_have(clients, unknown)
        # The environment of the token is that of a request without one.
        for client in clients:
            client.connect(server.origin, {"X-API-Key": "server-token"}, checks.CONTEXT)
        yield from all_have(clients, FIRST)
        for token in ("staging-token", "webhook-token", "unknown-token"):
            for client in clients:
                error = client.connect(server.url, headers(token), checks.CONTEXT)
                if client.is_browser:
                    # The web provider asks when it starts.
                    if not error:
                        yield f"{client.name}: expected an error for {token}"
                elif found := checks.difference(REFUSED, client):
                    yield f"{token}: {found}"
        # A token that is removed from the file is not valid any more, and the event streams of all tokens are closed.
        for client in clients:
            client.connect(server.url, headers("browser-token"), checks.CONTEXT)
        wait("the event stream", lambda: server.metric("flagctl_event_streams") == 1)
        file.write_text(TOKENS.replace("name: browser", "name: other").replace(digest("browser-token"), digest("another")))
        server.waited("file-reloaded")
        servers = [client for client in clients if not client.is_browser]
        yield from all_have(servers, REFUSED)
        wait("the end of the event stream", lambda: server.metric("flagctl_event_streams") == 0)
        repository.kill("changing-flag")
        server.refresh("webhook-token")
        for client in servers:
            client.connect(server.url, headers("server-token"), checks.CONTEXT)
        yield from all_have(servers, KILLED, SOON)
    return "5 tokens had their scopes"


def polls(server, times):
    """Waits until the web provider has polled so many times without a change. Returns the number of all such answers."""
    number = lambda: server.metric('flagctl_requests_total{endpoint="flags",status="304"}')
    before = number()
    wait("an answer with the status 304", lambda: number() >= before + times)
    return number()


def changed_attributes(binary, folder, clients):
    """A client that changes only attributes gets new answers, and one that changes nothing gets 304."""
    repository = FlagRepository(binary, folder / "flags")
    with Server(repository) as server:
        for client in clients:
            client.connect(server.url, {}, {"targetingKey": "user-1", "plan": "free"})
        for _ in range(3):
            differences, _ = checks.run(clients, ["no rule matches", "a rule matches"])
            yield from differences
        # The events of a change of the context may be later than its answers.
        polls(server, 3)
        for client in clients:
            if client.is_browser:
                client.ask(events=True)
        number = polls(server, 3)
        for client in clients:
            if client.is_browser and (events := client.ask(events=True)["events"]):
                yield f"{client.name}: expected no events, found {events}"
    return f"{number:.0f} answers had the status 304"


ALL = [kill_on_branch, kill_at_target, bad_bundles, bad_definitions, overrides, tokens, rates, changed_attributes]


def run(binary, folder, clients):
    """Runs all scenarios. Returns the number of those that failed."""
    failed = 0
    for scenario in ALL:
        (place := folder / scenario.__name__).mkdir()
        differences, measured = [], ""
        running = scenario(binary, place, clients)
        try:
            while True:
                differences.append(next(running))
        except StopIteration as stop:
            measured = stop.value
        except Exception as error:
            differences.append(f"{type(error).__name__}: {error}")
        name = scenario.__name__.replace("_", " ")
        print(f"clients: {name}: {measured if not differences else f'{len(differences)} differences'}", flush=True)
        for difference in differences[:10]:
            print(f"  {difference}")
        failed += bool(differences)
    return failed

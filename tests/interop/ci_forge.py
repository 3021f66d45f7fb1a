"""A stand-in for a forge: a bare repository, the files of a release, and the interface for comments, on this machine.

The answers have the fields that the documentation of GitHub's and GitLab's interfaces shows. Every request is kept.
"""

import http.server
import json
import os
import re
import subprocess
import threading
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit


def git(folder, *arguments, text=None):
    """Runs git without the user's configuration."""
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER")
           for part, value in (("NAME", "Dana"), ("EMAIL", "dana@example.com"))}
    environment = os.environ | who | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    ran = subprocess.run(["git", "-C", folder, *arguments], input=text, capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, (arguments, ran.stdout, ran.stderr)
    return ran.stdout.strip()


class Forge:
    name = "shop/flags"
    token = "a-secret-token"
    # The logins of the tokens' owners.
    github_login, gitlab_login = "github-actions[bot]", "project_1_bot"

    def __init__(self, folder, releases, path, inputs):
        """`releases` is served as the folder of releases, `path` is the PATH of jobs, and `inputs` are those of all jobs."""
        self.folder, self.releases, self.path = folder, releases, path
        self.comments, self.labels, self.requests, self.folders = [], set(), [], 0
        self.status = None
        self.author = folder / "author"
        self.repository = folder / "origin.git"
        self.url = f"file://{self.repository}"
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.repository))
        # Services let a job fetch a commit by its id.
        git(self.repository, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(folder, "clone", "--quiet", str(self.repository), str(self.author))
        git(self.author, "checkout", "--quiet", "-B", "main")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.inputs = {"releases": f"{self.address}/releases", **inputs}

    def stop(self):
        self.server.shutdown()

    def new_folder(self):
        self.folders += 1
        folder = self.folder / f"job-{self.folders}"
        folder.mkdir()
        return folder

    # The repository.

    def write(self, files):
        for path, content in files.items():
            file = self.author / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    def commit(self, files, message="a change"):
        self.write(files)
        git(self.author, "add", "--all")
        git(self.author, "commit", "--quiet", "--message", message)
        return git(self.author, "rev-parse", "HEAD")

    def branch(self, name, files, base="origin/main"):
        """Makes a branch with one commit, and returns the commit."""
        git(self.author, "fetch", "--quiet", "--prune", "origin")
        git(self.author, "checkout", "--quiet", "--detach", base)
        commit = self.commit(files)
        git(self.author, "push", "--quiet", "--force", "origin", f"{commit}:refs/heads/{name}")
        return commit

    def push(self, files):
        """Pushes a commit to main, and returns the commits before and after."""
        git(self.author, "fetch", "--quiet", "origin")
        git(self.author, "checkout", "--quiet", "-B", "main", *self.tip())
        before = (self.tip() or ["0" * 40])[0]
        commit = self.commit(files)
        git(self.author, "push", "--quiet", "origin", "HEAD:refs/heads/main")
        return before, commit

    def tip(self):
        return git(self.repository, "for-each-ref", "--format=%(objectname)", "refs/heads/main").split()

    def merged(self, head):
        """Returns the commit that merges a commit into main, as a forge makes it."""
        [base] = self.tip()
        tree = git(self.repository, "merge-tree", "--write-tree", base, head)
        return git(self.repository, "commit-tree", tree, "-p", base, "-p", head, text="merge")

    def pull_request(self, number, head):
        """Makes the refs of a pull request, and returns the commit of the merge."""
        merge = self.merged(head)
        for ref, commit in ((f"pull/{number}/head", head), (f"pull/{number}/merge", merge), (f"merge-requests/{number}/head", head)):
            git(self.repository, "update-ref", f"refs/{ref}", commit)
        return merge

    # The interface.

    def methods(self):
        """Returns the methods of the requests that change something, and forgets all requests."""
        found = [method for method, *_ in self.requests if method != "GET"]
        self.requests.clear()
        return found

    def handler(forge):
        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                address = urlsplit(self.path)
                if address.path.startswith("/releases/"):
                    return self.file(forge.releases / address.path.removeprefix("/releases/"))
                forge.requests.append((self.command, self.path, body))
                token = self.headers.get("PRIVATE-TOKEN") or (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                status, value = forge.answer(self.command, unquote(address.path), parse_qs(address.query), body)
                if token != forge.token:
                    status, value = 401, {"message": "Bad credentials"}
                self.reply(forge.status or status, json.dumps(value).encode())

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

            def file(self, path):
                self.reply(200, path.read_bytes()) if path.is_file() else self.reply(404, b"")

            def reply(self, status, content):
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments):
                pass

        return Handler

    def answer(self, method, path, query, body):
        """Answers a request with a status and a value."""
        if path == "/gitlab/user":
            return 200, {"id": 9, "username": self.gitlab_login}
        notes = r"/gitlab/projects/1/merge_requests/\d+/notes"
        lists = re.fullmatch(rf"/github/repos/shop/flags/issues/\d+/comments|{notes}", path)
        one = re.fullmatch(rf"(?:/github/repos/shop/flags/issues/comments|{notes})/(\d+)", path)
        labels = re.fullmatch(r"/github/repos/shop/flags/issues/\d+/labels(?:/(.+))?", path)
        login = self.gitlab_login if path.startswith("/gitlab") else self.github_login
        if labels:
            return self.label(method, labels.group(1), body)
        if lists and method == "GET":
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return 200, self.comments[(page - 1) * size:page * size]
        if lists and method == "POST":
            self.comment(login, body["body"])
            return 201, self.comments[-1]
        if one and method in ("PATCH", "PUT"):
            [comment] = [comment for comment in self.comments if comment["id"] == int(one.group(1))]
            comment["body"] = body["body"]
            return 200, comment
        return 404, {"message": "Not Found"}

    def label(self, method, name, body):
        if method == "POST":
            self.labels.update(body["labels"])
        elif method == "DELETE":
            self.labels.remove(name)
        return 200, [{"id": number, "name": label} for number, label in enumerate(sorted(self.labels))]

    def comment(self, login, text):
        """Adds a comment of a person or of a token."""
        number = 1000 + len(self.comments)
        user = {"login": login, "username": login, "id": 9}
        self.comments.append({"id": number, "body": text, "user": user, "author": user})

"""Sends requests exactly as scenarios describe them, and reads event streams."""

import http.client
import queue
import socket
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

TIMEOUT = 20.0
CHUNK = 16384


@dataclass
class Response:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def header(self, name):
        values = self.headers.get_all(name)
        return None if values is None else ", ".join(values)


class Connection:
    """Connections to one server. Requests share a connection, as long as the server keeps it open."""

    def __init__(self, url):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"`{url}` is not the address of a server: expected one such as `http://127.0.0.1:8016`")
        self.base = parts.path.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.open = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.address = parts.hostname, parts.port
        self.shared = None

    def target(self, path):
        """Returns the target of a request. A path that begins with `/` does not begin with the path of the server."""
        if path.startswith(self.origin + "/"):
            return path[len(self.origin):]
        return path if path.startswith("/") else f"{self.base}/{path}"

    def new(self):
        return self.open(*self.address, timeout=TIMEOUT)

    def request(self, method, path, headers, body=b"", chunked=False):
        """Sends a request and returns the response."""
        for is_last in (self.shared is None, True):
            self.shared = self.shared or self.new()
            try:
                return self.exchanged(self.shared, method, self.target(path), headers, body, chunked)
            except (http.client.HTTPException, OSError):
                # The server may close a connection on which no request was sent for a while.
                self.close()
                if is_last:
                    raise

    def exchanged(self, connection, method, target, headers, body, chunked):
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        elif body or method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        parts = [body[start:start + CHUNK] for start in range(0, len(body), CHUNK)]
        try:
            for part in parts:
                connection.send(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
            if chunked:
                connection.send(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            # The server has answered before it read the whole body.
            pass
        found = connection.getresponse()
        response = Response(found.status, found.headers, found.read())
        if found.will_close:
            self.close()
        return response

    def close(self):
        if self.shared:
            self.shared.close()
            self.shared = None

    def stream(self, path, headers):
        return Stream(self.new(), self.target(path), headers)


@dataclass
class Event:
    fields: dict = field(default_factory=dict)
    received: float = 0.0


class Stream:
    """An event stream, as the standard for server-sent events describes it. A thread reads it."""

    def __init__(self, connection, target, headers):
        connection.putrequest("GET", target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        # The response takes the socket if it ends with the connection.
        self.socket = connection.sock
        found = connection.getresponse()
        self.connection, self.found = connection, found
        is_stream = found.status == 200 and found.headers.get_content_type() == "text/event-stream"
        self.response = Response(found.status, found.headers, b"" if is_stream else found.read())
        self.events, self.comments = queue.Queue(), queue.Queue()
        self.lines = 0
        if is_stream:
            self.socket.settimeout(None)
            threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        fields = {}
        try:
            for line in self.found:
                self.lines += 1
                line = line.decode("utf-8").rstrip("\r\n")
                if not line:
                    if "data" in fields:
                        self.events.put(Event(fields, time.monotonic()))
                    fields = {}
                elif line.startswith(":"):
                    self.comments.put(line)
                else:
                    name, _, value = line.partition(":")
                    value = value.removeprefix(" ")
                    fields[name] = fields[name] + "\n" + value if name == "data" and name in fields else value
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass

    def event(self, seconds):
        """Returns the next event, or None if none arrives in time."""
        return self.next(self.events, seconds)

    def comment(self, seconds):
        return self.next(self.comments, seconds)

    @staticmethod
    def next(received, seconds):
        try:
            return received.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.connection.close()

"""OpenFeature's clients for OFREP, each as a program that takes commands.

A program reads one command from each line of stdin, as JSON, and writes one line of JSON for it to stdout:

- `{"connect": URL, "headers": {NAME: VALUE}, "context": {…}}` connects to a server, and closes the connection to the
  server before. The answer is `{"error": null}`, or an error code if the client says that it cannot be used. Only a
  client for browsers uses the context.
- `{"flag": KEY, "type": "boolean", "default": …, "context": {…}}` evaluates a flag. The answer has the members `value`,
  `variant`, `reason`, `error` (a code or null), and for most clients `metadata`. A client for browsers is told of the
  context first, if it has changed.
- `{"events": true}` returns the events of a client for browsers since the last such command, as `{"events": [NAME, …]}`.
"""

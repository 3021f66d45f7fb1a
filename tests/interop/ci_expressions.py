"""The expressions of GitHub's workflows, `${{ … }}`, as far as `action.yml` and the documented workflows use them."""

import json
import re

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<sign>&&|\|\||==|!=|!|\(|\)|,)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*))"
)


def text(value):
    """Returns a value as it is written into a text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_true(value):
    return value not in (None, "", False, 0)


def interpolated(template, contexts, functions):
    """Replaces all expressions in a text."""
    replaced = lambda found: text(evaluated(found.group(1), contexts, functions))
    return re.sub(r"\$\{\{(.*?)\}\}", replaced, template, flags=re.DOTALL)


def condition(source, contexts, functions):
    """Evaluates an `if`, which may lack the braces."""
    inner = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", source, flags=re.DOTALL)
    source = inner.group(1) if inner else source
    has_status = any(f"{name}()" in source for name in ("always", "cancelled", "failure", "success"))
    return (has_status or functions["success"]()) and is_true(evaluated(source, contexts, functions))


def evaluated(source, contexts, functions):
    parser = Parser(source, contexts, functions)
    value = parser.either()
    assert parser.kind is None, f"unexpected {parser.word!r} in {source!r}"
    return value


class Parser:
    def __init__(self, source, contexts, functions):
        self.source, self.contexts, self.functions, self.at = source.strip(), contexts, functions, 0
        self.next()

    def next(self):
        """Goes to the next token."""
        if self.at == len(self.source):
            self.kind = self.word = None
            return
        found = TOKEN.match(self.source, self.at)
        assert found, f"cannot read {self.source[self.at:]!r}"
        self.at, self.kind, self.word = found.end(), found.lastgroup, found.group(found.lastgroup)

    def takes(self, *signs):
        if self.kind == "sign" and self.word in signs:
            sign = self.word
            self.next()
            return sign
        return None

    def either(self):
        value = self.both()
        while self.takes("||"):
            other = self.both()
            value = value if is_true(value) else other
        return value

    def both(self):
        value = self.compared()
        while self.takes("&&"):
            other = self.compared()
            value = other if is_true(value) else value
        return value

    def compared(self):
        value = self.single()
        while sign := self.takes("==", "!="):
            # Missing properties are null, which equals the empty text, and texts are compared without regard to case.
            equal = text(value).lower() == text(self.single()).lower()
            value = equal == (sign == "==")
        return value

    def single(self):
        if self.takes("!"):
            return not is_true(self.single())
        if self.takes("("):
            value = self.either()
            assert self.takes(")")
            return value
        kind, word = self.kind, self.word
        self.next()
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return int(word)
        assert kind == "name", f"unexpected {word!r} in {self.source!r}"
        if self.takes("("):
            return self.called(word)
        if word in ("true", "false", "null"):
            return json.loads(word)
        value = self.contexts
        for part in word.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def called(self, name):
        arguments = []
        while not self.takes(")"):
            arguments.append(self.either())
            self.takes(",")
        if name == "format":
            template, *values = arguments
            return re.sub(r"\{(\d+)\}", lambda found: text(values[int(found.group(1))]), template)
        return self.functions[name](*arguments)

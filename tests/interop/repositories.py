"""The common parts of the generators of random flag repositories."""


def write(folder, files):
    """Writes the texts to files below the folder, by path."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def shares(names, ends):
    """Returns a split in which each name gets the range between two ends, in thousandths of a percent."""
    widths = [end - before for before, end in zip([0, *ends], [*ends, 100_000])]
    return {name: f"{width // 1000}.{width % 1000:03}%" for name, width in zip(names, widths)}


def declaration(declared):
    """Returns the type of an attribute, and its enum or None."""
    return (declared, None) if isinstance(declared, str) else (declared["type"], declared.get("enum"))


class Chance:
    """Random choices from one source. A subclass defines `test` (of an attribute) and `wanted` (of other flags)."""

    # The default maximum number of elements that `some` returns.
    MOST = 4
    NESTED = ["all", "any", "not", "several"]

    def __init__(self, source):
        self.random = source

    def pick(self, pool):
        return self.random.choice(pool)

    def some(self, pool, most=None):
        return self.random.sample(pool, self.random.randint(1, min(most or self.MOST, len(pool))))

    def chance(self, share):
        return self.random.random() < share

    def elements(self, pool):
        """Returns the operators of a test of a list."""
        return self.pick([{"has": self.pick(pool)}, {"has_any": self.some(pool)}, {"has_all": self.some(pool)}])

    def condition(self, depth, segments=(), flags=()):
        if depth == 0 or self.chance(0.35):
            return self.test()
        inner = lambda: self.condition(depth - 1, segments, flags)
        match self.pick(self.NESTED + ["segment"] * bool(segments) + ["flag"] * bool(flags)):
            case "all":
                return {"all": [inner() for _ in range(self.random.randint(1, 3))]}
            case "any":
                return {"any": [inner() for _ in range(self.random.randint(1, 3))]}
            case "not":
                return {"not": inner()}
            case "several":
                return self.test() | self.test()
            case "segment":
                return {"segment": self.pick(segments) if self.chance(0.7) else self.some(segments, 2)}
            case "flag":
                return {"flag": self.wanted(flags)}

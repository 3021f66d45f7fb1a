"""Fields by environment: finds the entry of `environments`, in a flag or a rule, whose field counts in an environment."""


def sources(written, environment, groups):
    """Returns, for each field, the name of the entry whose field counts, or None for the field for all environments."""
    found = dict.fromkeys(written)
    of_groups = [group for group, members in groups.items() if environment in members]
    for name in [*of_groups, environment]:
        found |= dict.fromkeys(written.get("environments", {}).get(name, {}), name)
    return found


def resolved(written, environment, groups):
    """Returns the fields that count in an environment."""
    entries = {None: written, **written.get("environments", {})}
    return {field: entries[name][field] for field, name in sources(written, environment, groups).items()}


def consistent(entries, environments, groups):
    """Returns the entries without fields that two groups have for an environment without a field of its own."""
    made = {name: dict(fields) for name, fields in entries.items()}
    for environment in environments:
        taken, own = set(), set(made.get(environment, {}))
        for group in (group for group, members in groups.items() if environment in members and group in made):
            made[group] = {field: value for field, value in made[group].items() if field in own or field not in taken}
            taken |= set(made[group])
    return {name: fields for name, fields in made.items() if fields}

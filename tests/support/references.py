"""Fields of the events that an event refers to, looked up anew each time; and events of several streams as one view has them.

A stream's "references" are {name: {"stream", "by"}}: BY are its own fields, in the order of the target's key.

SPDX-License-Identifier: Apache-2.0
"""

import expressions
import measures
from measures import KEY, MISSING
from values import sort_key

DEPTH = 2


def fields_of(name, declared, depth=DEPTH):
    """path -> type, of a stream and all that can be reached from it."""
    fields = dict(declared[name]["fields"])
    for reference, to in declared[name].get("references", {}).items() if depth else ():
        below = fields_of(to["stream"], declared, depth - 1)
        fields.update({f"{reference}.{field}": kind for field, kind in below.items()})
    return fields


def declared_of(streams):
    return {name: stream.declared for name, stream in streams.items()}


def resolve(event, name, streams, depth=DEPTH):
    """The event with the fields of its targets; under MISSING the paths whose target is not there."""
    seen, missing = dict(event), set()
    for reference, to in streams[name].declared.get("references", {}).items() if depth else ():
        values = [event[field] for field in to["by"]]
        target = streams[to["stream"]].live(tuple(map(sort_key, values)))
        is_null = all(value is None for value in values)
        below = resolve(target, to["stream"], streams, depth - 1) if target else {MISSING: set()}
        for field in fields_of(to["stream"], declared_of(streams), depth - 1):
            seen[f"{reference}.{field}"] = below.get(field)
            if field in below[MISSING] or not (target or is_null):
                missing.add(f"{reference}.{field}")
    seen[MISSING] = missing
    return seen


def sources_of(view):
    """What a view is from: a stream or view -> the fields that it defines, as expressions, and under "where" a condition."""
    source = view["from"]
    if isinstance(source, str):
        return {source: {}}
    return source if isinstance(source, dict) else {name: {} for name in source}


def as_seen(event, name, view, streams):
    """An event of a stream as the view has it; None: the condition of that stream leaves it out."""
    sources, seen = {each: dict(defined) for each, defined in sources_of(view).items()}, resolve(event, name, streams)
    conditions = {each: defined.pop("where", None) for each, defined in sources.items()}
    if not measures.holds(conditions[name], seen):
        return None
    defined = {field: expressions.value(definition, lambda leaf: seen[leaf[1]])
               for field, definition in sources[name].items()}
    lost = {field for field, definition in sources[name].items()
            if definition[0] == "field" and definition[1] in seen[MISSING]}
    everywhere = [field for each, definitions in sources.items() for field in (*streams[each].declared["fields"], *definitions)]
    seen = {**dict.fromkeys(everywhere), **seen, **defined, MISSING: seen[MISSING] | lost}
    if len(sources) > 1:
        seen[KEY] = (list(streams).index(name), *event[KEY])  # in the order of the schema
    return seen


def all_seen(events, name, view, streams):
    return [seen for seen in (as_seen(event, name, view, streams) for event in events) if seen is not None]


def events_of(view, streams):
    return [seen for name in sources_of(view) for seen in all_seen(streams[name].survivors(), name, view, streams)]

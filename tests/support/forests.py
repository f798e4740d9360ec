"""A naive recomputation of views by tree() and path(): every file of them, from the surviving events.

SPDX-License-Identifier: Apache-2.0
"""

import json

DISTANCE_MAX = 255  # depth() of all that is farther below, too

HEADS = ("direct", "subtree")


def escape(text):
    """The name of a value, see names.h; short ones only."""
    if text is None:
        return "%null"
    if text == "":
        return "%empty"
    out = ""
    for at, char in enumerate(text):
        special = char in '/\\%' or ord(char) < 0x20 or ord(char) == 0x7f or (at == 0 and char in ".-~")
        out += "".join(f"%{byte:02X}" for byte in char.encode()) if special else char
    for ending in (".json", ".ndjson", ".csv", ".prom", ".html"):
        if text.endswith(ending):
            dot = len(out) - len(ending)
            if out[dot] == ".":
                out = out[:dot] + "%2E" + out[dot + 1:]
            break
    return out


def dumps(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def cell(value):
    if value is None:
        return ""
    text = value if isinstance(value, str) else dumps(value)
    if not isinstance(value, (int, float)) and (text == "" or text[0] in " \t" or text[-1] in " \t" or any(c in text for c in ',"\r\n')):
        return '"' + text.replace('"', '""') + '"'
    return text


class Forest:
    """MEASURES: name -> function of a list of events. WITHIN: name -> (dimensions, which events, measures); a dimension is a field,
    or "depth"."""

    def __init__(self, events, measures, levels=1, tree=None, path=None, within=None):
        self.within = within or {}
        self.measures, self.levels, self.path = measures, levels, path
        self.own, self.parents, self.above = {}, {}, {}
        for event in events:
            if tree:
                self.add_link(event, *tree)
            else:
                self.add_path(event, *path)
        self.nodes = [node for node in self.own if node is not None]
        for node in self.nodes:
            parent = self.parents.get(node)
            self.above[node] = parent if parent in self.own else None
        self.children, self.subtree, self.distances = {}, {}, {}
        for node in sorted(self.nodes, key=lambda node: node.encode()):
            self.children.setdefault(self.above[node], []).append(node)
        for node, own in self.own.items():
            for event in own:
                at, seen = node, set()
                while True:
                    assert at not in seen, "a cycle"
                    self.distances.setdefault(at, []).append((len(seen), event))
                    seen.add(at)
                    self.subtree.setdefault(at, []).append(event)
                    if at is None:
                        break
                    at = self.above[at]

    def add_link(self, event, id_field, parent_field):
        node, parent = event[id_field], event[parent_field]
        self.own.setdefault(node, []).append(event)
        if node is not None and parent is not None:
            known = self.parents.get(node)
            self.parents[node] = parent if known is None else min(known, parent, key=lambda text: text.encode())

    def add_path(self, event, field, separator):
        segments = [part for part in (event[field] or "").split(separator) if part]
        node = separator.join(segments) if segments else None
        self.own.setdefault(node, []).append(event)
        for length in range(len(segments), 0, -1):
            prefix = separator.join(segments[:length])
            self.own.setdefault(prefix, [])
            if length > 1:
                self.parents[prefix] = separator.join(segments[: length - 1])

    def row(self, node):
        shown = {"id": node, "parent": self.parents.get(node) if node is not None else None}
        for head, events in zip(HEADS, (self.own.get(node, []), self.subtree.get(node, []))):
            shown[head] = {name: measure(events) for name, measure in self.measures.items()}
        return shown

    def rows(self, node, levels=None):
        levels = self.levels if levels is None else levels
        for child in self.children.get(node, []):
            yield self.row(child)
            if levels > 1:
                yield from self.rows(child, levels - 1)

    def csv(self, rows):
        lines = [",".join(["id", "parent"] + [f"{head}.{name}" for head in HEADS for name in self.measures])]
        for row in rows:
            values = [row["id"], row["parent"]] + [value for head in HEADS for value in row[head].values()]
            lines.append(",".join(cell(value) for value in values))
        return "\n".join(lines) + "\n"

    def division(self, node, name):
        """The rows of one division of a node's subtree; and its columns."""
        by, wanted, measures = self.within[name]
        groups = {}
        for distance, event in self.distances.get(node, []):
            if wanted(event):
                groups.setdefault(tuple(min(distance, DISTANCE_MAX) if field == "depth" else event[field] for field in by), []).append(event)
        for values in sorted(groups, key=lambda values: [(value is not None, value.encode() if isinstance(value, str) else value)
                                                         for value in values]):
            yield {**dict(zip(by, values)), **{name: measure(groups[values]) for name, measure in measures.items()}}

    def add_divisions(self, node, stem, listed, hidden):
        for name in self.within:
            rows = list(self.division(node, name))
            if rows:
                listed[f"{stem}/.{name}.json"] = "[" + ",\n".join(dumps(row) for row in rows) + "]\n"
                hidden[f"{stem}/.{name}.ndjson"] = "".join(dumps(row) + "\n" for row in rows)
                hidden[f"{stem}/.{name}.csv"] = "".join(",".join(line) + "\n" for line in [
                    list(rows[0])] + [[cell(value) for value in row.values()] for row in rows])

    def name(self, node):
        return escape(node.split(self.path[1])[-1] if self.path else node)

    def place(self, node):
        names = []
        while node is not None:
            names.insert(0, self.name(node))
            node = self.above[node]
        return names

    def files(self, view):
        """path -> content: those that are listed; and those that are only there by name."""
        listed, hidden = {}, {}
        if not self.own:
            return listed, hidden
        for node in [None, *self.nodes]:
            stem = "/".join([view, *self.place(node)])
            rows = list(self.rows(node))
            listed[stem + ".json"] = "[" + ",\n".join(dumps(row) for row in rows) + "]\n"
            listed[stem + "/.total.json"] = dumps(self.row(node)) + "\n"
            self.add_divisions(node, stem, listed, hidden)
            hidden[stem + ".ndjson"] = "".join(dumps(row) + "\n" for row in rows)
            hidden[stem + ".csv"] = self.csv(rows)
            if node is not None:
                by_id = f"{view}/.node/{escape(node)}"
                hidden[by_id + ".json"] = hidden[by_id + ".ndjson"] = dumps(self.row(node)) + "\n"
                hidden[by_id + ".csv"] = self.csv([self.row(node)])
        return listed, hidden


def closes_cycle(events, tree):
    """The chain of a cycle that the events' parents make, or None."""
    parents = {}
    for event in events:
        node, parent = event[tree[0]], event[tree[1]]
        if node is not None and parent is not None:
            known = parents.get(node)
            parents[node] = parent if known is None else min(known, parent, key=lambda text: text.encode())
    for start in parents:
        chain, at = [start], parents.get(start)
        while at is not None and at != start and len(chain) <= len(parents):
            chain.append(at)
            at = parents.get(at)
        if at == start:
            return chain + [start]
    return None

"""Trees of nodes out of events, naively: each node's events, those below it, and the files that tell of them.

A view's "tree" is {"id", "parent"}, two fields, or {"path", "separator"}; its "within" are rollups by name, {"by", "measures",
"where"}, of which a dimension may be {"name": "depth", "depth": True}.

SPDX-License-Identifier: Apache-2.0
"""

from decimal import Decimal

import measures
from values import csv_cell, dimension, json_text, name_of, sort_key


class Node:
    def __init__(self, value, name):
        self.value, self.name = value, name  # the id, and what it is called in the directory of its parent
        self.parent = None  # the parent's id, whether it is there or not
        self.direct, self.children = [], []

    def below(self, depth=0):
        """The node's events and those under it, each with its distance."""
        found = [(event, depth) for event in self.direct]
        for child in self.children:
            found += child.below(depth + 1)
        return found

    def everyone(self):
        return [self] + [node for child in self.children for node in child.everyone()]


def ancestry(tree, event):
    """The ids from the event's top node down to its own, as a path says them."""
    segments = [part for part in (event[tree["path"]] or "").split(tree["separator"]) if part]
    return [tree["separator"].join(segments[: i + 1]) for i in range(len(segments))], segments


def grown_by_path(tree, events):
    root, nodes = Node(None, None), {}
    for event in events:
        node = root
        for value, segment in zip(*ancestry(tree, event)):
            if value not in nodes:
                nodes[value] = Node(value, name_of(segment))
                nodes[value].parent = node.value
                node.children.append(nodes[value])
            node = nodes[value]
        node.direct.append(event)
    return root


def named_parents(tree, events):
    """id -> the parents that its events name, the least first."""
    named = {}
    for event in events:
        if event[tree["id"]] is not None:
            named.setdefault(event[tree["id"]], set()).add(event[tree["parent"]])
    return {value: sorted(parents - {None}, key=sort_key) for value, parents in named.items()}


def grown_by_parent(tree, events):
    root, nodes = Node(None, None), {}
    for value, parents in named_parents(tree, events).items():
        nodes[value] = Node(value, name_of(value))
        nodes[value].parent = parents[0] if parents else None
    for node in nodes.values():
        nodes.get(node.parent, root).children.append(node)
    for event in events:
        (root if event[tree["id"]] is None else nodes[event[tree["id"]]]).direct.append(event)
    return root


def grown(tree, events):
    root = grown_by_path(tree, events) if "path" in tree else grown_by_parent(tree, events)
    for node in root.everyone():
        node.children.sort(key=lambda child: sort_key(child.value))
    return root


def has_cycle(view, events):
    """Whether someone is above himself, by way of parents who may not be there."""
    tree = view["tree"]
    if "path" in tree:
        return False
    named = named_parents(tree, [event for event in events if measures.holds(view.get("where"), event)])
    for start in named:
        seen, value = set(), start
        while named.get(value):
            if value in seen:
                return True
            seen.add(value)
            value = named[value][0]
    return False


def rows_files(path, texts, header, cells):
    """The formats of a file of rows."""
    return {path + b".json": "[" + ",\n".join(texts) + "]\n", path + b".ndjson": "".join(text + "\n" for text in texts),
            path + b".csv": header + "".join(cells)}


def record_text(pairs):
    return "{" + ",".join(f"{json_text(name)}:{value}" for name, value in pairs) + "}"


def row_of(view, node):
    """A node as JSON and as CSV."""
    direct = measures.results(view["measures"], node.direct)
    subtree = measures.results(view["measures"], [event for event, _ in node.below()])
    ids = [json_text(dimension(value)) for value in (node.value, node.parent)]
    both = [record_text((name, json_text(value)) for name, value in found.items()) for found in (direct, subtree)]
    text = record_text(zip(("id", "parent", "direct", "subtree"), ids + both))
    cells = [csv_cell(dimension(value)) for value in (node.value, node.parent)]
    return text, ",".join(cells + [csv_cell(value) for found in (direct, subtree) for value in found.values()]) + "\n"


def header_of(view):
    columns = ["id", "parent"] + [f"{part}.{name}" for part in ("direct", "subtree") for name in view["measures"]]
    return ",".join(map(csv_cell, columns)) + "\n"


def levels(node, depth):
    """The nodes of so many levels below, each before its own."""
    return [each for child in node.children for each in [child, *levels(child, depth - 1)]] if depth else []


def within_files(path, rollup, node, dimension_of):
    groups = {}
    for event, depth in node.below():
        if measures.holds(rollup.get("where"), event):
            values = [Decimal(depth) if by.get("depth") else dimension_of(by, event) for by in rollup["by"]]
            groups.setdefault(tuple(map(sort_key, values)), (values, []))[1].append(event)
    if not groups:
        return {}
    names, texts, cells = [by["name"] for by in rollup["by"]], [], []
    for key in sorted(groups):
        values, events = groups[key]
        found = measures.results(rollup["measures"], events)
        columns = [*map(dimension, values), *found.values()]
        texts.append(record_text(zip(names + list(found), map(json_text, columns))))
        cells.append(",".join(map(csv_cell, columns)) + "\n")
    return rows_files(path, texts, ",".join(map(csv_cell, names + list(rollup["measures"]))) + "\n", cells)


def files_of(name, view, events, dimension_of):
    """path -> content of every file of a view that is a tree. EVENTS: those that count."""
    if not events:
        return {}
    files, root, header = {}, grown(view["tree"], events), header_of(view)
    rows = {id(node): row_of(view, node) for node in root.everyone()}

    def visit(path, node):
        shown = [rows[id(each)] for each in levels(node, view.get("depth", 1))]
        files.update(rows_files(path, [text for text, _ in shown], header, [cells for _, cells in shown]))
        text, cells = rows[id(node)]
        files[path + b"/.total.json"] = text + "\n"
        for rollup, declared in view.get("within", {}).items():
            files.update(within_files(path + b"/." + name_of(rollup), declared, node, dimension_of))
        if node is not root:
            by_id = name_of(name) + b"/.node/" + name_of(node.value)
            files.update({by_id + b".json": text + "\n", by_id + b".ndjson": text + "\n", by_id + b".csv": header + cells})
        for child in node.children:
            visit(path + b"/" + child.name, child)

    visit(name_of(name), root)
    return {path: text.encode("utf-8", "surrogateescape") for path, text in files.items()}

#!/usr/bin/env python3
"""Writes graph.json: 256 small sums, then eight levels that add up neighbours."""

import json
import pathlib

LEAVES = 256


def tree():
    tasks = {
        "x": {"call": "tree/inc", "map": {"range": [0, LEAVES]}},
        "y": {"call": "tree/dec", "map": {"zip": [{"$tasks": "x"}]}},
        "z": {"call": "tree/add", "map": {"zip": [{"$tasks": "x"}, {"$tasks": "y"}]}},
    }
    below, width = "z", LEAVES
    while width > 2:
        width //= 2
        pairs = [[{"$task": f"{below}[{2 * i}]"}, {"$task": f"{below}[{2 * i + 1}]"}] for i in range(width)]
        below = f"sum{width}"
        tasks[below] = {"call": "tree/add", "map": {"each": pairs}}
    tasks["total"] = {"call": "tree/add", "args": [{"$task": f"{below}[0]"}, {"$task": f"{below}[1]"}]}
    return {"name": "tree sum", "outputs": ["total"], "tasks": tasks}


def as_text(graph):
    """JSON with one line for each task and each pair, so that a person can read it."""
    lines = []
    for key, task in graph["tasks"].items():
        text = json.dumps(task)
        if "each" in task.get("map", {}):
            pairs = ",\n      ".join(json.dumps(pair) for pair in task["map"]["each"])
            text = '{"call": %s, "map": {"each": [\n      %s]}}' % (json.dumps(task["call"]), pairs)
        lines.append(f"    {json.dumps(key)}: {text}")
    head = f'{{\n  "name": {json.dumps(graph["name"])},\n  "outputs": {json.dumps(graph["outputs"])},\n'
    return head + '  "tasks": {\n' + ",\n".join(lines) + "\n  }\n}\n"


if __name__ == "__main__":
    pathlib.Path(__file__).with_name("graph.json").write_text(as_text(tree()))

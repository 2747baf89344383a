#!/usr/bin/env python3
"""Writes graph.json. Only the places of neighbours and the random pairs need a program."""

import json
import pathlib
import random

SEED = 42
STATIONS = 100
AREAS = STATIONS - 2
PAIRS = 200


def neighbours(area):
    return [{"$task": f"normalised[{area + step}]"} for step in range(3)]


def random_pairs():
    """Two areas that have no station in common, else they would be alike for no good reason."""
    rng, pairs = random.Random(SEED), set()
    while len(pairs) < PAIRS:
        first, second = (int(rng.random() * AREAS) for _ in range(2))
        if second - first > 2:
            pairs.add((first, second))
    return sorted(pairs)


def compared(first, second):
    return [first, second, {"$task": f"rolled[{first}]"}, {"$task": f"rolled[{second}]"}]


def main():
    lines = {
        "rolled": ",\n      ".join(json.dumps(neighbours(area)) for area in range(AREAS)),
        "compared": ",\n      ".join(json.dumps(compared(*pair)) for pair in random_pairs()),
    }
    graph = """{
  "name": "weather of a hundred stations",
  "outputs": ["best"],
  "tasks": {
    "normals": {"call": "pipeline/load", "args": [{"$file": "data/normals.csv", "media_type": "text/csv"}]},
    "loaded": {"call": "pipeline/load", "map": {"each": {"$files": "data/stations/*.csv"}}},
    "normalised": {"call": "pipeline/normalise", "map": {"zip": [{"$tasks": "loaded"}]},
      "args": [{"$item": 0}, {"$task": "normals"}]},
    "rolled": {"call": "pipeline/roll", "map": {"each": [
      @rolled]}},
    "compared": {"call": "pipeline/compare", "map": {"each": [
      @compared]}},
    "best": {"call": "pipeline/best", "args": [{"$tasks": "compared"}]}
  }
}
"""
    for key, text in lines.items():
        graph = graph.replace("@" + key, text)
    pathlib.Path(__file__).with_name("graph.json").write_text(graph)


if __name__ == "__main__":
    main()

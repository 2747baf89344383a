"""Prints what criterion measured, as a table in Markdown.

    python3 tests/bench/micro.py target/criterion
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any, Dict


def time(ns: float) -> str:
    """A time in the unit that people read."""
    for unit, factor in (("ns", 1), ("us", 1e3), ("ms", 1e6)):
        if ns < 1000 * factor:
            return f"{ns / factor:.3g} {unit}"
    return f"{ns / 1e9:.3g} s"


def rate(throughput: Dict[str, Any], ns: float) -> str:
    """Elements or bytes per second, if there are any."""
    if "Elements" in throughput:
        return f"{throughput['Elements'] / ns * 1e9:,.0f} /s"
    if "Bytes" in throughput:
        return f"{throughput['Bytes'] / ns * 1e3:,.0f} MB/s"
    return "–"


def main() -> None:
    rows = []
    for file in pathlib.Path(sys.argv[1]).glob("**/new/benchmark.json"):
        told = json.loads(file.read_text())
        estimates = json.loads(file.with_name("estimates.json").read_text())
        ns = (estimates.get("slope") or estimates["median"])["point_estimate"]
        rows.append((told["full_id"], time(ns), rate(told.get("throughput") or {}, ns)))
    print("| bench | time | throughput |\n|---|---|---|")
    for row in sorted(rows):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()

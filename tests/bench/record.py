"""Puts a measurement into RESULTS.md: between its two markers, with machine, date and command.

    python3 tests/bench/record.py NAME COMMAND [--table] < output

Text goes into a block of its own; with --table it is Markdown already.
"""

from __future__ import annotations

import datetime
import os
import pathlib
import platform
import sys

RESULTS = pathlib.Path(__file__).with_name("RESULTS.md")


def machine() -> str:
    """What a reader has to know of this machine."""
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, {system}"


def replaced(text: str, name: str, part: str) -> str:
    """The text with another part between the markers of that name."""
    begin, end = f"<!-- {name}: generated -->\n", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        sys.exit(f"{RESULTS} has no part `{name}`")
    return before + begin + part + end + after


def main() -> None:
    name, command = sys.argv[1:3]
    output = sys.stdin.read().strip("\n")
    if not output:
        sys.exit("there is nothing to record")
    block = output if "--table" in sys.argv else f"```\n{output}\n```"
    part = f"`{command}` · {datetime.date.today()} · {machine()}, release build\n\n{block}\n"
    RESULTS.write_text(replaced(RESULTS.read_text(), name, part))
    print(f"recorded in {os.path.relpath(RESULTS)}", file=sys.stderr)


if __name__ == "__main__":
    main()

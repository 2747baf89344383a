"""Takes curves up into growth.json and draws each: growth-NAME.svg beside it.

    python3 tests/bench/growth.py MEASURED.json [target/criterion]

MEASURED.json is what `wask bench --growth --json` printed; curves that it does not have stay as they
were. The curve over simulated workers comes from the engine's bench, where criterion left it.
"""

from __future__ import annotations

import datetime
import json
import math
import pathlib
import sys
from typing import Any, Dict, List, Tuple

HERE = pathlib.Path(__file__).parent
KEPT = HERE / "growth.json"

# Tasks of one iteration of the engine's bench.
FLEET_TASKS = 100_000

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 330, 230, 58, 50, 14, 40

STYLE = """
text { font: 11px system-ui, sans-serif; fill: #24292f; } .title { font-weight: 600; font-size: 13px; }
.grid { stroke: #d0d7de; } .line { stroke: #0969da; stroke-width: 2; fill: none; } .dot { fill: #0969da; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .grid { stroke: #3d444d; } .line { stroke: #58a6ff; } .dot { fill: #58a6ff; }
}
"""

Points = List[Tuple[float, float]]


def workers(criterion: pathlib.Path) -> Dict[str, Any]:
    """The curve over simulated workers."""
    points = []
    for file in criterion.glob("engine workers/*/new/estimates.json"):
        ns = json.loads(file.read_text())["median"]["point_estimate"]
        points.append([int(file.parts[-3]), round(ns / FLEET_TASKS / 1e3, 3)])
    title = "Simulated workers of two slots: what deciding costs for each task"
    return {"title": title, "x": "workers", "series": {"time, us": sorted(points)}}


def label(value: float) -> str:
    """A short number."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:.3g}"


def panel(name: str, x: str, points: Points, left: int) -> str:
    """One series: sizes in powers of ten to the right, figures from zero upwards."""
    first, last = (math.log10(max(points[at][0], 1)) for at in (0, -1))
    most = max(value for _, value in points) or 1
    step = 10 ** math.floor(math.log10(most))
    step = next(step * part for part in (0.2, 0.5, 1, 2) if most / (step * part) <= 6)
    top = math.ceil(most / step) * step
    across = lambda size: left + LEFT + (math.log10(max(size, 1)) - first) / ((last - first) or 1) * (WIDTH - LEFT - RIGHT)
    down = lambda value: TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM)
    parts = [f'<text x="{left + 6}" y="38">{name}</text>']
    for line in range(round(top / step) + 1):
        y = down(line * step)
        parts.append(f'<line class="grid" x1="{left + LEFT}" x2="{left + WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{left + LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label(line * step)}</text>')
    for size, value in points:
        parts.append(f'<text x="{across(size):.1f}" y="{HEIGHT - 22}" text-anchor="middle">{label(size)}</text>')
        parts.append(f'<circle class="dot" cx="{across(size):.1f}" cy="{down(value):.1f}" r="3"><title>{label(size)}: {value:g}</title></circle>')
    path = " ".join(f"{across(size):.1f},{down(value):.1f}" for size, value in points)
    parts.append(f'<polyline class="line" points="{path}"/>')
    parts.append(f'<text x="{left + (LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{x}</text>')
    return "\n".join(parts)


def drawn(curve: Dict[str, Any]) -> str:
    """A curve as a picture, a panel for each series."""
    series = {name: points for name, points in curve["series"].items() if points}
    width = WIDTH * len(series)
    panels = [panel(name, curve["x"], points, place * WIDTH) for place, (name, points) in enumerate(series.items())]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" role="img">\n'
        f"<style>{STYLE}</style>\n<title>{curve['title']}</title>\n"
        f'<text class="title" x="6" y="18">{curve["title"]}</text>\n' + "\n".join(panels) + "\n</svg>\n"
    )


def main() -> None:
    measured = json.loads(pathlib.Path(sys.argv[1]).read_text())
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"curves": {}}
    kept.update(machine=measured["machine"], date=str(datetime.date.today()))
    kept["curves"].update(measured["curves"])
    if len(sys.argv) > 2:
        kept["curves"]["workers"] = workers(pathlib.Path(sys.argv[2]))
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    for name, curve in kept["curves"].items():
        if any(curve["series"].values()):
            (HERE / f"growth-{name}.svg").write_text(drawn(curve))


if __name__ == "__main__":
    main()

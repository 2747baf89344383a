#!/usr/bin/env python3
"""Writes data/: a year of daily temperatures for a hundred weather stations, and what is normal.

The stations stand in a row. Weather comes from a few centres of influence, each with a slow random
walk of its own, so that neighbours are alike and distant places are not. The seed is fixed.
"""

import datetime
import math
import pathlib
import random

SEED = 1781
STATIONS = 100
DAYS = [datetime.date(2025, 1, 1) + datetime.timedelta(days=day) for day in range(365)]
CENTRES = 9


def normal(day):
    """The temperature of an ordinary year: coldest in late January."""
    return 9.5 - 10.5 * math.cos(2 * math.pi * (day - 24) / 365)


def weather(rng):
    """Deviations from the ordinary, day by day: each remembers most of the day before."""
    value, values = 0.0, []
    for _ in DAYS:
        value = 0.82 * value + rng.gauss(0, 2.1)
        values.append(value)
    return values


def station(number, centres, rng):
    """Height moves all of a station's temperatures; its distance to the centres makes its weather."""
    place = number / (STATIONS - 1) * (CENTRES - 1)
    weights = [math.exp(-((place - centre) ** 2) / 0.5) for centre in range(CENTRES)]
    height = rng.uniform(-4, 3)
    for day in range(len(DAYS)):
        regional = sum(weight * centre[day] for weight, centre in zip(weights, centres))
        yield normal(day) + height + regional / sum(weights) + rng.gauss(0, 0.9)


def write(path, heading, numbers):
    lines = [f"{day.isoformat()},{number:.1f}\n" for day, number in zip(DAYS, numbers)]
    path.write_text(heading + "\n" + "".join(lines))


def main():
    rng = random.Random(SEED)
    data = pathlib.Path(__file__).with_name("data")
    (data / "stations").mkdir(parents=True, exist_ok=True)
    write(data / "normals.csv", "date,normal_celsius", (normal(day) for day in range(len(DAYS))))
    centres = [weather(rng) for _ in range(CENTRES)]
    for number in range(STATIONS):
        path = data / "stations" / f"station-{number:03}.csv"
        write(path, "date,celsius", station(number, centres, rng))


if __name__ == "__main__":
    main()

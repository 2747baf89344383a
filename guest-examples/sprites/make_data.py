#!/usr/bin/env python3
"""Writes data/lake.png: a mountain lake at dusk, rendered pixel by pixel. Standard library only.

Clouds, ridges and waves are noise of several octaves; the buoys are spheres with a sun on them;
a little grain makes the file compress as badly as a photo does. Takes ten seconds.
"""

import math
import pathlib
import random
import struct
import zlib

SEED = 7
WIDTH, HEIGHT, SHORE = 640, 480, 290
SUN = (455, 150)
RIDGES = [  # base height, amplitude, width of the hills, colour, haze
    (215, 95, 170.0, (112, 104, 140), 0.55),
    (245, 70, 95.0, (72, 76, 104), 0.30),
    (280, 38, 48.0, (34, 48, 52), 0.08),
]
BUOYS = [(215, 362, 40, (214, 58, 38)), (415, 392, 52, (235, 190, 60)), (560, 336, 20, (226, 228, 230))]
LATTICE = [random.Random(SEED + row).random() for row in range(65_536)]


def mix(a, b, share):
    return tuple(x + (y - x) * share for x, y in zip(a, b))


def noise(x, y):
    """Smooth noise from 0 to 1 between the points of a lattice."""
    column, row = math.floor(x), math.floor(y)
    u, v = x - column, y - row
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    at = lambda dx, dy: LATTICE[((column + dx) * 197 + (row + dy) * 8_191) & 65_535]
    top = at(0, 0) + (at(1, 0) - at(0, 0)) * u
    bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * u
    return top + (bottom - top) * v


def octaves(x, y, count):
    """Noise at several sizes, each half as large and half as strong as the one before."""
    total = sum(noise(x * 2**n, y * 2**n + 31 * n) / 2 ** (n + 1) for n in range(count))
    return total / (1 - 0.5**count)


def ridge_height(ridge, x):
    base, amplitude, width, _, _ = RIDGES[ridge]
    return base - amplitude * octaves(x / width, ridge * 57.0, 5)


RIDGE_LINES = [[ridge_height(ridge, x) for x in range(-1, WIDTH + 1)] for ridge in range(len(RIDGES))]


def sky(x, y):
    colour = mix((58, 84, 146), (250, 178, 118), min(1, y / 260) ** 1.3)
    distance = math.hypot(x - SUN[0], y - SUN[1])
    colour = mix(colour, (255, 226, 170), 0.9 * math.exp(-distance / 70))
    if distance < 22:
        colour = (255, 246, 222)
    cloud = max(0.0, octaves(x / 120 + 3, y / 34, 5) - 0.47) * 3.2
    lit = mix((136, 112, 136), (255, 205, 165), max(0, 1 - distance / 380))
    return mix(colour, lit, min(0.85, cloud))


def land(x, y):
    """Sky, or the nearest ridge: slopes that face the sun are brighter, distant ones hazier."""
    for ridge in reversed(range(len(RIDGES))):
        line = RIDGE_LINES[ridge]
        if y >= line[x + 1]:
            height = [octaves((x + step) / 40, y / 26 + ridge * 100, 5) for step in (-1, 1)]
            slope = (height[1] - height[0]) * 14 * max(-1, min(1, (SUN[0] - x) / 120))
            light = 0.8 + max(-0.35, min(0.35, -slope)) + 0.5 * (height[0] - 0.5)
            colour = tuple(channel * light for channel in RIDGES[ridge][3])
            return mix(colour, (238, 186, 150), RIDGES[ridge][4] * (0.6 + 0.4 * y / SHORE))
    return sky(x, y)


def lake(x, y):
    """What is above the shore, upside down, broken by waves that grow towards us."""
    depth = (y - SHORE) / (HEIGHT - SHORE)
    wave = octaves(x / (30 + 50 * depth), y / (2.5 + 9 * depth), 4) - 0.5
    mirrored = SHORE - (y - SHORE) * 1.35 + wave * (16 + 90 * depth)
    source_x = min(WIDTH - 1, max(0, int(x + wave * 26)))
    colour = land(source_x, max(0, int(min(SHORE - 1, mirrored))))
    colour = mix(colour, (18, 34, 52), 0.30 + 0.35 * depth)
    glint = max(0.0, wave - 0.17) * 5 * math.exp(-(((x - SUN[0]) / (26 + 60 * depth)) ** 2))
    return mix(colour, (255, 226, 178), min(1, glint))


def buoy(x, y):
    """A sphere half in the water, lit from the sun's side, with a highlight and a rim of shadow."""
    for centre_x, centre_y, radius, colour in BUOYS:
        dx, dy = (x - centre_x) / radius, (y - centre_y) / radius
        if dx * dx + dy * dy < 1 and dy < 0.45:
            dz = math.sqrt(1 - dx * dx - dy * dy)
            side = 1 if centre_x < SUN[0] else -1
            light = max(0.0, 0.55 * side * dx - 0.55 * dy + 0.63 * dz)
            stripe = 0.55 if abs(dy + 0.05) < 0.14 else 1.0
            shaded = tuple(channel * (0.16 + 0.9 * light) * stripe for channel in colour)
            return mix(shaded, (255, 244, 225), 0.8 * light**24)
    return None


def pixel(x, y, rng):
    colour = buoy(x, y) or (land(x, y) if y < SHORE else lake(x, y))
    corner = math.hypot(x - WIDTH / 2, y - HEIGHT / 2) / math.hypot(WIDTH / 2, HEIGHT / 2)
    shade = 1 - 0.28 * corner**2.5
    return [max(0, min(255, round(channel * shade + rng.gauss(0, 1.1)))) for channel in colour]


def filtered(row, above):
    """The row as PNG's Sub, Up or Average, whichever leaves the smallest differences."""
    left = [0, 0, 0, *row[:-3]]
    candidates = [
        (1, [(a - b) & 255 for a, b in zip(row, left)]),
        (2, [(a - b) & 255 for a, b in zip(row, above)]),
        (3, [(a - (b + c) // 2) & 255 for a, b, c in zip(row, left, above)]),
    ]
    kind, best = min(candidates, key=lambda item: sum(min(v, 256 - v) for v in item[1]))
    return bytes([kind, *best])


def png(rows):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    lines = [filtered(row, above) for row, above in zip(rows, [[0] * (3 * WIDTH), *rows])]
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    body = zlib.compress(b"".join(lines), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def main():
    rng = random.Random(SEED)
    rows = [[v for x in range(WIDTH) for v in pixel(x, y, rng)] for y in range(HEIGHT)]
    data = pathlib.Path(__file__).with_name("data")
    data.mkdir(exist_ok=True)
    (data / "lake.png").write_bytes(png(rows))


if __name__ == "__main__":
    main()

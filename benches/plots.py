#!/usr/bin/env python3
"""Draws how the cost of a record grows with a log, from what the benches print:

    cargo bench | tee table.txt
    benches/plots.py docs <table.txt

writes docs/growth-records.svg and docs/growth-files.svg. Flat is linear in all.
"""

import math
import re
import sys
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 70, 20, 40, 50
COLOURS = {"writing": "#1f6f8b", "verify": "#b5483a"}
ROWS = re.compile(
    r"^(?P<what>verify,|writing (?:up to|behind)) (?P<size>\d+) (?P<of>records|files)[^:]*: CPU an? (?:record|event)"
    r"\s+(?P<ns>[\d.]+) ns.*?(?P<least>[\d.]+) to (?P<most>[\d.]+)"
)


def read(lines):
    """By what grows, then by what is done: (size, ns, least, most)."""
    plots = {"records": {}, "files": {}}
    for line in lines:
        if row := ROWS.match(line):
            done = "verify" if row["what"].startswith("verify") else "writing"
            point = (int(row["size"]), *(float(row[name]) for name in ("ns", "least", "most")))
            plots[row["of"]].setdefault(done, []).append(point)
    return plots


def draw(of, series):
    points = [point for line in series.values() for point in line]
    sizes = [math.log10(point[0]) for point in points]
    right, top = max(max(sizes), min(sizes) + 1), max(point[3] for point in points) * 1.1

    def x(size):
        return LEFT + (math.log10(size) - min(sizes)) / (right - min(sizes)) * (WIDTH - LEFT - RIGHT)

    def y(ns):
        return HEIGHT - BOTTOM - ns / top * (HEIGHT - TOP - BOTTOM)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14">CPU of a record, by {of} of the log (ns; bars: least to most)</text>',
    ]
    for step in range(5):
        ns = top * step / 4
        out.append(f'<path d="M{LEFT} {y(ns):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(ns) + 4:.1f}" text-anchor="end">{ns:,.0f}</text>')
    for size in sorted({point[0] for point in points}):
        out.append(f'<text x="{x(size):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{size:,}</text>')
    for at, (done, line) in enumerate(sorted(series.items())):
        colour = COLOURS[done]
        path = " ".join(f"{x(size):.1f},{y(ns):.1f}" for size, ns, _, _ in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for size, ns, least, most in line:
            out.append(f'<path d="M{x(size):.1f} {y(least):.1f}V{y(most):.1f}" stroke="{colour}"/>')
            out.append(f'<circle cx="{x(size):.1f}" cy="{y(ns):.1f}" r="3" fill="{colour}"/>')
        out.append(f'<text x="{LEFT + 10 + 90 * at}" y="{HEIGHT - 8}" fill="{colour}">{done}</text>')
    return "\n".join([*out, "</svg>", ""])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for of, series in read(sys.stdin).items():
        if not series:
            sys.exit(f"no row tells of {of}: pipe what `cargo bench` prints into this")
        Path(sys.argv[1], f"growth-{of}.svg").write_text(draw(of, series))


if __name__ == "__main__":
    main()

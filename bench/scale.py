"""Says how what bench/scale.sh measured grows, and plots it.

    python3 bench/scale.py results/scale.csv results/scale.svg

The table, in Markdown, goes to standard output: for each step the exponent from
the smallest size to the largest, which is 1 where twice as much takes twice as
long, and for memory 0 where it takes no more. Standard library only.
"""

import math
import sys

from plot import rows_of

STEPS = ("archive", "verify", "install", "delta", "update")
COLOURS = "#1b6ca8", "#d1495b", "#2e933c", "#8a5a9c", "#c97b12"
KINDS = ("files", "files of a tree, 1 is 7,800"), ("bytes", "MiB of a file in it")
WIDTH, HEIGHT, LEFT, TOP = 440, 300, 60, 40


def read(path):
    """{(kind, step): [(size, processors' seconds, MiB)]}, and the comments."""
    found = {}
    rows, notes = rows_of(path)
    for row in rows:
        values = int(row["factor"]), float(row["processor"]), float(row["mebibytes"])
        found.setdefault((row["kind"], row["step"]), []).append(values)
    return found, notes


def exponent(points, column):
    """How it grows from the smallest to the largest: the slope in logarithms."""
    first, last = points[0], points[-1]
    return math.log(last[column] / first[column]) / math.log(last[0] / first[0])


def table(found):
    for kind, label in KINDS:
        sizes = [p[0] for p in found[kind, STEPS[0]]]
        print("| step, by %s | %s | grows with the power |" % (label, " | ".join("%d" % s for s in sizes)))
        print("| --- |%s" % (" ---: |" * (len(sizes) + 1)))
        for step in STEPS:
            points = found[kind, step]
            cells = " | ".join("%.1f s, %.0f MiB" % p[1:] for p in points)
            print("| %s | %s | %.2f, memory %.2f |" % (step, cells, exponent(points, 1), exponent(points, 2)))
        print()


def text(x, y, words, anchor="start"):
    return '<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>' % (x, y, anchor, words)


def panel(found, kind, label, column, unit, left, top):
    """One diagram; both axes are logarithms."""
    points = [p for step in STEPS for p in found[kind, step]]
    low, high = (f(math.log10(p[0]) for p in points) for f in (min, max))
    bottom, ceiling = math.floor(min(math.log10(p[column]) for p in points)), math.ceil(max(math.log10(p[column]) for p in points))
    across = lambda size: left + (math.log10(size) - low) / (high - low) * (WIDTH - LEFT - 90)
    up = lambda value: top + HEIGHT - TOP - (math.log10(value) - bottom) / (ceiling - bottom) * (HEIGHT - 2 * TOP)
    out = [text(left, top + 12, "%s, by %s" % (unit, label))]
    for power in range(bottom, ceiling + 1):
        y = up(10 ** power)
        out.append('<line x1="%d" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#ddd"/>' % (left, across(10 ** high), y, y))
        out.append(text(left - 6, y + 4, "%g" % 10 ** power, "end"))
    for size, _, _ in found[kind, STEPS[0]]:
        out.append(text(across(size), top + HEIGHT - TOP + 18, "%d" % size, "middle"))
    for step, colour in zip(STEPS, COLOURS):
        line = [(across(p[0]), up(p[column])) for p in found[kind, step]]
        out.append('<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>' % (colour, " ".join("%.1f,%.1f" % p for p in line)))
        out.append('<text x="%.1f" y="%.1f" fill="%s">%s</text>' % (line[-1][0] + 6, line[-1][1] + 4, colour, step))
    return out


def plot(found, notes):
    out = []
    for row, (kind, label) in enumerate(KINDS):
        for at, (column, unit) in enumerate(((1, "processors' seconds"), (2, "MiB of memory"))):
            out += panel(found, kind, label, column, unit, LEFT + at * WIDTH, row * HEIGHT)
    out.append(text(16, 2 * HEIGHT + 16, "; ".join(notes)))
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">\n'
            '<rect width="100%%" height="100%%" fill="#fff"/>\n%s\n</svg>\n' % (2 * WIDTH, 2 * HEIGHT + 30, "\n".join(out)))


if __name__ == "__main__":
    measured, comments = read(sys.argv[1])
    table(measured)
    with open(sys.argv[2], "w", encoding="utf-8") as stream:
        stream.write(plot(measured, comments))

"""Makes the table and the plot of what bench/speed.sh measured.

    python3 bench/plot.py results/speed.csv results/speed.svg

The table, in Markdown, goes to standard output. Standard library only.
"""

import csv
import statistics
import sys

# Two groups; in each, all is compared with the second, run by run.
GROUPS = [
    ("Install Plone: unpack, fit, first bin/buildout", [
        ("ours_install", "binary-buildout install, bin/buildout"),
        ("tar_buildout", "tar xf alone, bin/buildout in place"),
        ("venvpack_install", "venv-pack: tar xf"),
        ("pex_install", "pex: first start"),
    ]),
    ("Archive Plone: scan, hash, relocate, compress", [
        ("ours_archive", "binary-buildout's archiving"),
        ("tar_pigz", "tar and pigz"),
        ("venvpack_archive", "venv-pack"),
        ("pex_archive", "pex, from wheels"),
    ]),
]
WIDTH, LEFT, RIGHT, ROW, HEAD = 900, 300, 150, 34, 44
COLOURS = "#2f6f9f", "#9aa5ad"


def rows_of(path):
    """The rows of a table whose comments begin with #, as dicts, and the comments."""
    lines, notes = [], []
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            (notes if line.startswith("#") else lines).append(line)
    return csv.DictReader(lines), [note.strip("# \n") for note in notes]


def read(path):
    """{command: [(seconds, processor seconds) of each run]}, and the comments."""
    runs = {}
    rows, notes = rows_of(path)
    for row in rows:
        runs.setdefault(row["command"], []).append((float(row["seconds"]), float(row["processor"])))
    return runs, notes


def ratio(runs, name, base, what):
    """The median of the ratios within each run."""
    return statistics.median(a[what] / b[what] for a, b in zip(runs[name], runs[base]))


def table(runs):
    for title, rows in GROUPS:
        base = rows[1][0]
        print("| %s | s | processors' s | times %s |\n| --- | --- | --- | --- |" % (title, rows[1][1]))
        for name, label in rows:
            seconds, processor = (statistics.median(r[i] for r in runs[name]) for i in (0, 1))
            print("| %s | %.2f | %.2f | %.2f (%.2f) |" % (
                label, seconds, processor, ratio(runs, name, base, 0), ratio(runs, name, base, 1)))
        print()


def text(x, y, words, size=14, anchor="start", weight="normal"):
    return '<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s" font-weight="%s">%s</text>' % (
        x, y, size, anchor, weight, words.replace("&", "&amp;").replace("<", "&lt;"))


def plot(runs, notes):
    """Bars are medians; each dot is one run."""
    out, y = [], 16
    for title, rows in GROUPS:
        longest = max(r[0] for name, _ in rows for r in runs[name])
        scale = (WIDTH - LEFT - RIGHT) / longest
        y += 12
        out.append(text(16, y, title + ", seconds", 16, weight="bold"))
        y += HEAD - 28
        for number, (name, label) in enumerate(rows):
            median = statistics.median(r[0] for r in runs[name])
            out.append(text(LEFT - 10, y + 19, label, anchor="end"))
            out.append('<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' % (
                LEFT, y + 4, median * scale, ROW - 12, COLOURS[number > 0]))
            for seconds, _ in runs[name]:
                out.append('<circle cx="%.1f" cy="%.1f" r="2.5" fill="#000" fill-opacity="0.45"/>' % (
                    LEFT + seconds * scale, y + 4 + (ROW - 12) / 2))
            words = "%.2f s" % median
            if number != 1:
                words += ", %.2f times" % ratio(runs, name, rows[1][0], 0)
            end = max(median, max(r[0] for r in runs[name]))
            out.append(text(LEFT + end * scale + 8, y + 19, words, 13))
            y += ROW
        y += 10
    for note in notes + ["Bars: medians; dots: runs; ratios: median of those within each run, to the second line."]:
        y += 16
        out.append(text(16, y, note, 12))
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif">' % (WIDTH, y + 16)
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>'] + out + ["</svg>", ""])


def main():
    runs, notes = read(sys.argv[1])
    table(runs)
    with open(sys.argv[2], "w", encoding="utf-8") as stream:
        stream.write(plot(runs, notes))


if __name__ == "__main__":
    main()

"""Puts the rows of several programs together: one table, results.json, and pictures.

usage: report.py OUTPUT_DIRECTORY HEADER_FILE ROWS.json...
"""

import json
import pathlib
import sys


def number(value, digits=4):
    """A few digits, without an exponent."""
    if value is None:
        return ""
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e" in text and abs(value) >= 1 else text


def aim(row):
    if row["aim"] is None:
        return ""
    bound = number(row["aim"])
    return {"added": f"+{bound} {row['unit']}", "ours": f"{bound} {row['unit']}"}.get(row.get("aim_of"), bound)


def cells(row):
    if row.get("why"):
        return [row["row"], "not here: " + row["why"], "", "", "", "", ""]
    low, high = row.get("spread", [None, None])
    twin = "" if row["twin"] is None else f"{number(row['twin'])} {row['unit']}"
    met = {True: "yes", False: "no", None: ""}[row["met"]]
    spread = f"{number(low, 3)} - {number(high, 3)}"
    return [row["row"], f"{number(row['ours'])} {row['unit']}", twin, number(row["ratio"], 3), spread, aim(row), met]


def table(rows):
    """Markdown, in columns that a terminal shows as well."""
    lines = [["row", "ours", "twin", "ratio", "10-90 %", "aim", "met"], *map(cells, rows)]
    widths = [max(len(line[i]) for line in lines if i != 1 or not line[1].startswith("not here")) for i in range(7)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)


FIGURES = {  # name: title, x axis, y axis, what is drawn of a row, in seconds or what its unit counts
    "latency": ("Latency by size", "bytes", "us", lambda x, seconds: seconds * 1e6),
    "bandwidth": ("Bandwidth by size", "bytes", "GB/s", lambda x, seconds: x / seconds / 1e9),
    "fan-out": ("One future to many", "consumers", "us", lambda x, seconds: seconds * 1e6),
    "pipelining": ("Pipelined tasks", "part of a task that can overlap", "s", lambda x, seconds: seconds),
}
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}


def size(count):
    for unit, bytes_of_it in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= bytes_of_it:
            return f"{count / bytes_of_it:g} {unit}"
    return f"{count:g} B"


def draw(name, rows, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    title, x_axis, y_axis, value = FIGURES[name]
    figure, axes = pyplot.subplots(figsize=(8, 5))
    series = sorted({row["series"] for row in rows})
    for at, one in enumerate(series):
        points = sorted((row for row in rows if row["series"] == one), key=lambda row: row["x"])
        for which, style in (("ours", "o-"), ("twin", "x--")):
            here = [(row["x"], row[which] * SECONDS.get(row["unit"], 1)) for row in points if row[which] is not None]
            label = f"{one}: {'proxystore' if which == 'ours' else 'raw'}"
            axes.plot([x for x, _ in here], [value(x, y) for x, y in here], style, color=f"C{at}", label=label)
    if name != "pipelining":
        ticks = sorted({row["x"] for row in rows})
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(ticks, [size(x) if x_axis == "bytes" else f"{x:g}" for x in ticks])
    axes.set_title(title)
    axes.set_xlabel(x_axis)
    axes.set_ylabel(y_axis)
    axes.grid(True, which="both", alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def pictures(rows, output):
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return print("no pictures: matplotlib is missing (Debian: python3-matplotlib)")
    for name in FIGURES:
        drawn = [row for row in rows if row.get("figure") == name and row["ours"] is not None]
        if drawn:
            draw(name, drawn, output / f"{name}.svg")
            print(f"picture {output / name}.svg")
    return None


def main(output, header, *files):
    output = pathlib.Path(output)
    rows = [row for file in files for row in json.loads(pathlib.Path(file).read_text())]
    (output / "results.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    text = table(rows)
    (output / "table.md").write_text("```\n" + pathlib.Path(header).read_text() + "```\n\n" + text + "\n")
    print(text)
    aims = [row["met"] for row in rows if row["met"] is not None]
    print(f"\n{aims.count(True)} of {len(aims)} aims met; {output / 'results.json'}")
    pictures(rows, output)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Draws results/comparison.svg and prints the tables of the README from what `compare.py` has kept."""

import csv
import math
from collections import defaultdict

from compare import RESULTS, SIZES

# Seen on white and on black; no background.
COLORS = {"lmu": "#1690b8", "lmu-attention": "#7a5cd0", "gpt": "#d0504c", "lstm": "#d08700", "gru": "#4f9a3c"}
NAMES = {"lmu": "LMU", "lmu-attention": "LMU with attention", "gpt": "GPT", "lstm": "LSTM", "gru": "GRU"}
WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 260, 40, 56, 24
FIRST, LAST, LOW, HIGH = 2e5, 1e7, 1.4, 3.2  # bytes, bits per byte


def read(name):
    return list(csv.DictReader((RESULTS / name).open()))


def finals():
    """The whole runs: {size: {kind: [(row, [(bytes, bits), …]) of each seed]}}."""
    curves = defaultdict(list)
    for point in read("curves.csv"):
        curves[point["run"]].append((float(point["bytes"]), float(point["validation_bits"])))
    grouped = defaultdict(lambda: defaultdict(list))
    for row in read("runs.csv"):
        if row["held_out_bits"]:
            grouped[row["size"]][row["kind"]].append((row, curves[row["run"]]))
    return grouped


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def bytes_until(curve, bits):
    """Bytes after which a curve is at `bits`, linear in their logarithm between its points; None if it never is."""
    for (b0, y0), (b1, y1) in zip(curve, curve[1:]):
        if y1 <= bits < y0:
            return math.exp(math.log(b0) + (y0 - bits) / (y0 - y1) * math.log(b1 / b0))
    return None


def text(x, y, words, color="#808080", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}">{words}</text>'


def draw(grouped):
    shapes, sizes = [], [size for size in SIZES if size in grouped]
    for panel, size in enumerate(sizes):
        left = LEFT + panel * (WIDTH + GAP)
        x = lambda value: left + math.log(value / FIRST) / math.log(LAST / FIRST) * WIDTH
        y = lambda bits: TOP + (HIGH - bits) / (HIGH - LOW) * HEIGHT
        shapes.append(text(left, TOP - 10, size))
        for bits in (1.5, 2, 2.5, 3):
            shapes.append(f'<path d="M{left} {y(bits):.1f}h{WIDTH}" stroke="#808080" stroke-opacity=".3"/>')
            if panel == 0:
                shapes.append(text(left - 8, y(bits) + 4, f"{bits:g}", anchor="end"))
        for value, name in ((3e5, "300 kB"), (1e6, "1 MB"), (3e6, "3 MB"), (1e7, "10 MB")):
            shapes.append(text(x(value), TOP + HEIGHT + 18, name, anchor="middle"))
        for kind, runs in grouped[size].items():
            for _, curve in runs:
                points = [(x(b), y(bits)) for b, bits in curve if b >= FIRST and bits <= HIGH]
                line = "L".join(f"{px:.1f} {py:.1f}" for px, py in points)
                shapes.append(f'<path d="M{line}" fill="none" stroke="{COLORS[kind]}" stroke-width="1.5"/>')
    for index, (kind, name) in enumerate(NAMES.items()):
        if any(kind in grouped[size] for size in sizes):
            shapes.append(text(LEFT + 150 * index, 20, name, COLORS[kind]))
    width = max(LEFT + len(sizes) * (WIDTH + GAP), 640)
    box = f'viewBox="0 0 {width} {TOP + HEIGHT + 30}" font-family="system-ui, sans-serif" font-size="13" role="img"'
    title = "Bits per byte of validation text against bytes seen in training"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>\n<title>{title}</title>\n' + "\n".join(shapes) + "\n</svg>\n"


def tables(grouped):
    for size in (size for size in SIZES if size in grouped):
        kinds = grouped[size]
        targets = {kind: mean(curve[-1][1] for _, curve in runs) for kind, runs in kinds.items()}
        print(f"\n{size}\n\n| | parameters | rate | held-out bits, each seed | µs a byte |", end="")
        print("".join(f" to {NAMES[kind]}'s loss |" for kind in kinds))
        print("| --- " * (5 + len(kinds)) + "|")
        for kind, runs in kinds.items():
            rows = [row for row, _ in runs]
            held_out = " ".join(f"{float(row['held_out_bits']):.3f}" for row in rows)
            speed = mean(float(row["cpu_seconds"]) / int(row["bytes"]) * 1e6 for row in rows)
            cells = [NAMES[kind], rows[0]["parameters"], rows[0]["rate"], held_out, f"{speed:.0f}"]
            for other, target in targets.items():
                needed = [bytes_until(curve, target) for _, curve in runs]
                reached = "not reached" if None in needed else f"{mean(needed) / 1e6:.1f} MB"
                cells.append("" if other == kind else reached)
            print("| " + " | ".join(cells) + " |")
    print("\n| tuning | size | rate | first weights | validation bits |\n| --- | --- | --- | --- | --- |")
    for row in read("runs.csv"):
        if not row["held_out_bits"]:
            cells = [row[field] for field in ("size", "rate", "first_weights", "validation_bits")]
            print("| " + " | ".join([NAMES[row["kind"]], *cells]) + " |")


if __name__ == "__main__":
    runs = finals()
    if runs:
        (RESULTS / "comparison.svg").write_text(draw(runs))
    tables(runs)

"""Runs the comparison, one run after the other; what `results/runs.csv` has is not run again.

    python compare.py tune small      # four learning rates of each kind, other first weights, rates around the best
    python compare.py check medium    # the best rate, half of it and so on, at the next size
    python compare.py final small     # two seeds at the best rate, one pass over the training text
"""

import argparse
import csv
import itertools
import math

import torch
from torch.nn import functional as F

import heap
from models import build
from train import BATCH, CONTEXT, HERE, Run, text, windows

RESULTS = HERE / "results"
ONCE = 9_780_000  # bytes: the training text once
BRIEF = 1_000_000  # for tuning
RUN_FIELDS = "run kind size rate seed first_weights parameters bytes cpu_seconds validation_bits held_out_bits".split()
BUCKET = 32  # positions of the context whose loss is averaged

# Without embeddings and head 98k to 102k, 393k to 411k, 1.18M to 1.22M parameters. GPT and the LMUs have the same
# width, blocks and parameters; (width, blocks) of those, (width, layers) of the recurrent networks.
SIZES = {
    "small": {"blocks": (64, 2), "lstm": (80, 2), "gru": (91, 2)},
    "medium": {"blocks": (128, 2), "lstm": (160, 2), "gru": (182, 2)},
    "large": {"blocks": (184, 3), "lstm": (272, 2), "gru": (316, 2)},
}
KINDS = ("lmu", "lmu-attention", "gpt", "lstm")
RATES = {
    "lmu": (2e-3, 4e-3, 8e-3, 16e-3),
    "lmu-attention": (2e-3, 4e-3, 8e-3, 16e-3),
    "gpt": (1e-3, 2e-3, 4e-3, 8e-3),
    "lstm": (2e-3, 4e-3, 8e-3, 16e-3),
    "gru": (2e-3, 4e-3, 8e-3, 16e-3),
}
# Arguments of `models.start`. "deviation" 0.02 is GPT-2's, "scale" 0.58 with embeddings of 1 that of PyTorch's LSTM.
FIRST_WEIGHTS = {
    "lmu": [{"scale": 1, "embedding": 0.1}, {"scale": 1, "embedding": 0.02}, {"scale": 1, "embedding": 0.3}],
    "gpt": [
        {"scale": 1, "embedding": 0.1},
        {"deviation": 0.02, "embedding": 0.02},
        {"scale": 1, "embedding": 0.02},
        {"scale": 1, "embedding": 0.3},
        {"scale": 1, "embedding": 0.3, "sinusoids": True},
    ],
    "lstm": [
        {"scale": 1, "embedding": 0.5},
        {"scale": 0.58, "embedding": 1},
        {"scale": 1, "embedding": 0.1},
        {"scale": 1, "embedding": 1},
        {"scale": 1.5, "embedding": 1},
        {"scale": 1, "embedding": 1, "forget": 1},
        {"scale": 1.5, "embedding": 1, "forget": 1},
        {"scale": 2, "embedding": 1},
        {"scale": 2, "embedding": 1, "forget": 1},
    ],
}


def configuration(kind, size, first_weights):
    sizes = SIZES[size]
    if kind in sizes:
        width, layers = sizes[kind]
        return {"kind": kind, "width": width, "layers": layers, "first_weights": first_weights}
    width, blocks = sizes["blocks"]
    shared = {"width": width, "blocks": blocks, "first_weights": first_weights}
    if kind == "gpt":
        return {"kind": "gpt", "heads": 4, "positions": CONTEXT} | shared
    lmu = {"kind": "lmu", "order": 32, "theta": 128, "reduced_order": 4} | shared
    return lmu | ({"ffn": 4 * width, "heads": 4} if kind == "lmu-attention" else {"ffn": 3 * width, "heads": 0})


def label(weights):
    return " ".join(f"{name} {value}" for name, value in weights.items())


def first_weights(kind):
    return FIRST_WEIGHTS[{"lmu-attention": "lmu", "gru": "lstm"}.get(kind, kind)]


def done():
    path = RESULTS / "runs.csv"
    return list(csv.DictReader(path.open())) if path.exists() else []


def append(name, fields, rows):
    path = RESULTS / name
    path.parent.mkdir(exist_ok=True)
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([fields, *rows] if fresh else rows)


@torch.no_grad()
def by_position(model, corpus):
    """Bits per byte at each position of the context, over all windows of the corpus."""
    starts = torch.arange(0, len(corpus) - CONTEXT, CONTEXT)
    total = torch.zeros(CONTEXT, dtype=torch.float64)
    for part in starts.split(4 * BATCH):
        ids = windows(corpus, part)
        nats = F.cross_entropy(model(ids[:, :-1]).transpose(1, 2), ids[:, 1:], reduction="none")
        total += nats.double().sum(0)
    return total / len(starts) / math.log(2)


def execute(kind, size, rate, seed, weights, budget):
    """One run, and its rows in results/, unless they are there."""
    name = f"{kind} {size} {budget / 1e6:g}MB rate {rate:g} seed {seed} {label(weights)}"
    for row in done():
        if row["run"] == name:
            return row
    run = Run(HERE / "runs" / name.replace(" ", "-"), configuration(kind, size, weights), rate, budget, seed)
    run.train()
    held_out = ""
    if budget == ONCE:
        bits = by_position(run.model, text("held-out"))
        held_out = round(float(bits.mean()), 4)
        means = bits.view(-1, BUCKET).mean(1)
        rows = [(name, BUCKET * index, round(float(value), 4)) for index, value in enumerate(means)]
        append("positions.csv", ["run", "position", "held_out_bits"], rows)
    skipped = ("embedding", "head", "wte", "wpe")
    parameters = sum(p.numel() for n, p in run.model.named_parameters() if not any(part in n for part in skipped))
    seen, seconds, _, validation = run.rows[-1]
    row = [name, kind, size, rate, seed, label(weights), parameters, seen, seconds, validation, held_out]
    points = [(name, *point) for point in run.rows]
    append("curves.csv", ["run", "bytes", "cpu_seconds", "train_bits", "validation_bits"], points)
    append("runs.csv", RUN_FIELDS, [row])
    return dict(zip(RUN_FIELDS, map(str, row)))


def best(kind, size):
    """Rate and first weights of the best brief run, None if there is none."""
    rows = [row for row in done() if row["kind"] == kind and row["size"] == size and int(row["bytes"]) <= BRIEF]
    if rows:
        row = min(rows, key=lambda row: float(row["validation_bits"]))
        return float(row["rate"]), next(w for w in first_weights(kind) if label(w) == row["first_weights"])


def settle(kind, size):
    """Halves and doubles the best rate until neither is better."""
    chosen = None
    while chosen != best(kind, size):
        chosen = rate, weights = best(kind, size)
        for factor in (0.5, 2):
            execute(kind, size, rate * factor, 0, weights, BRIEF)


def tune(kind, size):
    for rate in RATES[kind]:
        execute(kind, size, rate, 0, first_weights(kind)[0], BRIEF)
    rate, _ = best(kind, size)
    for weights in first_weights(kind)[1:]:
        execute(kind, size, rate, 0, weights, BRIEF)
    settle(kind, size)


def check(kind, size):
    rate, weights = best(kind, "small")
    execute(kind, size, rate, 0, weights, BRIEF)
    settle(kind, size)


def final(kind, size, seed):
    rate, weights = best(kind, size) or best(kind, "medium") or best(kind, "small")
    execute(kind, size, rate, seed, weights, ONCE)


if __name__ == "__main__":
    heap.keep()
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=("tune", "check", "final"))
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("--seeds", nargs="+", default=(0, 1), type=int)
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=RATES)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.stage == "final":
        for seed, kind in itertools.product(arguments.seeds, arguments.kinds):  # all kinds once come first
            final(kind, arguments.size, seed)
    else:
        for kind in arguments.kinds:
            {"tune": tune, "check": check}[arguments.stage](kind, arguments.size)

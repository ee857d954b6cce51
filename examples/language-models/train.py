"""Trains one byte-level language model on the addresses; goes on where it stopped.

    python train.py runs/addresses --config '{"kind": "lmu", "width": 192, …}' --rate 4e-3 --bytes 30e6

A run is a folder: `curve.csv` (bits per byte against bytes seen and seconds of CPU) and `checkpoint.pt`, written once a
minute. Bytes, batches and their order depend on the seed alone, so all kinds of model see the same.
"""

import argparse
import csv
import json
import math
import os
import time
from pathlib import Path

import torch
from torch.nn import functional as F

import heap
from models import build

HERE = Path(__file__).resolve().parent
CONTEXT = 256  # bytes a model sees at once in training
BATCH = 16  # sequences a step
WARMUP, DECAY = 0.05, 0.3  # of all steps
CHECKPOINT = 60  # seconds between checkpoints


def text(part):
    return torch.frombuffer(bytearray((HERE / "corpus" / f"{part}.txt").read_bytes()), dtype=torch.uint8)


def windows(corpus, starts):
    """[count, CONTEXT + 1] ids: the last column is only predicted."""
    return torch.stack([corpus[start : start + CONTEXT + 1] for start in starts.tolist()]).long()


def batches(corpus, seed, first):
    """Endless batches from number `first` on. Each epoch cuts the corpus at another offset and shuffles the pieces."""
    epoch, number = 0, 0
    while True:
        generator = torch.Generator().manual_seed(1000 * seed + epoch)
        offset = torch.randint(CONTEXT, (), generator=generator)
        count = (len(corpus) - 1 - offset) // CONTEXT
        order = torch.randperm(count, generator=generator) * CONTEXT + offset
        for batch in range(count // BATCH):
            if number >= first:
                yield windows(corpus, order[batch * BATCH : (batch + 1) * BATCH])
            number += 1
        epoch += 1


def loss(model, ids):
    """Mean cross entropy in nats of a batch of windows, each from the empty context."""
    return F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())


@torch.no_grad()
def bits(model, corpus, count):
    """Bits per byte over `count` windows spread evenly over the corpus."""
    starts = torch.linspace(0, len(corpus) - CONTEXT - 1, count).long()
    parts = [loss(model, windows(corpus, part)) * len(part) for part in starts.split(BATCH)]
    return float(sum(parts)) / count / math.log(2)


def optimizer(model, rate):
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, rate, betas=(0.9, 0.98), fused=True)


def schedule(step, steps):
    """Linear warm-up, constant, linear to zero over the last three tenths (arXiv 2405.18392): as good as a cosine, and
    a run may be given more bytes until it decays."""
    return min(1, (step + 1) / (WARMUP * steps), (steps - step) / (DECAY * steps))


class Run:
    """A training run in a folder; the same arguments take it up again."""

    def __init__(self, folder, config, rate, budget, seed):
        self.folder, self.config, self.rate, self.seed = Path(folder), config, rate, seed
        self.steps = int(budget) // (BATCH * CONTEXT)
        torch.manual_seed(seed)
        self.model = build(config)
        self.optimizer = optimizer(self.model, rate)
        self.step, self.seconds, self.rows = 0, 0.0, []
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / "checkpoint.pt").exists():
            kept = torch.load(self.folder / "checkpoint.pt", weights_only=True)
            self.model.load_state_dict(kept["model"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.step, self.seconds, self.rows = kept["step"], kept["seconds"], kept["rows"]

    def save(self):
        kept = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        kept |= {"config": self.config, "step": self.step, "seconds": self.seconds, "rows": self.rows}
        torch.save(kept, self.folder / "checkpoint.new")
        os.replace(self.folder / "checkpoint.new", self.folder / "checkpoint.pt")
        with open(self.folder / "curve.csv", "w", newline="") as file:
            csv.writer(file).writerows([["bytes", "cpu_seconds", "train_bits", "validation_bits"], *self.rows])

    def train(self):
        train, validation = text("train"), text("validation")
        saved, recent = time.monotonic(), []
        count = max(6, self.steps // 100)  # points of the curve, denser at the start
        points = {round(self.steps * (point / count) ** 1.5) for point in range(1, count + 1)}
        for ids in batches(train, self.seed, self.step):
            if self.step >= self.steps:
                break
            began = time.process_time()
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate * schedule(self.step, self.steps)
            value = loss(self.model, ids)
            self.optimizer.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            self.seconds += time.process_time() - began
            recent.append(float(value.detach()) / math.log(2))
            if self.step in points:
                row = [self.step * BATCH * CONTEXT, round(self.seconds, 1)]
                row += [round(sum(recent) / len(recent), 4), round(bits(self.model, validation, 256), 4)]
                self.rows.append(row)
                recent = []
                print(self.folder.name, *row, flush=True)
            if time.monotonic() - saved > CHECKPOINT:
                self.save()
                saved = time.monotonic()
        self.save()


if __name__ == "__main__":
    heap.keep()
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--config", type=json.loads, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--bytes", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    Run(arguments.folder, arguments.config, arguments.rate, arguments.bytes, arguments.seed).train()

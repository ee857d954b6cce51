"""Writes a trained LMU language model as lmu-wasm reads it, f16, and what its stored weights reach on held-out text.

    python export.py runs/addresses ../../models/addresses

`config.json` and `model.safetensors` are the model. `check.json`, beside this file, holds bits per byte in float32 of one stream from the
zero state: of the whole of corpus/held-out.txt, and of its first kilobyte, which is in the file.
"""

import argparse
import hashlib
import json
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

import heap
from memory import CHUNK
from models import build
from train import HERE, text

STRIDE = 4096  # steps computed at once
EXCERPT = 1024  # bytes
FIELDS = ("vocabulary", "width", "blocks", "order", "theta", "reduced_order", "ffn", "heads", "tied")


@torch.no_grad()
def streamed(model, ids):
    """Bits per byte of ids[1:], each predicted from all before it; memories go on from piece to piece."""
    memories = [torch.zeros(1, model.order, model.embedding.embedding_dim)] * len(model.blocks)
    nats = 0.0
    for first in range(0, len(ids) - 1, STRIDE):
        piece = ids[first : first + STRIDE + 1].long()
        steps = len(piece) - 1
        padded = F.pad(piece[:-1], (0, -steps % CHUNK))
        nats += float(F.cross_entropy(model(padded[None], memories)[0, :steps].double(), piece[1:], reduction="sum"))
    return nats / (len(ids) - 1) / math.log(2)


def main():
    heap.keep()
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept = torch.load(arguments.run / "checkpoint.pt", weights_only=True)
    model = build(kept["config"])
    weights = {name: weight.half() for name, weight in kept["model"].items()}
    model.load_state_dict({name: weight.float() for name, weight in weights.items()})

    config = {"vocabulary": 256, "tied": True} | kept["config"]
    config = {"model_type": "lmu-lm"} | {field: config[field] for field in FIELDS}
    arguments.folder.mkdir(parents=True, exist_ok=True)
    (arguments.folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file(weights, arguments.folder / "model.safetensors", metadata={"format": "pt"})

    held_out = text("held-out")
    check = {
        "file": "corpus/held-out.txt",
        "sha256": hashlib.sha256((HERE / "corpus/held-out.txt").read_bytes()).hexdigest(),
        "bytes": len(held_out),
        "predicted": len(held_out) - 1,
        "bitsPerByte": round(streamed(model, held_out), 6),
        "excerpt": {
            "text": bytes(held_out[:EXCERPT].tolist()).decode("ascii"),
            "predicted": EXCERPT - 1,
            "bitsPerByte": round(streamed(model, held_out[:EXCERPT]), 6),
        },
        "trainedBytes": kept["rows"][-1][0] if kept["rows"] else 0,
    }
    (HERE / "check.json").write_text(json.dumps(check, indent=2) + "\n")
    print(json.dumps(check, indent=2))


if __name__ == "__main__":
    main()

"""Writes text with an exported model, byte by byte: python sample.py ../../models/addresses "Fellow-Citizens" """

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from memory import CHUNK
from models import LmuLm

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("prompt")
parser.add_argument("--bytes", type=int, default=600)
parser.add_argument("--temperature", type=float, default=0.8)
parser.add_argument("--seed", type=int, default=0)
arguments = parser.parse_args()
torch.manual_seed(arguments.seed)
torch.set_num_threads(1)

config = json.loads((arguments.folder / "config.json").read_text())
del config["model_type"]
model = LmuLm(**config)
weights = load_file(arguments.folder / "model.safetensors")
model.load_state_dict({name: weight.float() for name, weight in weights.items()})

ids = list(arguments.prompt.encode())
memories = [torch.zeros(1, model.order, config["width"])] * config["blocks"]  # before the unfinished chunk
done = 0
with torch.no_grad():
    while len(ids) < len(arguments.prompt.encode()) + arguments.bytes:
        while True:  # whole chunks go into the memories, the rest is computed anew for each byte
            after, chunk = list(memories), ids[done : done + CHUNK]
            logits = model(F.pad(torch.tensor([chunk]), (0, CHUNK - len(chunk))), after)[0, len(chunk) - 1]
            if done + CHUNK >= len(ids):
                break
            memories, done = after, done + CHUNK
        ids.append(int(torch.multinomial(torch.softmax(logits / arguments.temperature, -1), 1)))
print(bytes(ids).decode(errors="replace"))

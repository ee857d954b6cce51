"""Trains a small LMU network to predict the Mackey-Glass series (tau = 17) 15 steps ahead and exports it.

Reached with the defaults (seed 0, torch 2.13.0, one CPU thread): NRMSE 0.00121 on the training, 0.00122 on the
validation and 0.00128 on the test series, over all 5000 steps of each from the zero state.

    pip install torch==2.13.0
    python train.py

An LMU layer without feedback is linear up to its memory, so training needs no loop over time: the memory of a block
of steps is one matrix product with the block's inputs plus one with the memory before the block.
"""

import argparse
import json
import math
import struct
import time
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).resolve().parent
AHEAD = 15  # steps between an input and its target
STEPS = 5000  # inputs per series
WASHOUT = 100  # samples dropped before a series begins
MEAN = -0.065891  # of the training series, subtracted from every series
SPREAD = 0.22  # root mean square of the series, for the initial scale of the first layer
TRAIN, VALIDATION, TEST = range(0, 32), range(32, 64), range(64, 128)  # seeds, one per series

LAYERS = [  # two LMU layers; a linear readout follows
    {"channels": 2, "order": 16, "theta": 20, "units": 16},
    {"channels": 4, "order": 8, "theta": 10, "units": 16},
]

BLOCK = 25  # steps whose memory is computed at once
CHUNK = 250  # steps per training sequence
WARMUP = 100  # steps a chunk cut from the middle of a series needs until its memory is that of the whole series
STARTS, MIDDLES = 8, 24  # chunks per batch: from the start of a series, from anywhere


def mulberry32(seed, count):
    """`count` numbers in [0, 1): a 32-bit generator that JavaScript reproduces bit for bit."""
    mask, numbers = 0xFFFFFFFF, []
    for _ in range(count):
        seed = (seed + 0x6D2B79F5) & mask
        t = ((seed ^ (seed >> 15)) * (1 | seed)) & mask
        t = ((t + (t ^ (t >> 7)) * (61 | t)) & mask) ^ t
        numbers.append((t ^ (t >> 14)) / 2**32)
    return numbers


def mackey_glass(seeds):
    """One series per seed, mean not subtracted: float64 [series, STEPS + AHEAD]."""
    history = [[1.2 + 0.2 * (u - 0.5) for u in mulberry32(seed, 170)] for seed in seeds]
    history = list(torch.tensor(history, dtype=torch.float64).T)
    x, samples = history[-1], []
    for _ in range(WASHOUT + STEPS + AHEAD):
        for _ in range(10):  # Euler steps per sample
            delayed = history[-170]
            # The series is chaotic. Products, unlike pow, are rounded alike everywhere, so that an implementation in
            # another language follows the same trajectory to the end.
            square = delayed * delayed
            fourth = square * square
            x = x + (0.2 * delayed / (1 + fourth * fourth * square) - 0.1 * x) / 10
            history.append(x)
        samples.append(torch.tanh(x - 1))
    return torch.stack(samples[WASHOUT:], dim=1)


def memory_matrices(order, theta):
    """Zero-order hold of the Legendre delay system, float64: m[t] = Abar m[t-1] + Bbar u[t]."""
    i = torch.arange(order, dtype=torch.float64)[:, None]
    j = i.T
    a = (2 * i + 1) * torch.where(i < j, -1.0, (-1.0) ** (i - j + 1))
    abar = torch.linalg.matrix_exp(a / theta)
    # A e0 = -B, hence Bbar = A^-1 (Abar - I) B = e0 - Abar e0.
    return abar, torch.eye(order, dtype=torch.float64)[:, 0] - abar[:, 0]


class Lmu(nn.Module):
    """Encoder to `channels` signals, one Legendre memory each, and a dense tanh layer over memories and inputs."""

    def __init__(self, inputs, channels, order, theta, units, spread=1.0):
        super().__init__()
        self.channels, self.order = channels, order
        self.encoder = nn.Linear(inputs, channels)
        self.from_memory = nn.Linear(channels * order, units, bias=False)
        self.from_input = nn.Linear(inputs, units)
        for layer, scale in (self.encoder, spread), (self.from_memory, 1), (self.from_input, spread):
            nn.init.normal_(layer.weight, std=1 / (scale * math.sqrt(layer.in_features)))
        # A biased channel fills its memory at a known pace: the network can tell how far the sequence has come.
        nn.init.normal_(self.encoder.bias, std=0.3)
        nn.init.zeros_(self.from_input.bias)

        abar, bbar = memory_matrices(order, theta)
        powers = [torch.eye(order, dtype=torch.float64)]
        for _ in range(BLOCK):
            powers.append(abar @ powers[-1])
        # response[t, :, s]: what the input at step s of a block adds to the memory at its step t.
        response = torch.zeros(BLOCK, order, BLOCK, dtype=torch.float64)
        for t in range(BLOCK):
            for s in range(t + 1):
                response[t, :, s] = powers[t - s] @ bbar
        self.register_buffer("response", response.view(BLOCK * order, BLOCK))
        self.register_buffer("decay", torch.cat(powers[1:]))

    def memory(self, u):
        """[batch, steps, channels] to [batch, steps, channels * order], from the zero state."""
        batch, steps, channels = u.shape
        blocks, order = -(-steps // BLOCK), self.order
        u = nn.functional.pad(u, (0, 0, 0, blocks * BLOCK - steps)).view(batch, blocks, BLOCK, channels)
        within = self.response @ u.permute(2, 1, 0, 3).reshape(BLOCK, -1)
        last = within.view(BLOCK, order, blocks, -1)[-1]
        before = [torch.zeros_like(last[:, 0])]  # memory before each block
        for block in range(blocks - 1):
            before.append(self.decay[-order:] @ before[-1] + last[:, block])
        memory = within + self.decay @ torch.stack(before, dim=1).reshape(order, -1)
        memory = memory.view(BLOCK, order, blocks, batch, channels).permute(3, 2, 0, 4, 1)
        return memory.reshape(batch, blocks * BLOCK, channels * order)[:, :steps]

    def forward(self, x):
        return torch.tanh(self.from_memory(self.memory(self.encoder(x))) + self.from_input(x))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.lmus = nn.Sequential()
        width, spread = 1, SPREAD
        for layer in LAYERS:
            self.lmus.append(Lmu(width, **layer, spread=spread))
            width, spread = layer["units"], 1.0
        self.readout = nn.Linear(width, 1)

    def forward(self, x):
        """[batch, steps] to [batch, steps]."""
        return self.readout(self.lmus(x[..., None]))[..., 0]


@torch.no_grad()
def nrmse(network, series):
    """Error over all steps of all series, from the zero state, relative to the root mean square of the targets."""
    target = series[:, AHEAD:]
    prediction = torch.cat([network(part[:, :STEPS]) for part in series.split(16)])
    return ((target - prediction).square().mean() / target.square().mean()).sqrt().item()


def batch_loss(network, series):
    """Estimates NRMSE squared over whole series from short chunks.

    Chunks from the start of a series contribute its first WARMUP steps, with their share of the series; chunks from
    anywhere contribute the steps after their own WARMUP.
    """
    which = torch.cat([torch.randperm(len(series))[:STARTS], torch.randint(len(series), (MIDDLES,))])
    first = torch.cat([torch.zeros(STARTS, dtype=torch.long), torch.randint(STEPS - CHUNK + 1, (MIDDLES,))])
    chunks = series[which[:, None], first[:, None] + torch.arange(CHUNK + AHEAD)]
    error = (chunks[:, AHEAD:] - network(chunks[:, :CHUNK])).square() / SPREAD**2
    share = WARMUP / STEPS
    return share * error[:STARTS, :WARMUP].mean() + (1 - share) * error[STARTS:, WARMUP:].mean()


def train(network, series, validation, epochs, rate=6e-3):
    batches = len(series) * STEPS // ((STARTS + MIDDLES) * CHUNK)  # an epoch sees as many steps as there are
    total, begin = epochs * batches, time.time()
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    cosine = lambda step: min(1, step / 200) * (1 + math.cos(math.pi * step / total)) / 2  # after a linear rise
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, cosine)
    for epoch in range(1, epochs + 1):
        for _ in range(batches):
            optimizer.zero_grad()
            batch_loss(network, series).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        if epoch % 100 == 0 or epoch == epochs:
            seconds, error = time.time() - begin, nrmse(network, validation)
            print(f"epoch {epoch}/{epochs}  {seconds:.0f} s  validation NRMSE {error:.5f}", flush=True)


def export(network, path, source):
    """Writes a native lmu-wasm file: safetensors whose metadata describe the layers."""
    layers, tensors = [], {}
    for index, (lmu, size) in enumerate(zip(network.lmus, LAYERS)):
        name, hidden = f"lmu_{index}", {"type": "dense", "activation": "tanh"}
        layers.append({"type": "lmu", "name": name, "order": size["order"], "theta": size["theta"], "hidden": hidden})
        tensors |= {
            f"{name}.encoder.input": lmu.encoder.weight,
            f"{name}.encoder.bias": lmu.encoder.bias,
            f"{name}.hidden.memory": lmu.from_memory.weight,
            f"{name}.hidden.input": lmu.from_input.weight,
            f"{name}.hidden.bias": lmu.from_input.bias,
        }
    layers.append({"type": "dense", "name": "readout"})
    tensors |= {"readout.weight": network.readout.weight, "readout.bias": network.readout.bias}
    description = {"version": 1, "input": {"width": 1}, "layers": layers, "source": source}

    header, data = {"__metadata__": {"lmu-wasm": json.dumps(description, separators=(",", ":"))}}, b""
    for name, tensor in tensors.items():
        values = tensor.detach().flatten().tolist()
        end = len(data) + 4 * len(values)
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), end]}
        data += struct.pack(f"<{len(values)}f", *values)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the data begin at a multiple of 8 bytes
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


@torch.no_grad()
def write_check(network, seed, series, path):
    """The beginning of a series and the network's answer in float64, for comparing other implementations."""
    exact = Network().double()  # built anew: its memory matrices were never rounded
    for parameter, trained in zip(exact.parameters(), network.parameters()):
        parameter.copy_(trained)
    inputs, check = series[:64].double(), {"seed": seed}
    for key, values in ("input", inputs), ("output", exact(inputs[None])[0]):
        check[key] = [float(f"{value:.9g}") for value in values.tolist()]
    path.write_text(json.dumps(check) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of the initial weights and the choice of chunks")
    parser.add_argument("--epochs", type=int, default=3000)
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "models" / "mackey-glass.safetensors")
    parser.add_argument("--check", type=Path, default=HERE / "check.json")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    series = mackey_glass([*TRAIN, *VALIDATION, *TEST])
    print(f"mean of the training series {series[: len(TRAIN)].mean():.6f}, subtracted {MEAN:.6f}")
    sets = (series - MEAN).float().split([len(TRAIN), len(VALIDATION), len(TEST)])

    network = Network().float()
    print(f"{sum(p.numel() for p in network.parameters())} parameters")
    train(network, sets[0], sets[1], options.epochs)

    export(network, options.out, "Mackey-Glass, tau 17, 15 steps ahead; examples/mackey-glass/train.py")
    write_check(network, TEST[0], sets[2][0], options.check)
    for name, part in zip(("train", "validation", "test"), sets):
        print(f"{name} NRMSE {nrmse(network, part):.5f}")
    print(f"{options.out}: {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()

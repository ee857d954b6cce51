"""The four kinds of byte-level language model that are compared: token ids [batch, steps] in, logits out.

`LmuLm` is the LMU language model of Chilkuri et al. (arXiv 2110.02402), with causal attention in place of the first
feed-forward layer when `heads` > 0; `Gpt` is GPT-2; `Recurrent` is an LSTM or GRU. The state dicts have the keys and
shapes that lmu-wasm reads; those of `Gpt` are of Hugging Face's GPT-2.
"""

import torch
from torch import nn
from torch.nn import functional as F

from memory import CHUNK, Attend, Readings, delays, lifted


class FeedForward(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)

    def forward(self, x):
        return self.down(F.gelu(self.up(self.norm(x))))


class Attention(nn.Module):
    """Causal multi-head attention, the first layer of a block when the LMU language model has heads."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x):
        x = self.norm(x)
        split = [layer(x) for layer in (self.query, self.key, self.value)]
        split = [part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in split]
        return self.out(F.scaled_dot_product_attention(*split, is_causal=True).transpose(1, 2).flatten(2))


class MemoryAttention(nn.Module):
    """One LMU per coordinate and attention of `reduced` rows read from it: [batch, steps, width], memory -> the same."""

    def __init__(self, width, order, theta, reduced, lags):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(order, reduced) for _ in range(3))
        self.mix = nn.Linear(reduced, 1, bias=False)
        step, reads = lifted(order, theta)
        self.register_buffer("step", step, persistent=False)
        self.register_buffer("reads", reads, persistent=False)
        # Query, key and value begin as the same delays: rows attend to themselves, and the layer to the latest steps.
        with torch.no_grad():
            for layer in (self.query, self.key, self.value):
                layer.weight.copy_(delays(order, theta, lags))
                layer.bias.zero_()
            self.mix.weight.normal_(0, reduced**-0.5)

    def forward(self, x, memory):
        batch, steps, width = x.shape
        layers = (self.query, self.key, self.value)
        weight = torch.cat([layer.weight for layer in layers])
        bias = torch.cat([layer.bias for layer in layers])
        readers = torch.matmul(weight, self.reads)
        readers = torch.cat([readers[..., :-1], bias.expand(CHUNK, -1)[..., None]], -1).flatten(0, 1)
        inputs = self.norm(x).view(batch, steps // CHUNK, CHUNK, width)
        readings, memory = Readings.apply(inputs, memory, readers, self.step)
        return Attend.apply(readings.view(-1, len(weight), width), self.mix.weight).view(x.shape), memory


class LmuLm(nn.Module):
    def __init__(self, vocabulary, width, blocks, order, theta, reduced_order, ffn, heads, tied=True):
        super().__init__()
        self.order = order
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList()
        for block in range(blocks):
            lags = [1 + row * (1 + block) for row in range(reduced_order)]
            self.blocks.append(nn.ModuleDict({
                "first": Attention(width, heads) if heads else FeedForward(width, ffn),
                "memory": MemoryAttention(width, order, theta, reduced_order, lags),
                "ffn": FeedForward(width, ffn),
            }))
        self.norm = nn.LayerNorm(width)
        self.head = None if tied else nn.Linear(width, vocabulary, bias=False)

    def forward(self, ids, memories=None):
        """`memories`: one of each block [batch, order, width], replaced by those after the last step."""
        x = self.embedding(ids)
        if memories is None:
            memories = [x.new_zeros(len(x), self.order, x.shape[2])] * len(self.blocks)
        for index, block in enumerate(self.blocks):
            x = x + block["first"](x)
            y, memories[index] = block["memory"](x, memories[index])
            x = x + y
            x = x + block["ffn"](x)
        return F.linear(self.norm(x), self.embedding.weight if self.head is None else self.head.weight)


class Conv1D(nn.Module):
    """Hugging Face's linear layer: weight [in, out]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return torch.addmm(self.bias, x.flatten(0, -2), self.weight).view(*x.shape[:-1], -1)


class GptBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.ModuleDict({"c_attn": Conv1D(width, 3 * width), "c_proj": Conv1D(width, width)})
        self.mlp = nn.ModuleDict({"c_fc": Conv1D(width, 4 * width), "c_proj": Conv1D(4 * width, width)})

    def forward(self, x):
        split = self.attn["c_attn"](self.ln_1(x)).chunk(3, -1)
        split = [part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in split]
        y = F.scaled_dot_product_attention(*split, is_causal=True).transpose(1, 2).flatten(2)
        x = x + self.attn["c_proj"](y)
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, vocabulary, width, blocks, heads, positions):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(vocabulary, width),
            "wpe": nn.Embedding(positions, width),
            "h": nn.ModuleList(GptBlock(width, heads) for _ in range(blocks)),
            "ln_f": nn.LayerNorm(width),
        })

    def forward(self, ids):
        layers = self.transformer
        x = layers["wte"](ids) + layers["wpe"].weight[: ids.shape[1]]
        for block in layers["h"]:
            x = block(x)
        return F.linear(layers["ln_f"](x), layers["wte"].weight)


class Recurrent(nn.Module):
    def __init__(self, cell, vocabulary, width, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.rnn = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](width, width, layers, batch_first=True)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, ids, state=None):
        return self.head(self.rnn(self.embedding(ids), state)[0])


@torch.no_grad()
def start(model, embedding, scale=None, deviation=None, forget=None, sinusoids=False):
    """Draws the first weights: embeddings with standard deviation `embedding`, matrices with `deviation` or, without
    it, `scale` / sqrt(inputs). The last layer of each residual branch is divided by sqrt(branches), as in GPT-2.
    Memory attention keeps its delays. `forget` is the bias of the forget gates of an LSTM; with `sinusoids` positions
    begin as those of Vaswani et al., of the same deviation."""
    last = ("down.weight", "out.weight", "c_proj.weight", "mix.weight")
    branches = sum(name.endswith(last) for name, _ in model.named_parameters())
    for name, weight in model.named_parameters():
        if name.endswith(("embedding.weight", "wte.weight", "wpe.weight")):
            weight.normal_(0, embedding)
        elif weight.ndim == 2 and "memory" not in name:
            inputs = weight.shape[0 if ".c_" in name else 1]
            weight.normal_(0, deviation or scale * inputs**-0.5)
        if name.endswith(last):
            weight.mul_(branches**-0.5)
        if sinusoids and "wpe" in name:
            angles = torch.arange(len(weight))[:, None] * 10000.0 ** -torch.linspace(0, 1, weight.shape[1] // 2)
            weight.copy_(2**0.5 * embedding * torch.cat([angles.sin(), angles.cos()], 1))
        if forget and "bias_ih" in name:
            weight.chunk(4)[1].fill_(forget)


def build(config):
    """A model from its configuration: `kind`, its sizes and its `first_weights`, the arguments of `start`."""
    config = dict(config)
    kind, first_weights = config.pop("kind"), config.pop("first_weights")
    if kind in ("lstm", "gru"):
        model = Recurrent(kind, 256, **config)
    else:
        model = {"lmu": LmuLm, "gpt": Gpt}[kind](256, **config)
    start(model, **first_weights)
    return model

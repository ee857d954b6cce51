"""LMUFormer (Liu, Datta, Li, Beerel, arXiv 2402.04882), the network without spikes, made with torch 2.13: python lmuformer.py

Written from the paper's definition, with the names of tensors that the published code gives: patches by convolutions that
keep the number of frames (each followed by ReLU and BatchNorm) plus a convolution of relative position, blocks
x + LMU(x), x + FFN(x), a head, the mean over time. Random weights and statistics, eval mode.

lmuformer.pt                  one block, four convolutions: the network for Speech Commands, narrower; buffers as published
lmuformer-blocks.safetensors  two blocks, two convolutions, names as nn.DataParallel gives them, no buffers of H

io: input [2, 24, 5], output [2, classes] in f32, output_f64 of the network in float64 with exact matrices, and running_f64
[2, 24, classes], the head of the mean of the first n frames (the code's test mode "all_seq").
"""

import torch
from safetensors.torch import save_file
from torch import nn

FRAMES, MELS, CLASSES = 24, 5, 3


def matrices(order, theta):
    """A and B of the LMU, zero-order hold, in float64."""
    i = torch.arange(order, dtype=torch.float64)[:, None]
    j = i.T
    sign = torch.where(i < j, -1.0, (-1.0) ** (i - j + 1))
    both = torch.zeros(order + 1, order + 1, dtype=torch.float64)
    both[:order, :order] = (2 * i + 1) * sign / theta
    both[:order, order:] = (2 * i + 1) * (-1.0) ** i / theta
    held = torch.linalg.matrix_exp(both)
    return held[:order, :order], held[:order, order:]


class Memory(nn.Module):
    """u = relu(W_u x), one channel of memory, h = relu(W_h [m, x]); frame after frame."""

    def __init__(self, dim, theta):
        super().__init__()
        self.W_u = nn.Linear(dim, 1)
        self.W_h = nn.Linear(2 * dim, dim)
        self.exact = matrices(dim, theta)
        A, B = (matrix.float() for matrix in self.exact)
        taps = [B]
        for _ in range(FRAMES - 1):
            taps.append(A @ taps[-1])
        H = torch.cat(taps, 1)
        for name, buffer in {"A": A, "B": B, "H": H, "fft_H": torch.fft.rfft(H, 2 * FRAMES)}.items():
            self.register_buffer(name, buffer)

    def forward(self, x):
        A, B = self.exact if x.dtype == torch.float64 else (self.A, self.B)
        m = x.new_zeros(x.shape[0], A.shape[0])
        rows = []
        for frame in x.unbind(1):
            m = m @ A.T + torch.relu(self.W_u(frame)) @ B.T
            rows.append(torch.relu(self.W_h(torch.cat([m, frame], -1))))
        return torch.stack(rows, 1)


class Mixer(nn.Module):
    def __init__(self, dim, theta):
        super().__init__()
        self.lmu = Memory(dim, theta)
        self.proj_conv = nn.Conv1d(dim, dim, 1)
        self.proj_bn = nn.BatchNorm1d(dim)

    def forward(self, x):
        return self.proj_bn(self.proj_conv(self.lmu(x.mT).mT))


class Ffn(nn.Module):
    def __init__(self, dim, ratio=2):
        super().__init__()
        self.fc1_conv = nn.Conv1d(dim, ratio * dim, 1)
        self.fc1_bn = nn.BatchNorm1d(ratio * dim)
        self.fc2_conv = nn.Conv1d(ratio * dim, dim, 1)
        self.fc2_bn = nn.BatchNorm1d(dim)

    def forward(self, x):
        x = nn.functional.gelu(self.fc1_bn(self.fc1_conv(x)))
        return torch.relu(self.fc2_bn(self.fc2_conv(x)))


class Block(nn.Module):
    def __init__(self, dim, theta):
        super().__init__()
        self.attn = Mixer(dim, theta)
        self.mlp = Ffn(dim)

    def forward(self, x):
        x = x + self.attn(x)
        return x + self.mlp(x)


class Patches(nn.Module):
    def __init__(self, dim, count):
        super().__init__()
        conv = lambda inputs: nn.Conv1d(inputs, dim, 3, padding=1, bias=False)
        stage = lambda i: nn.Sequential(conv(dim if i else MELS), nn.ReLU(), nn.Identity(), nn.BatchNorm1d(dim))
        self.conv_layers = nn.Sequential(*map(stage, range(count)))
        self.rpe_conv = conv(dim)

    def forward(self, x):
        x = self.conv_layers(x)
        return x + self.rpe_conv(x)


class Former(nn.Module):
    def __init__(self, dim, convolutions, blocks, theta=12.0):
        super().__init__()
        self.patch_embed = Patches(dim, convolutions)
        self.block = nn.ModuleList(Block(dim, theta) for _ in range(blocks))
        self.head = nn.Linear(dim, CLASSES)
        for module in self.modules():
            if isinstance(module, nn.Conv1d | nn.Linear):
                nn.init.normal_(module.weight, std=1.5 * module.weight[0].numel() ** -0.5)
            if isinstance(module, nn.BatchNorm1d):
                nn.init.normal_(module.running_mean, std=0.3)
                # Small enough for epsilon to matter.
                nn.init.uniform_(module.running_var, 0.01, 1)
                nn.init.uniform_(module.weight, 0.3, 0.8)
                nn.init.normal_(module.bias, std=0.2)

    def features(self, x):
        x = self.patch_embed(x.mT)
        for block in self.block:
            x = block(x)
        return x.mT

    def forward(self, x):
        return self.head(self.features(x)).mean(1)

    def running(self, x):
        x = self.features(x)
        return self.head(x.cumsum(1) / torch.arange(1, x.shape[1] + 1)[:, None])


def write(path, seed, save, **sizes):
    torch.manual_seed(seed)
    net = Former(**sizes).eval()
    x = torch.randn(2, FRAMES, MELS)
    with torch.no_grad():
        save(net, path)
        io = {"input": x, "output": net(x)}
        net.double()
        io |= {"output_f64": net(x.double()), "running_f64": net.running(x.double())}
    save_file({name: value.contiguous() for name, value in io.items()}, path.split(".")[0] + ".io.safetensors")


def save_parallel(net, path):
    state = nn.DataParallel(net).state_dict()
    save_file({name: value for name, value in state.items() if not name.endswith("H")}, path)


write("lmuformer.pt", 1, lambda net, path: torch.save(net.state_dict(), path), dim=4, convolutions=4, blocks=1)
write("lmuformer-blocks.safetensors", 2, save_parallel, dim=6, convolutions=2, blocks=2)

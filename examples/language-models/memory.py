"""The memory of the LMU language model, trained without stepping: readings of it by one product over chunks of steps.

Within a chunk the memory is linear in [memory before; inputs], and so is whatever is linear in the memory: query, key
and value of every step, before their GELU, are one product with both. Only chunks' boundaries follow one another.
"""

import torch
from torch.nn import functional as F

CHUNK = 16  # steps whose memory is computed at once: 8 is 12 % slower at width 64, 32 is 8 %


def lmu_matrices(order, theta):
    """Zero-order hold of the Legendre delay system, float64: m[t] = Abar m[t-1] + Bbar u[t]."""
    i = torch.arange(order, dtype=torch.float64)[:, None]
    j = i.T
    a = (2 * i + 1) * torch.where(i < j, -1.0, (-1.0) ** (i - j + 1))
    abar = torch.linalg.matrix_exp(a / theta)
    # A e0 = -B, hence Bbar = A^-1 (Abar - I) B = e0 - Abar e0.
    return abar, torch.eye(order, dtype=torch.float64)[:, 0] - abar[:, 0]


def lifted(order, theta):
    """`step` [order, order + CHUNK + 1] takes [memory; inputs of a chunk; 1] to the memory after it, `reads`
    [CHUNK, order, order + CHUNK + 1] to the memory at each of its steps."""
    abar, bbar = lmu_matrices(order, theta)
    reads, memory = [], torch.eye(order, order + CHUNK + 1, dtype=torch.float64)
    for step in range(CHUNK):
        memory = abar @ memory
        memory[:, order + step] += bbar
        reads.append(memory)
    return memory.float(), torch.stack(reads).float()


def delays(order, theta, lags):
    """Rows that read the input of `lags` steps ago from a memory, [lags, order]: the Legendre polynomials there."""
    z = 2 * torch.tensor(lags, dtype=torch.float64) / theta - 1
    rows = [torch.ones_like(z), z]
    for n in range(2, order):
        rows.append(((2 * n - 1) * z * rows[-1] - (n - 1) * rows[-2]) / n)
    return torch.stack(rows, 1).float()


class Readings(torch.autograd.Function):
    """Linear readings of the memory at every step, without the memory itself except at the chunks' boundaries.

    inputs [batch, chunks, CHUNK, width], memory [batch, order, width], readers [CHUNK * rows, order + CHUNK + 1],
    step [order, order + CHUNK + 1] -> readings [batch * chunks, CHUNK * rows, width], memory after the last chunk.
    The memory takes no gradient: a sequence trains from the zero state.
    """

    @staticmethod
    def forward(ctx, inputs, memory, readers, step):
        batch, chunks, _, width = inputs.shape
        order, columns = step.shape
        z = inputs.new_empty(batch, chunks, columns, width)  # [memory before the chunk; its inputs; 1 for the bias]
        z[:, 0, :order] = memory
        z[:, :, order:-1] = inputs
        z[:, :, -1] = 1
        steps = step.expand(batch, -1, -1)
        for chunk in range(chunks - 1):
            torch.bmm(steps, z[:, chunk], out=z[:, chunk + 1, :order])
        last = torch.bmm(steps, z[:, -1])
        z = z.view(batch * chunks, columns, width)
        ctx.save_for_backward(z, readers, step)
        ctx.mark_non_differentiable(last)
        ctx.shape = inputs.shape
        return torch.bmm(readers.expand(len(z), -1, -1), z), last

    @staticmethod
    def backward(ctx, grad, _):
        z, readers, step = ctx.saved_tensors
        batch, chunks, _, width = ctx.shape
        order = len(step)
        to_readers = torch.bmm(grad, z.mT).sum(0)
        to_z = torch.bmm(readers[:, :-1].T.expand(len(z), -1, -1), grad).view(batch, chunks, -1, width)
        back = step[:, :-1].T.expand(batch, -1, -1)
        for chunk in range(chunks - 2, -1, -1):
            to_z[:, chunk].baddbmm_(back, to_z[:, chunk + 1, :order])
        return to_z[:, :, order:], None, to_readers, None


class Attend(torch.autograd.Function):
    """mix softmax(Q K^T / sqrt(width)) V of readings [steps, 3 rows, width], of which Q, K and V are the GELU.

    By hand, because three quarters of automatic differentiation's time went to copies of the parts: readings
    are the largest values of the model.
    """

    @staticmethod
    def forward(ctx, readings, mix):
        rows = mix.shape[1]
        active = F.gelu(readings)
        query, key, value = active.split(rows, 1)
        attention = torch.softmax(torch.bmm(query, key.mT) * readings.shape[2] ** -0.5, -1)
        mixed = torch.matmul(mix, attention)
        ctx.save_for_backward(readings, active, attention, mixed, mix)
        return torch.bmm(mixed, value).squeeze(1)

    @staticmethod
    def backward(ctx, grad):
        readings, active, attention, mixed, mix = ctx.saved_tensors
        query, key, value = active.split(mix.shape[1], 1)
        grad = grad.unsqueeze(1)
        to_mixed = torch.bmm(grad, value.mT)
        to_mix = torch.bmm(to_mixed, attention.mT).sum(0)
        to_attention = mix.T * to_mixed
        to_scores = attention * (to_attention - (to_attention * attention).sum(-1, keepdim=True))
        to_scores = to_scores * readings.shape[2] ** -0.5
        parts = torch.bmm(to_scores, key), torch.bmm(to_scores.mT, query), torch.bmm(mixed.mT, grad)
        return torch.ops.aten.gelu_backward(torch.cat(parts, 1), readings), to_mix

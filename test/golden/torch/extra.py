"""Small files beside the goldens, made with torch 2.13: python extra.py

extra-modules.pt  a training checkpoint: state dict under "model_state_dict" with tensors of several types, transposed and
                  shared storages, an optimiser's state beside it; io: ids [2, 30], output [2, 30, 4]
extra-bidirectional.pt  two layers of nn.LSTM, nn.GRU without biases, both bidirectional, then Linear; io: input, output
extra-projected.pt      nn.LSTM with proj_size: two bidirectional layers without biases, one layer; io: input, output
extra-*.pt        files of PyTorch that are no state dict in a zip archive: legacy format, whole module, TorchScript, a
                  list
"""

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(7)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.conv = nn.Conv1d(6, 8, 3, dilation=2, groups=2)
        self.bn = nn.BatchNorm1d(8)
        self.gru = nn.GRU(8, 7, bias=False, batch_first=True)
        self.norm = nn.LayerNorm(7)
        self.fc1 = nn.Linear(7, 9)
        self.rnn = nn.RNN(9, 5, nonlinearity="relu", batch_first=True)
        self.cell = nn.LSTMCell(5, 6)
        self.fc2 = nn.Linear(6, 4)

    def forward(self, ids):
        x = self.embedding(ids).transpose(1, 2)
        x = self.conv(nn.functional.pad(x, (4, 0)))
        x = nn.functional.leaky_relu(self.bn(x)).transpose(1, 2)
        x = self.norm(self.gru(x)[0])
        x = self.rnn(nn.functional.gelu(self.fc1(x)))[0]
        state, rows = None, []
        for t in range(x.shape[1]):
            state = self.cell(x[:, t], state)
            rows.append(state[0])
        return self.fc2(torch.stack(rows, 1))


net = Net()
with torch.no_grad():
    for p in net.parameters():
        p.copy_(p.to(torch.bfloat16) if p.ndim > 1 else torch.randn_like(p) * 0.3)
    net.bn.running_mean.normal_()
    net.bn.running_var.uniform_(0.5, 2)
    net.fc1.weight.copy_(net.fc1.weight.half())
optimizer = torch.optim.Adam(net.parameters())
ids = torch.randint(0, 11, (2, 30))
net(ids).square().mean().backward()
optimizer.step()
net.eval()
state = net.state_dict()
with torch.no_grad():
    for name, value in state.items():
        if name in ("embedding.weight", "gru.weight_ih_l0"):
            value.copy_(value.to(torch.bfloat16))
        if name == "fc1.weight":
            value.copy_(value.half())
    output = net(ids)
both = torch.cat([state["rnn.weight_ih_l0"].flatten(), state["rnn.weight_hh_l0"].flatten()])
state["rnn.weight_ih_l0"] = both[:45].view(5, 9)
state["rnn.weight_hh_l0"] = both[45:].view(5, 5)
state["embedding.weight"] = state["embedding.weight"].to(torch.bfloat16)
state["gru.weight_ih_l0"] = state["gru.weight_ih_l0"].to(torch.bfloat16)
state["fc1.weight"] = state["fc1.weight"].half()
state["fc2.weight"] = state["fc2.weight"].double().t().contiguous().t()
state["conv.weight"] = state["conv.weight"].permute(2, 0, 1).contiguous().permute(1, 2, 0)
checkpoint = {
    "epoch": 3,
    "loss": 0.25,
    "model_state_dict": state,
    "optimizer_state_dict": optimizer.state_dict(),
    "rng": torch.get_rng_state()[:8].clone(),
    "note": b"bytes",
    "device": torch.device("cpu"),
    "dtype": torch.float32,
    "shape": torch.Size([2, 3]),
}
torch.save(checkpoint, "extra-modules.pt")
save_file({"ids": ids.int(), "output": output.contiguous()}, "extra-modules.io.safetensors")

linear = nn.Linear(2, 2)
torch.save(linear.state_dict(), "extra-legacy.pt", _use_new_zipfile_serialization=False)
torch.save(linear, "extra-module.pt")
torch.jit.save(torch.jit.script(linear), "extra-scripted.pt")
torch.save([torch.ones(2)], "extra-list.pt")

class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 5, 2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(10, 4, bias=False, bidirectional=True, batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.gru(self.lstm(x)[0])[0])


both, x = Both().eval(), torch.randn(2, 12, 3)
torch.save(both.state_dict(), "extra-bidirectional.pt")
save_file({"input": x, "output": both(x).detach().contiguous()}, "extra-bidirectional.io.safetensors")


class Projected(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.LSTM(3, 6, 2, proj_size=4, bias=False, bidirectional=True, batch_first=True)
        self.decoder = nn.LSTM(8, 5, proj_size=2, batch_first=True)

    def forward(self, x):
        return self.decoder(self.encoder(x)[0])[0]


projected, x = Projected().eval(), torch.randn(2, 12, 3)
torch.save(projected.state_dict(), "extra-projected.pt")
save_file({"input": x, "output": projected(x).detach().contiguous()}, "extra-projected.io.safetensors")

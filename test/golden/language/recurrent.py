"""LSTM and GRU language models of PyTorch: embedding, recurrent layers, linear. Weights in float32, logits in float64."""
import torch
from safetensors.torch import save_file, save_model

torch.manual_seed(11)
VOCABULARY, WIDTH, UNITS = 53, 12, 20


class Network(torch.nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, WIDTH)
        self.rnn = cell(WIDTH, UNITS, num_layers=2, batch_first=True)
        self.head = torch.nn.Linear(UNITS, VOCABULARY)

    def forward(self, ids):
        return self.head(self.rnn(self.embedding(ids))[0])


for name, cell in [("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU)]:
    network = Network(cell)
    ids = torch.randint(0, VOCABULARY, (2, 30))
    save_file(network.state_dict(), f"{name}.safetensors")
    io = {"ids": ids, "logits": network(ids).detach(), "logits_f64": network.double()(ids).detach()}
    save_file({key: value.contiguous() for key, value in io.items()}, f"{name}.io.safetensors")


class Tied(torch.nn.Module):
    """Named as in PyTorch's example word_language_model."""

    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.Embedding(17, 8)
        self.rnn = torch.nn.LSTM(8, 8)
        self.decoder = torch.nn.Linear(8, 17)
        self.decoder.weight = self.encoder.weight

    def forward(self, ids):
        return self.decoder(self.rnn(self.encoder(ids))[0])


network = Tied()
save_model(network, "tied.safetensors")
torch.save(network.state_dict(), "tied.pt")
ids = torch.randint(0, 17, (20,))
save_file({"ids": ids, "logits_f64": network.double()(ids).detach()}, "tied.io.safetensors")

"""PyTorch on the CPU: nn.LSTM or nn.GRU and the fused Adam. Usage: pytorch.py THREADS"""

import sys

import torch
from common import serve, tokens_of, weights_of

torch.set_num_threads(int(sys.argv[1]))


class Model(torch.nn.Module):
    def __init__(self, task):
        super().__init__()
        weights = weights_of(task)
        vocabulary, hidden = task["vocabulary"], task["hidden"]
        self.embedding = torch.nn.Embedding(vocabulary, hidden)
        kind = torch.nn.LSTM if task["cell"] == "lstm" else torch.nn.GRU
        self.rnn = kind(hidden, hidden, task["layers"])
        self.output = torch.nn.Linear(hidden, vocabulary)
        state = {
            "embedding.weight": weights["embedding"],
            "output.weight": weights["weight"],
            "output.bias": weights["bias"],
        }
        for index, layer in enumerate(weights["layers"]):
            state.update({f"rnn.{name}_l{index}": array for name, array in layer.items()})
        self.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
        if task["cell"] == "lstm":
            for index in range(task["layers"]):
                getattr(self.rnn, f"bias_hh_l{index}").requires_grad_(False)

    def forward(self, ids):
        return self.output(self.rnn(self.embedding(ids))[0])


def prepare(task):
    model = Model(task)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    inputs, targets = (torch.from_numpy(ids) for ids in tokens_of(task))
    targets = targets.reshape(-1)

    def loss():
        return torch.nn.functional.cross_entropy(model(inputs).reshape(-1, task["vocabulary"]), targets)

    def step():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        return value.item()

    def evaluate():
        with torch.no_grad():
            return loss().item()

    return step, evaluate


serve(f"PyTorch {torch.__version__}", prepare)

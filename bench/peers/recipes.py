"""
The models of the recipes in PyTorch on the CPU: nn.LSTM and the fused Adam. Usage: recipes.py THREADS [packed]

`packed`: rows of different lengths as pack_padded_sequence. Without, both directions run over the padding, the backward one over reversed rows, which is
faster by far: oneDNN knows no packed sequences.
"""

import json
import sys

import numpy as np
import torch
from common import serve
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(int(sys.argv[1]))
IS_PACKED = "packed" in sys.argv


def read(file):
    """A safetensors file: parameters and batch."""
    with open(file, "rb") as stream:
        data = stream.read()
    start = 8 + int.from_bytes(data[:8], "little")
    model, batch = {}, {}
    for path, entry in json.loads(data[8:start]).items():
        if path == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        kind = {"F32": np.float32, "I32": np.int32}[entry["dtype"]]
        array = np.frombuffer(data[start + begin : start + end], kind).reshape(entry["shape"])
        own, name = path.split("/", 1)
        integer = kind is np.int32
        (model if own == "model" else batch)[name] = torch.from_numpy(array.astype(np.int64) if integer else array.copy())
    return model, batch


def torch_lstm(parameters, path):
    """Kernel [I + H, 4H] and bias [4H] of the tf1 dialect, gates i, j, f, o with 1 added to f, as PyTorch's i, f, g, o."""
    kernel, bias = parameters[f"{path}/kernel"], parameters[f"{path}/bias"]
    hidden = bias.shape[0] // 4
    i, j, f, o = kernel.t().split(hidden)
    bi, bj, bf, bo = bias.split(hidden)
    weight = torch.cat([i, f, j, o])
    inputs = kernel.shape[0] - hidden
    return {
        "weight_ih": weight[:, :inputs].contiguous(),
        "weight_hh": weight[:, inputs:].contiguous(),
        "bias_ih": torch.cat([bi, bf + 1, bj, bo]),
        "bias_hh": torch.zeros_like(bias),
    }


def lstm(parameters, path, layers=1, bidirectional=True):
    """nn.LSTM with these parameters; the second bias, which the others lack, is zero and not trained."""
    state = {}
    for layer in range(layers):
        for direction, suffix in [("/forward", ""), ("/backward", "_reverse")] if bidirectional else [("", "")]:
            for name, array in torch_lstm(parameters, f"{path}/{layer}{direction}").items():
                state[f"{name}_l{layer}{suffix}"] = array
    return one_lstm(state, layers, bidirectional)


def one_lstm(state, layers=1, bidirectional=False):
    rows, inputs = state["weight_ih_l0"].shape
    module = nn.LSTM(inputs, rows // 4, layers, bidirectional=bidirectional)
    module.load_state_dict(state)
    for name, parameter in module.named_parameters():
        if name.startswith("bias_hh"):
            parameter.requires_grad_(False)
    return module


def run_packed(module, inputs, lengths):
    """Outputs, zero on padding, and the last states (h, c) of both directions."""
    packed = nn.utils.rnn.pack_padded_sequence(inputs, lengths, enforce_sorted=False)
    outputs, state = module(packed)
    return nn.utils.rnn.pad_packed_sequence(outputs)[0], state


class Both(nn.Module):
    """One layer in both directions over rows with lengths."""

    def __init__(self, parameters, path, lengths):
        super().__init__()
        self.lengths = lengths
        if IS_PACKED:
            self.rnn = lstm(parameters, path)
            return
        self.ahead, self.behind = (
            one_lstm({f"{name}_l0": x for name, x in torch_lstm(parameters, f"{path}/0/{direction}").items()})
            for direction in ("forward", "backward")
        )
        steps = torch.arange(int(lengths.max()))[:, None]
        self.valid = valid_steps(lengths)[:, :, None]
        self.reverse = torch.where(self.valid, (lengths[None] - 1 - steps)[:, :, None], steps[:, :, None])
        self.last = (lengths - 1)[None, :, None]

    def reversed(self, x):
        return x.gather(0, self.reverse.expand(-1, -1, x.shape[2]))

    def forward(self, inputs):
        """Outputs, zero on padding."""
        if IS_PACKED:
            return run_packed(self.rnn, inputs, self.lengths)[0]
        ahead, behind = self.ahead(inputs)[0], self.behind(self.reversed(inputs))[0]
        return torch.cat([ahead, self.reversed(behind)], 2) * self.valid

    def last_outputs(self, inputs):
        """Of each direction, after the last step that it reads."""
        if IS_PACKED:
            return torch.cat(tuple(run_packed(self.rnn, inputs, self.lengths)[1][0]), 1)
        both = [self.ahead(inputs)[0], self.behind(self.reversed(inputs))[0]]
        return torch.cat([x.gather(0, self.last.expand(-1, -1, x.shape[2]))[0] for x in both], 1)


def linear(parameters, path):
    kernel = parameters[f"{path}/kernel"]
    module = nn.Linear(*kernel.shape, bias=f"{path}/bias" in parameters)
    module.weight.data = kernel.t().contiguous()
    if module.bias is not None:
        module.bias.data = parameters[f"{path}/bias"]
    return module


def embedding(parameters, path):
    return nn.Embedding.from_pretrained(parameters[path], freeze=False)


def valid_steps(lengths):
    """[T, B]"""
    return torch.arange(int(lengths.max()))[:, None] < lengths[None, :]


class Image(nn.Module):
    def __init__(self, p, batch):
        super().__init__()
        self.rnn = lstm(p, "rnn", layers=2)
        self.output = linear(p, "output")
        self.targets = batch["targets"]
        self.inputs = batch["inputs"].reshape(28, len(self.targets), -1)

    def loss(self):
        outputs, _ = self.rnn(self.inputs)
        hidden = outputs.shape[2] // 2
        last = torch.cat([outputs[-1, :, :hidden], outputs[0, :, hidden:]], 1)
        return F.cross_entropy(self.output(last), self.targets)


class Transcribe(nn.Module):
    def __init__(self, p, batch):
        super().__init__()
        self.lengths, self.labels, self.label_lengths = batch["lengths"], batch["labels"], batch["labelLengths"]
        self.rnn = Both(p, "rnn", self.lengths)
        self.output = linear(p, "output")
        self.inputs = batch["inputs"].reshape(int(self.lengths.max()), len(self.lengths), -1)

    def loss(self):
        scores = F.log_softmax(self.output(self.rnn(self.inputs)), 2)
        return F.ctc_loss(scores, self.labels, self.lengths, self.label_lengths, blank=0, reduction="mean")


class Tag(nn.Module):
    def __init__(self, p, batch):
        super().__init__()
        self.word_table = embedding(p, "words/embedding")
        self.character_table = embedding(p, "characters/embedding")
        self.lengths, self.character_lengths = batch["lengths"], batch["characterLengths"]
        self.speller = Both(p, "characters", self.character_lengths)
        self.rnn = Both(p, "rnn", self.lengths)
        self.output = linear(p, "output")
        self.transitions = nn.Parameter(p["crf/transitions"])
        self.start = nn.Parameter(p["crf/start"])
        self.end = nn.Parameter(p["crf/end"])
        shape = [int(self.lengths.max()), len(self.lengths)]
        self.words, self.spellings, self.targets = (batch[name].reshape(shape) for name in ("words", "spellings", "targets"))
        self.characters = batch["characters"].reshape(int(self.character_lengths.max()), -1)
        self.valid = valid_steps(self.lengths)

    def loss(self):
        spelled = self.speller.last_outputs(self.character_table(self.characters))
        inputs = torch.cat([self.word_table(self.words), F.embedding(self.spellings, spelled)], 2)
        emissions = self.output(self.rnn(inputs))
        return (self.normalizer(emissions) - self.score(emissions)).sum() / self.lengths.sum()

    def normalizer(self, emissions):
        alpha = self.start + emissions[0]
        for t in range(1, len(emissions)):
            following = torch.logsumexp(alpha[:, :, None] + self.transitions, 1) + emissions[t]
            alpha = torch.where(self.valid[t][:, None], following, alpha)
        return torch.logsumexp(alpha + self.end, 1)

    def score(self, emissions):
        tags, valid = self.targets, self.valid
        own = (emissions.gather(2, tags[:, :, None])[:, :, 0] * valid).sum(0)
        steps = (self.transitions[tags[:-1], tags[1:]] * valid[1:]).sum(0)
        last = tags.gather(0, (self.lengths - 1)[None])[0]
        return own + steps + self.start[tags[0]] + self.end[last]


class Translate(nn.Module):
    def __init__(self, p, batch):
        super().__init__()
        self.source_table = embedding(p, "source/embedding")
        self.target_table = embedding(p, "target/embedding")
        self.encoder = lstm(p, "encoder")
        state = torch_lstm(p, "decoder/0")
        rows, inputs = state["weight_ih"].shape
        self.decoder = nn.LSTMCell(inputs, rows // 4)
        self.decoder.load_state_dict(state)
        self.decoder.bias_hh.requires_grad_(False)
        self.keys = linear(p, "attention/memory")
        self.combine = linear(p, "attention/output")
        self.output = linear(p, "output")
        self.lengths = batch["sourceLengths"]
        rows = len(self.lengths)
        self.source, self.inputs, self.targets = (batch[name].reshape(-1, rows) for name in ("source", "inputs", "targets"))
        self.padding = ~valid_steps(self.lengths).t()[:, None, :]
        self.valid = valid_steps(batch["targetLengths"])

    def loss(self):
        # packed, for the states: nn.LSTM gives c only after the last step, which may be padding
        memory, (h, c) = run_packed(self.encoder, self.source_table(self.source), self.lengths)
        memory = memory.transpose(0, 1).contiguous()
        keys = self.keys(memory).transpose(1, 2)
        h, c = torch.cat([h[0], h[1]], 1), torch.cat([c[0], c[1]], 1)
        fed = torch.zeros_like(h)
        outputs = []
        for embedded in self.target_table(self.inputs):
            h, c = self.decoder(torch.cat([embedded, fed], 1), (h, c))
            scores = torch.bmm(h[:, None], keys).masked_fill(self.padding, -torch.inf)
            context = torch.bmm(torch.softmax(scores, 2), memory)[:, 0]
            fed = torch.tanh(self.combine(torch.cat([context, h], 1)))
            outputs.append(fed)
        logits = self.output(torch.stack(outputs)[self.valid])
        return F.cross_entropy(logits, self.targets[self.valid])


class Forecast(nn.Module):
    def __init__(self, p, batch):
        super().__init__()
        self.rnn = lstm(p, "rnn", bidirectional=False)
        self.output = linear(p, "output")
        self.targets, self.weights = batch["targets"], batch["weights"]
        features = self.rnn.input_size
        rows = len(self.targets) // 112
        self.features = batch["features"].reshape(112, rows, features)

    def loss(self):
        outputs, _ = self.rnn(self.features)
        location, scale, degrees = self.output(outputs.flatten(0, 1)).unbind(1)
        found = torch.distributions.StudentT(
            F.softplus(degrees) + 2 + 1e-6, location, F.softplus(scale) + 1e-6, validate_args=False
        )
        return -(found.log_prob(self.targets) * self.weights).sum() / self.weights.sum()


class Classify(nn.Module):
    def __init__(self, p, batch):
        super().__init__()
        self.table = embedding(p, "embedding")
        self.rnn = Both(p, "rnn", batch["lengths"])
        self.hidden = linear(p, "attention")
        self.context = nn.Parameter(p["attention/context"])
        self.output = linear(p, "output")
        self.lengths, self.targets, self.weights = batch["lengths"], batch["targets"], batch["classWeights"]
        self.inputs = batch["inputs"].reshape(-1, len(self.lengths))
        self.padding = ~valid_steps(self.lengths)[:, :, None]

    def loss(self):
        outputs = self.rnn(self.table(self.inputs))
        scores = torch.tanh(self.hidden(outputs)) @ self.context
        weights = torch.softmax(scores.masked_fill(self.padding, -torch.inf), 0)
        return F.cross_entropy(self.output((weights * outputs).sum(0)), self.targets, weight=self.weights)


MODELS = {
    "image": Image,
    "transcribe": Transcribe,
    "tag": Tag,
    "translate": Translate,
    "forecast": Forecast,
    "classify": Classify,
}


def prepare(task):
    model = MODELS[task["recipe"]](*read(task["file"]))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=task["learningRate"], fused=True)

    def step():
        optimizer.zero_grad()
        value = model.loss()
        value.backward()
        nn.utils.clip_grad_norm_(trained, task["clipNorm"])
        optimizer.step()
        return value.item()

    def evaluate():
        with torch.no_grad():
            return model.loss().item()

    return step, evaluate


serve(f"PyTorch {torch.__version__}", prepare)

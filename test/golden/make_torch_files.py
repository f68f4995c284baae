"""Small files of torch.save with random weights -> data/torch-files.json"""

import argparse
import collections
import io
import types

import numpy as np
import torch

from weight_files import array, case, write

TYPES = {torch.bfloat16: "bfloat16", torch.bool: "bool"}


def values(tensor):
    name = TYPES.get(tensor.dtype, str(tensor.dtype).removeprefix("torch."))
    plain = tensor.detach()
    return array((plain.float() if plain.dtype == torch.bfloat16 else plain).numpy(), name)


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return {"model.pt": buffer.getvalue()}


def named(tree, prefix=""):
    """Tensors by the keys that lead to them."""
    if isinstance(tree, torch.Tensor):
        return {prefix or "tensor": values(tree)}
    if isinstance(tree, np.ndarray):
        return {prefix: array(tree)}
    if isinstance(tree, argparse.Namespace | types.SimpleNamespace):
        tree = vars(tree)
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list | tuple) else []
    found = {}
    for key, item in items:
        found |= named(item, f"{prefix}.{key}" if prefix else str(key))
    return found


def of(name, value, metadata=None, **options):
    return case(name, saved(value, **options), named(value), metadata)


def module(name, make, **options):
    torch.manual_seed(len(name))
    return of(name, make().state_dict(), {}, **options)


def trained(optimizer):
    """A model and its optimizer after a step."""
    torch.manual_seed(5)
    model = torch.nn.LSTM(2, 3)
    made = optimizer(model.parameters())
    model(torch.randn(4, 1, 2))[0].sum().backward()
    made.step()
    return {"epoch": 3, "model_state_dict": model.state_dict(), "optimizer_state_dict": made.state_dict(), "loss": 0.25}


torch.manual_seed(1)
base = torch.randn(4, 6)
shared = torch.randn(12)
numbers = torch.arange(-4, 4)
parameter = torch.nn.Parameter(torch.randn(2, 2))
tied = torch.nn.Linear(3, 4, bias=False)

cases = [
    module("lstm", lambda: torch.nn.LSTM(3, 2)),
    module("gru of two layers", lambda: torch.nn.GRU(2, 2, num_layers=2)),
    module("bidirectional rnn", lambda: torch.nn.RNN(2, 2, bidirectional=True)),
    module("lstm with projection", lambda: torch.nn.LSTM(3, 4, proj_size=2)),
    module("float64 gru", lambda: torch.nn.GRU(2, 2, dtype=torch.float64)),
    module("bfloat16 linear", lambda: torch.nn.Linear(3, 2, dtype=torch.bfloat16)),
    module("float16 linear", lambda: torch.nn.Linear(3, 2, dtype=torch.float16)),
    module(
        "embedding, lstm and linear",
        lambda: torch.nn.ModuleDict(
            {"embedding": torch.nn.Embedding(5, 2), "rnn": torch.nn.LSTM(2, 2), "out": torch.nn.Linear(2, 5)}
        ),
    ),
    module("batch norm", lambda: torch.nn.BatchNorm1d(3)),
    module("protocol 3", lambda: torch.nn.LSTM(2, 1), pickle_protocol=3),
    module("protocol 4", lambda: torch.nn.LSTM(2, 1), pickle_protocol=4),
    module("protocol 5", lambda: torch.nn.LSTM(2, 1), pickle_protocol=5),
    of("checkpoint with adam", trained(torch.optim.Adam), None),
    of("checkpoint with sgd", trained(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)), None),
    of("one tensor", torch.randn(2, 3), {}),
    of("a list", [torch.randn(2), 3, torch.randn(1, 2)], {"value": [None, 3, None]}),
    of("transposed", {"w": base.t()}, {}),
    of("a slice", {"w": base[1:3, ::2]}, {}),
    of("a permuted block", {"w": torch.randn(2, 3, 4).permute(2, 0, 1)}, {}),
    of("shared storage", {"a": shared[:4], "b": shared[4:].view(2, 4), "all": shared}, {}),
    of("expanded", {"w": torch.randn(1, 3).expand(4, 3), "scalar": torch.tensor(2.5)}, {}),
    of("empty", {"none": torch.zeros(0, 3), "one": torch.ones(1)}, {}),
    of("a parameter", {"w": parameter}, {}),
    of("tied", collections.OrderedDict(a=tied.weight, b=tied.weight), {}),
    of(
        "integers",
        {str(t).removeprefix("torch."): numbers.to(t) for t in (torch.int64, torch.int32, torch.int16, torch.int8)}
        | {"uint8": torch.arange(250, 256).to(torch.uint8), "bool": numbers > 0},
        {},
    ),
    of("unsigned", {"uint16": torch.tensor([1, 65535], dtype=torch.uint16)}, {}),
    of("not finite", {"w": torch.tensor([float("inf"), float("-inf"), float("nan"), -0.0])}, {}),
    of(
        "settings",
        {
            "args": argparse.Namespace(hidden=8, name="x", rate=0.5, none=None),
            "more": types.SimpleNamespace(flag=True),
            "counts": collections.Counter({"a": 2}),
            "size": torch.Size([2, 3]),
            "device": torch.device("cpu"),
            "dtype": torch.float32,
            "big": 2**40,
            "negative": -(2**70),
            "names": ("a", "b"),
            "score": np.float64(0.125),
            "step": np.int64(7),
            "infinite": float("inf"),
            "weights": {"w": torch.ones(2)},
        },
        {
            "args": {"hidden": 8, "name": "x", "rate": 0.5, "none": None},
            "more": {"flag": True},
            "counts": {"a": 2},
            "size": [2, 3],
            "device": "cpu",
            "dtype": "torch.float32",
            "big": 2**40,
            "negative": -(2**70),
            "names": ["a", "b"],
            "score": 0.125,
            "step": 7,
            "infinite": "Infinity",
        },
    ),
    of("arrays of numpy", {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.asfortranarray(np.eye(2))}, {}),
]

write("torch-files.json", {"torch": torch.__version__, "numpy": np.__version__}, cases)

"""Goldens from PyTorch's nn.RNN, nn.LSTM and nn.GRU in double precision -> data/torch.json"""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from common import BATCH, INPUT, RAGGED_NO_EMPTY, TIME, Draw, cell_case, draw_state, leaves, like, map_tree, write

SIDES = {"forward": "", "backward": "_reverse"}


def module(driver, config, size):
    cells = config
    bidirectional = driver != "dynamicRnn"
    if bidirectional:
        cells = config["forward"]
    elif config["type"] == "stack":
        cells = config["cells"]
    cells = cells if isinstance(cells, list) else [cells]
    first = cells[0]
    options = {"num_layers": len(cells), "batch_first": True, "bidirectional": bidirectional, "dtype": torch.float64}
    if first["type"] == "rnn":
        return torch.nn.RNN(size, first["units"], nonlinearity=first.get("activation", "tanh"), **options)
    if first["type"] == "gru":
        return torch.nn.GRU(size, first["units"], **options)
    return torch.nn.LSTM(size, first["units"], proj_size=first.get("projection", 0), **options)


def slots(driver, config):
    """(prefix in our names, suffix in PyTorch's) for every cell, in the order of PyTorch's state rows."""
    if driver == "bidirectionalDynamicRnn":
        return [(f"{side}/", f"_l0{suffix}") for side, suffix in SIDES.items()]
    if driver == "stackBidirectionalDynamicRnn":
        layers = range(len(config["forward"]))
        return [(f"{i}/{side}/", f"_l{i}{suffix}") for i in layers for side, suffix in SIDES.items()]
    if config["type"] == "stack":
        return [(f"{i}/", f"_l{i}") for i in range(len(config["cells"]))]
    return [("", "_l0")]


def parts(tree):
    """The per-cell states of a state tree, in PyTorch's order."""
    if "h" in tree:
        return [tree]
    return [part for value in tree.values() for part in parts(value)]


def case(name, config, driver="dynamicRnn", lengths=RAGGED_NO_EMPTY, initial=True, size=INPUT):
    draw = Draw(name)
    inputs = draw.normal([BATCH, TIME, size], scale=1.0)
    shape = draw_state(draw, driver, config)
    state = shape if initial else None
    rnn = module(driver, config, size)
    parameters, tensors = {}, {}
    for prefix, suffix in slots(driver, config):
        for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"):
            tensor = getattr(rnn, key + suffix, None)
            if tensor is not None:
                parameters[prefix + key] = draw.normal(list(tensor.shape))
                tensor.data = torch.tensor(parameters[prefix + key])
                tensors[prefix + key] = tensor
    assert len(tensors) == len(list(rnn.parameters()))

    def leaf(array):
        return torch.tensor(array, requires_grad=True)

    x = leaf(inputs)
    start = map_tree(leaf, state) if state else None
    keys = ("h", "c") if "c" in parts(shape)[0] else ("h",)
    rows = None
    if start:
        rows = tuple(torch.stack([part[key] for part in parts(start)]) for key in keys)
        rows = rows if len(rows) > 1 else rows[0]
    if lengths is None:
        y, last = rnn(x, rows)
    else:
        y, last = rnn(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False), rows)
        y, _ = pad_packed_sequence(y, batch_first=True, total_length=TIME)
    last = dict(zip(keys, last if len(keys) > 1 else (last,)))
    ordered = [last[key][row] for row, part in enumerate(parts(shape)) for key in part]
    outputs = y
    if driver == "bidirectionalDynamicRnn":
        outputs = dict(zip(SIDES, y.chunk(2, dim=2)))
    results = {"outputs": outputs, "finalState": like(shape, ordered)}
    weights = map_tree(lambda t: draw.normal(list(t.shape), 1.0), results)
    loss = sum((t * torch.tensor(w)).sum() for t, w in zip(leaves(results), leaves(weights)))
    wanted = {"parameters": tensors, "inputs": x, **({"initialState": start} if start else {})}
    gradients = like(wanted, [g.numpy() for g in torch.autograd.grad(loss, leaves(wanted))])
    gradients.setdefault("initialState", None)
    values = map_tree(lambda t: t.detach().numpy(), results)
    return cell_case(
        name, driver, config, padded="zero", parameters=parameters, inputs=inputs, lengths=lengths, initial=state,
        outputs=values["outputs"], final=values["finalState"], weights=weights, loss=loss.item(), gradients=gradients,
    )  # fmt: skip


def config(kind, units=4, **options):
    return {"type": kind, "dialect": "torch", "units": units, **options}


def main():
    torch.set_num_threads(1)
    plain = {"lengths": None, "initial": False}
    rnn, lstm, gru = config("rnn"), config("lstm"), config("gru")
    both = "bidirectionalDynamicRnn"
    stacked = "stackBidirectionalDynamicRnn"

    def sides(cell):
        return {"forward": cell, "backward": cell}

    def layered(cell):
        return {"forward": [cell, cell], "backward": [cell, cell]}

    cases = [
        case("torch-rnn", rnn, **plain),
        case("torch-rnn-ragged", rnn),
        case("torch-rnn-relu-ragged", config("rnn", activation="relu")),
        case("torch-lstm", lstm, **plain),
        case("torch-lstm-ragged", lstm),
        case("torch-lstm-projection", config("lstm", projection=3), **plain),
        case("torch-lstm-projection-ragged", config("lstm", projection=3)),
        case("torch-gru", gru, **plain),
        case("torch-gru-ragged", gru),
        case("torch-stack-lstm-lstm-ragged", {"type": "stack", "cells": [lstm, lstm]}),
        case("torch-bidirectional-lstm-ragged", sides(lstm), both),
        case("torch-bidirectional-gru", sides(gru), both, **plain),
        case("torch-bidirectional-gru-ragged", sides(gru), both),
        case("torch-bidirectional-rnn-ragged", sides(rnn), both),
        case("torch-stack-bidirectional-lstm-ragged", layered(config("lstm", 3)), stacked),
        case("torch-stack-bidirectional-gru-ragged", layered(config("gru", 3)), stacked),
    ]
    write("torch.json", {"name": "torch", "version": torch.__version__.split("+")[0], "script": "make_torch.py"}, cases)


if __name__ == "__main__":
    main()

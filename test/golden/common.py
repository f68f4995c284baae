"""Shared by the golden generators: random inputs, the JSON encoding, and state trees.

B batch, T time, I input size.  Everything is float64 and batch-major.
"""

import json
import pathlib
import zlib

import numpy as np

DATA = pathlib.Path(__file__).parent / "data"

BATCH, TIME, INPUT = 4, 5, 3
RAGGED = [5, 2, 0, 3]  # an empty row and rows that end inside the batch
RAGGED_NO_EMPTY = [5, 2, 1, 3]  # for producers that refuse empty rows


class Draw:
    """Random numbers that depend on the case's name only, so adding a case changes no other.

    Inputs are rounded to four decimals: the same float64 everywhere, and short in the file.
    """

    def __init__(self, name, decimals=4):
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))
        self.decimals = decimals

    def normal(self, shape, scale=0.5, mean=0.0):
        return np.round(mean + scale * self.rng.standard_normal(shape), self.decimals)


# ---- trees: nested dicts with arrays at the leaves ----


def leaves(tree):
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves(value)]
    return [tree]


def map_tree(f, tree):
    if isinstance(tree, dict):
        return {key: map_tree(f, value) for key, value in tree.items()}
    return f(tree)


def like(tree, values):
    """The tree's shape with its leaves taken in order from `values`."""
    it = iter(values)
    return map_tree(lambda _: next(it), tree)


# ---- what a cell config implies ----

WRAPPERS = ("residual", "highway", "inputProjection", "outputProjection")


def hidden_size(config):
    return config.get("projection", config["units"])


def output_size(config, inputs):
    kind = config["type"]
    if kind == "stack":
        for cell in config["cells"]:
            inputs = output_size(cell, inputs)
        return inputs
    if kind == "outputProjection":
        return config["size"]
    if kind in WRAPPERS:
        return output_size(config["cell"], inputs)
    return hidden_size(config)


def state_sizes(config):
    kind = config["type"]
    if kind == "stack":
        return {str(i): state_sizes(cell) for i, cell in enumerate(config["cells"])}
    if kind in WRAPPERS:
        return state_sizes(config["cell"])
    if kind in ("lstm", "layerNormLstm"):
        return {"c": config["units"], "h": hidden_size(config)}
    return {"h": config["units"]}


def driver_state_sizes(driver, config):
    if driver == "dynamicRnn":
        return state_sizes(config)
    if driver == "bidirectionalDynamicRnn":
        return {side: state_sizes(config[side]) for side in ("forward", "backward")}
    layers = range(len(config["forward"]))
    return {str(i): {side: state_sizes(config[side][i]) for side in ("forward", "backward")} for i in layers}


def draw_state(draw, driver, config, batch=BATCH):
    return map_tree(lambda size: draw.normal([batch, size]), driver_state_sizes(driver, config))


# ---- encoding ----


def encode(value):
    """Arrays become {"shape", "data"}; Python's repr of a float64 reads back to the same bits."""
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, np.ndarray):
        assert value.dtype in (np.float64, np.int64, np.int32), value.dtype
        assert np.isfinite(value).all()
        return {"shape": list(value.shape), "data": value.ravel().tolist()}
    if isinstance(value, np.generic):
        return value.item()
    return value


def decode(value):
    if isinstance(value, dict):
        if set(value) == {"shape", "data"}:
            return np.array(value["data"]).reshape(value["shape"])
        return {key: decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decode(item) for item in value]
    return value


def write(file, producer, cases):
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names), "case names must be unique"
    head = json.dumps(producer, separators=(",", ":"))
    lines = [json.dumps(encode(case), separators=(",", ":"), allow_nan=False) for case in cases]
    DATA.mkdir(exist_ok=True)
    text = '{"producer":' + head + ',"cases":[\n' + ",\n".join(lines) + "\n]}\n"
    (DATA / file).write_text(text)
    print(f"{file}: {len(cases)} cases, {len(text) / 1024:.0f} KiB")


def cell_case(name, driver, config, *, padded, parameters, inputs, lengths, initial, outputs, final, weights, loss, gradients):
    return {
        "name": name,
        "dtype": "float64",
        "driver": driver,
        "paddedOutput": padded,
        "cell": config,
        "inputSize": inputs.shape[2],
        "parameters": parameters,
        "inputs": inputs,
        "lengths": lengths,
        "initialState": initial,
        "outputs": outputs,
        "finalState": final,
        "lossWeights": weights,
        "loss": float(loss),
        "gradients": gradients,
    }

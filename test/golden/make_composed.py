"""Goldens for cells that no installed framework has, as PyTorch step loops in double precision -> data/composed.json

The formulas are those of tf.contrib.rnn (coupled gates, wrappers, LayerNormBasicLSTMCell), TensorFlow Addons
(LayerNormLSTMCell), haste (layer-norm LSTM), char-rnn (GRU whose update gate means "write") and Keras 2 (hard sigmoid).
B batch, T time, I input, H hidden.  x [B,I]  h, c [B,H]
"""

import torch

from common import (
    BATCH, INPUT, RAGGED, TIME, WRAPPERS, Draw, cell_case, draw_state, hidden_size, leaves, like, map_tree, output_size, write,
)  # fmt: skip

sigmoid, tanh, cat = torch.sigmoid, torch.tanh, torch.cat


def hard_sigmoid_02(x):
    return torch.clamp(0.2 * x + 0.5, 0, 1)


def layer_norm(x, epsilon):
    centred = x - x.mean(dim=1, keepdim=True)
    return centred / torch.sqrt((centred * centred).mean(dim=1, keepdim=True) + epsilon)


# ---- one step: (config, parameters, x, state) -> (output, next state) ----


def coupled_lstm(config, p, x, s):
    """[j,f,o] = [x,h]@kernel + bias;  i = 1-f"""
    c, h = s["c"], s["h"]
    j, f, o = (cat([x, h], 1) @ p["kernel"] + p["bias"]).chunk(3, dim=1)
    f = f + config.get("forgetBias", 1.0)
    if config.get("peepholes"):
        f = f + p["w_f_diag"] * c
    f = sigmoid(f)
    c = f * c + (1 - f) * tanh(j)
    if config.get("peepholes"):
        o = o + p["w_o_diag"] * c
    h = sigmoid(o) * tanh(c)
    if "projection" in config:
        h = h @ p["projection/kernel"]
    return h, {"c": c, "h": h}


def keras_lstm_hard(config, p, x, s):
    """[i,f,c,o] = x@kernel + h@recurrent_kernel + bias, gates through clip(0.2x + 0.5)"""
    i, f, g, o = (x @ p["kernel"] + s["h"] @ p["recurrent_kernel"] + p["bias"]).chunk(4, dim=1)
    c = hard_sigmoid_02(f) * s["c"] + hard_sigmoid_02(i) * tanh(g)
    h = hard_sigmoid_02(o) * tanh(c)
    return h, {"c": c, "h": h}


def write_gru(config, p, x, s):
    """TF1's layout; the update gate u says how much of the candidate is written"""
    h = s["h"]
    r, u = sigmoid(cat([x, h], 1) @ p["gates/kernel"] + p["gates/bias"]).chunk(2, dim=1)
    candidate = tanh(cat([x, r * h], 1) @ p["candidate/kernel"] + p["candidate/bias"])
    h = u * candidate + (1 - u) * h
    return h, {"h": h}


def lstm(config, p, x, s):
    """TF1's BasicLSTMCell, to be wrapped"""
    i, j, f, o = (cat([x, s["h"]], 1) @ p["kernel"] + p["bias"]).chunk(4, dim=1)
    c = s["c"] * sigmoid(f + config.get("forgetBias", 1.0)) + sigmoid(i) * tanh(j)
    h = tanh(c) * sigmoid(o)
    return h, {"c": c, "h": h}


def layer_norm_contrib(config, p, x, s):
    def norm(value, name):
        return layer_norm(value, 1e-12) * p[f"{name}/gamma"] + p[f"{name}/beta"]

    i, j, f, o = (cat([x, s["h"]], 1) @ p["kernel"]).chunk(4, dim=1)
    i, j, f, o = norm(i, "input"), norm(j, "transform"), norm(f, "forget"), norm(o, "output")
    c = s["c"] * sigmoid(f + config.get("forgetBias", 1.0)) + sigmoid(i) * tanh(j)
    c = norm(c, "state")
    h = tanh(c) * sigmoid(o)
    return h, {"c": c, "h": h}


def layer_norm_tfa(config, p, x, s):
    def norm(value, name):
        return layer_norm(value, 1e-3) * p[f"{name}/gamma"] + p[f"{name}/beta"]

    z = norm(x @ p["kernel"], "kernel_norm") + norm(s["h"] @ p["recurrent_kernel"], "recurrent_norm") + p["bias"]
    i, f, g, o = z.chunk(4, dim=1)
    c = norm(sigmoid(f) * s["c"] + sigmoid(i) * tanh(g), "state_norm")
    h = sigmoid(o) * tanh(c)
    return h, {"c": c, "h": h}


def layer_norm_haste(config, p, x, s):
    z = (
        layer_norm(x @ p["kernel"], 1e-5) * p["gamma"][0]
        + layer_norm(s["h"] @ p["recurrent_kernel"], 1e-5) * p["gamma"][1]
        + p["bias"]
    )
    i, f, g, o = z.chunk(4, dim=1)
    c = sigmoid(f) * s["c"] + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(layer_norm(c, 1e-5) * p["gamma_h"] + p["beta_h"])
    return h, {"c": c, "h": h}


def leaf_step(config):
    if config["type"] == "layerNormLstm":
        return {"contrib": layer_norm_contrib, "tfa": layer_norm_tfa, "haste": layer_norm_haste}[config["variant"]]
    if config.get("coupled"):
        return coupled_lstm
    if config.get("updateGate") == "write":
        return write_gru
    if config.get("recurrentActivation") == "hardSigmoid02":
        return keras_lstm_hard
    assert config["type"] == "lstm" and config["dialect"] == "tf1"
    return lstm


def step(config, p, x, s):
    kind = config["type"]
    if kind == "stack":
        states = {}
        for i, cell in enumerate(config["cells"]):
            x, states[str(i)] = step(cell, inner(p, f"{i}/"), x, s[str(i)])
        return x, states
    if kind not in WRAPPERS:
        return leaf_step(config)(config, p, x, s)
    cell, below = config["cell"], inner(p, "cell/")
    if kind == "inputProjection":
        return step(cell, below, x @ p["projection/kernel"] + p["projection/bias"], s)
    y, s = step(cell, below, x, s)
    if kind == "outputProjection":
        return y @ p["projection/kernel"] + p["projection/bias"], s
    if kind == "residual":
        return x + y, s
    carry = sigmoid(x @ p["highway/kernel"] + p["highway/bias"])
    return x * carry + y * (1 - carry), s


def inner(p, prefix):
    return {key.removeprefix(prefix): value for key, value in p.items() if key.startswith(prefix)}


# ---- parameters ----


def shapes(config, size):
    """Parameter name -> shape, for inputs of `size`."""
    kind = config["type"]

    def prefixed(prefix, cell, size):
        return {prefix + key: shape for key, shape in shapes(cell, size).items()}

    if kind == "stack":
        out = {}
        for i, cell in enumerate(config["cells"]):
            out |= prefixed(f"{i}/", cell, size)
            size = output_size(cell, size)
        return out
    if kind == "inputProjection":
        to = config["size"]
        return {"projection/kernel": [size, to], "projection/bias": [to], **prefixed("cell/", config["cell"], to)}
    if kind == "outputProjection":
        of, to = output_size(config["cell"], size), config["size"]
        return {**prefixed("cell/", config["cell"], size), "projection/kernel": [of, to], "projection/bias": [to]}
    if kind == "residual":
        return prefixed("cell/", config["cell"], size)
    if kind == "highway":
        return {"highway/kernel": [size, size], "highway/bias": [size], **prefixed("cell/", config["cell"], size)}
    units, hidden = config["units"], hidden_size(config)
    if kind == "gru":
        return {
            "gates/kernel": [size + units, 2 * units], "gates/bias": [2 * units],
            "candidate/kernel": [size + units, units], "candidate/bias": [units],
        }  # fmt: skip
    split = {"kernel": [size, 4 * units], "recurrent_kernel": [hidden, 4 * units], "bias": [4 * units]}
    if kind == "layerNormLstm":
        if config["variant"] == "haste":
            return {**split, "gamma": [2, 4 * units], "gamma_h": [units], "beta_h": [units]}
        if config["variant"] == "tfa":
            norms = {"kernel_norm": 4 * units, "recurrent_norm": 4 * units, "state_norm": units}
            base = split
        else:
            norms = dict.fromkeys(("input", "transform", "forget", "output", "state"), units)
            base = {"kernel": [size + hidden, 4 * units]}
        return {**base, **{f"{name}/{part}": [n] for name, n in norms.items() for part in ("gamma", "beta")}}
    if config["dialect"] == "keras":
        return split
    gates = 3 if config.get("coupled") else 4
    out = {"kernel": [size + hidden, gates * units], "bias": [gates * units]}
    if config.get("peepholes"):
        out |= {"w_f_diag": [units], "w_o_diag": [units]}
    if "projection" in config:
        out |= {"projection/kernel": [units, hidden]}
    return out


def draw_parameter(draw, name, shape, scale):
    # Gains are around one and highway biases around theirs (1), but never constant.
    mean = 1.0 if "gamma" in name or name.endswith("highway/bias") else 0.0
    return draw.normal(shape, scale, mean)


# ---- dynamicRnn: zero outputs and a kept state from each row's length on ----


def dynamic_rnn(config, p, x, lengths, state):
    outputs = []
    lengths = torch.tensor([TIME] * BATCH if lengths is None else lengths)
    for t in range(TIME):
        y, moved = step(config, p, x[:, t], state)
        live = (t < lengths)[:, None]
        outputs.append(torch.where(live, y, torch.zeros_like(y)))
        state = like(state, [torch.where(live, new, old) for new, old in zip(leaves(moved), leaves(state))])
    return torch.stack(outputs, dim=1), state


def case(name, config, lengths=RAGGED, initial=True, size=INPUT, scale=0.5):
    draw = Draw(name)

    def leaf(array):
        return torch.tensor(array, requires_grad=True)

    inputs = draw.normal([BATCH, TIME, size], scale=1.0)
    shape = draw_state(draw, "dynamicRnn", config)
    state = shape if initial else None
    parameters = {key: draw_parameter(draw, key, dims, scale) for key, dims in shapes(config, size).items()}
    tensors, x = map_tree(leaf, parameters), leaf(inputs)
    start = map_tree(leaf, state) if state else None
    zeros = map_tree(lambda array: torch.zeros(array.shape, dtype=torch.float64), shape)
    outputs, final = dynamic_rnn(config, tensors, x, lengths, start or zeros)
    results = {"outputs": outputs, "finalState": final}
    weights = map_tree(lambda t: draw.normal(list(t.shape), 1.0), results)
    loss = sum((t * torch.tensor(w)).sum() for t, w in zip(leaves(results), leaves(weights)))
    wanted = {"parameters": tensors, "inputs": x, **({"initialState": start} if start else {})}
    gradients = like(wanted, [g.numpy() for g in torch.autograd.grad(loss, leaves(wanted))])
    gradients.setdefault("initialState", None)
    values = map_tree(lambda t: t.detach().numpy(), results)
    return cell_case(
        name, "dynamicRnn", config, padded="zero", parameters=parameters, inputs=inputs, lengths=lengths, initial=state,
        outputs=values["outputs"], final=values["finalState"], weights=weights, loss=loss.item(), gradients=gradients,
    )  # fmt: skip


def main():
    torch.set_num_threads(1)
    plain = {"lengths": None, "initial": False}

    def tf1(kind, units=4, **options):
        return {"type": kind, "dialect": "tf1", "units": units, **options}

    def normed(variant, **options):
        return {"type": "layerNormLstm", "variant": variant, "units": 4, **options}

    def wrapped(kind, cell, **options):
        return {"type": kind, "cell": cell, **options}

    basic = tf1("lstm")
    write_gru_config = tf1("gru", updateGate="write")
    hard = {"type": "lstm", "dialect": "keras", "units": 4, "recurrentActivation": "hardSigmoid02"}
    residuals = {"type": "stack", "cells": [wrapped("residual", basic), wrapped("residual", basic)]}
    cases = [
        case("formula-lstm-coupled", tf1("lstm", coupled=True), **plain),
        case("formula-lstm-coupled-ragged", tf1("lstm", coupled=True)),
        case("formula-lstm-coupled-peepholes-ragged", tf1("lstm", coupled=True, peepholes=True, forgetBias=0.3)),
        case("formula-lstm-coupled-projection-ragged", tf1("lstm", coupled=True, projection=3)),
        case("formula-gru-write", write_gru_config, **plain),
        case("formula-gru-write-ragged", write_gru_config),
        case("formula-lstm-hard-sigmoid-02-ragged", hard, scale=1.5),
        case("formula-highway-lstm-ragged", wrapped("highway", basic), size=4),
        case("formula-input-projection-lstm-ragged", wrapped("inputProjection", basic, size=2)),
        case("formula-output-projection-lstm-ragged", wrapped("outputProjection", basic, size=2)),
        case("formula-stack-residual-lstm-ragged", residuals, size=4),
        case("formula-layer-norm-lstm-contrib", normed("contrib"), **plain),
        case("formula-layer-norm-lstm-contrib-ragged", normed("contrib", forgetBias=0.3)),
        case("formula-layer-norm-lstm-tfa", normed("tfa"), **plain),
        case("formula-layer-norm-lstm-tfa-ragged", normed("tfa")),
        case("formula-layer-norm-lstm-haste", normed("haste"), **plain),
        case("formula-layer-norm-lstm-haste-ragged", normed("haste")),
    ]
    version = torch.__version__.split("+")[0]
    write("composed.json", {"name": "torch, formula", "version": version, "script": "make_composed.py"}, cases)


if __name__ == "__main__":
    main()

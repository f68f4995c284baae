"""Goldens from TensorFlow's TF1 graph code: the original RNN cells and drivers -> data/tf1.json"""

import os
import re

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from tensorflow.python.keras.layers.legacy_rnn import rnn_cell_impl as tf1

from common import BATCH, INPUT, RAGGED, TIME, Draw, cell_case, draw_state, leaves, like, map_tree, write

tf.compat.v1.disable_v2_behavior()
nn = tf.compat.v1.nn
ACTIVATIONS = {"tanh": tf.tanh, "relu": tf.nn.relu, "softsign": tf.nn.softsign, "sigmoid": tf.sigmoid}
LEAF = re.compile(r"((?:gates|candidate|projection)/)?(kernel|bias|w_[fio]_diag):0$")


def build(config, basic):
    kind = config["type"]
    if kind == "stack":
        if config.get("shared"):
            return tf1.MultiRNNCell([build(config["cells"][0], basic)] * len(config["cells"]))
        return tf1.MultiRNNCell([build(cell, basic) for cell in config["cells"]])
    if kind == "residual":
        return tf1.ResidualWrapper(build(config["cell"], basic))
    common = {"activation": ACTIVATIONS[config.get("activation", "tanh")], "dtype": tf.float64}
    if kind == "rnn":
        return tf1.BasicRNNCell(config["units"], **common)
    if kind == "gru":
        return tf1.GRUCell(config["units"], **common)
    common["forget_bias"] = config.get("forgetBias", 1.0)
    if basic:
        return tf1.BasicLSTMCell(config["units"], **common)
    return tf1.LSTMCell(
        config["units"],
        use_peepholes=config.get("peepholes", False),
        cell_clip=config.get("cellClip"),
        num_proj=config.get("projection"),
        proj_clip=config.get("projectionClip"),
        **common,
    )


def to_tf(tree):
    """Our state tree as the framework's: a tensor, a (c, h) tuple, or a tuple of those."""
    if not isinstance(tree, dict):
        return tree
    if set(tree) == {"h"}:
        return tree["h"]
    if set(tree) == {"c", "h"}:
        return tf1.LSTMStateTuple(tree["c"], tree["h"])
    return tuple(to_tf(value) for value in tree.values())


def from_tf(shape, state):
    """Back again, guided by a tree of the wanted shape."""
    if set(shape) == {"h"}:
        return {"h": state}
    if set(shape) == {"c", "h"}:
        return {"c": state.c, "h": state.h}
    return {key: from_tf(shape[key], part) for key, part in zip(shape, state)}


def parameter_name(variable, config, driver):
    """`bidirectional_rnn/fw/multi_rnn_cell/cell_0/lstm_cell/kernel:0` -> `forward/0/kernel`"""
    leaf = LEAF.search(variable)
    name = (leaf[1] or "") + leaf[2]
    layer = re.search(r"cell_(\d+)/", variable)
    if layer:
        name = f"{layer[1]}/{name}"
    if driver == "dynamicRnn" and config["type"] == "residual":
        name = f"cell/{name}"
    if driver != "dynamicRnn":
        name = ("forward/" if "/fw/" in variable else "backward/") + name
        level = re.match(r"layer_(\d+)/", variable)
        name = f"{level[1]}/{name}" if level else name
    return name


def drive(driver, config, basic, x, lengths, state):
    if driver == "dynamicRnn":
        return nn.dynamic_rnn(
            build(config, basic), x, sequence_length=lengths, initial_state=to_tf(state) if state else None, dtype=tf.float64
        )

    def both(forward, backward, x, state):
        return nn.bidirectional_dynamic_rnn(
            build(forward, basic),
            build(backward, basic),
            x,
            sequence_length=lengths,
            initial_state_fw=to_tf(state["forward"]) if state else None,
            initial_state_bw=to_tf(state["backward"]) if state else None,
            dtype=tf.float64,
        )

    if driver == "bidirectionalDynamicRnn":
        outputs, final = both(config["forward"], config["backward"], x, state)
        return {"forward": outputs[0], "backward": outputs[1]}, final
    finals = []
    for i, (forward, backward) in enumerate(zip(config["forward"], config["backward"])):
        with tf.compat.v1.variable_scope(f"layer_{i}"):
            outputs, final = both(forward, backward, x, state and state[str(i)])
        x = tf.concat(outputs, axis=2)
        finals.append(final)
    return x, tuple(finals)


def case(name, config, driver="dynamicRnn", lengths=RAGGED, initial=True, basic=False, size=INPUT, scale=0.5):
    draw = Draw(name)
    inputs = draw.normal([BATCH, TIME, size], scale=1.0)
    shape = draw_state(draw, driver, config)  # drawn always: it is also the shape of the final state
    state = shape if initial else None
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.constant(inputs)
        start = map_tree(tf.constant, state) if state else None
        outputs, final = drive(driver, config, basic, x, lengths, start)
        final = from_tf(shape, final)
        variables = {parameter_name(v.name, config, driver): v for v in tf.compat.v1.global_variables()}
        assert len(variables) == len(tf.compat.v1.global_variables()), "two variables share a name"
        parameters = {key: draw.normal(v.shape.as_list(), scale) for key, v in variables.items()}
        for key, variable in variables.items():
            variable.load(parameters[key], session)
        results = {"outputs": outputs, "finalState": final}
        weights = map_tree(lambda y: draw.normal([int(n) for n in y.shape], 1.0), results)
        loss = tf.add_n([tf.reduce_sum(y * w) for y, w in zip(leaves(results), leaves(weights))])
        wanted = {"parameters": variables, "inputs": x, **({"initialState": start} if start else {})}
        gradients = like(wanted, tf.gradients(loss, leaves(wanted)))
        outputs, final, loss, gradients = session.run((outputs, final, loss, gradients))
    gradients.setdefault("initialState", None)
    return cell_case(
        name, driver, config, padded="zero", parameters=parameters, inputs=inputs, lengths=lengths, initial=state,
        outputs=outputs, final=final, weights=weights, loss=loss, gradients=gradients,
    )  # fmt: skip


def config(kind, units=4, **options):
    return {"type": kind, "dialect": "tf1", "units": units, **options}


def main():
    plain = {"lengths": None, "initial": False}
    rnn, lstm, gru = config("rnn"), config("lstm"), config("gru")
    both = "bidirectionalDynamicRnn"
    stacked = "stackBidirectionalDynamicRnn"
    everything = config("lstm", peepholes=True, projection=3, cellClip=0.4, projectionClip=0.3)
    lstms = {"type": "stack", "cells": [config("lstm", 4), config("lstm", 3)]}
    cases = [
        case("tf1-rnn", rnn, **plain),
        case("tf1-rnn-ragged", rnn),
        case("tf1-rnn-relu-ragged", config("rnn", activation="relu")),
        case("tf1-basic-lstm", lstm, basic=True, **plain),
        case("tf1-basic-lstm-ragged", lstm, basic=True),
        case("tf1-basic-lstm-forget-bias-ragged", config("lstm", forgetBias=0.3), basic=True),
        case("tf1-basic-lstm-relu-ragged", config("lstm", activation="relu"), basic=True),
        case("tf1-lstm-ragged", lstm),
        case("tf1-lstm-peepholes", config("lstm", peepholes=True), **plain),
        case("tf1-lstm-peepholes-ragged", config("lstm", peepholes=True)),
        case("tf1-lstm-projection", config("lstm", projection=3), **plain),
        case("tf1-lstm-projection-ragged", config("lstm", projection=3)),
        case("tf1-lstm-cell-clip-ragged", config("lstm", cellClip=0.4)),
        case("tf1-lstm-projection-clip-ragged", config("lstm", projection=3, projectionClip=0.3), scale=1.0),
        case("tf1-lstm-everything", everything, **plain),
        case("tf1-lstm-everything-ragged", everything, scale=1.0),
        case("tf1-lstm-softsign-ragged", config("lstm", activation="softsign")),
        case("tf1-gru", gru, **plain),
        case("tf1-gru-ragged", gru),
        case("tf1-gru-relu-ragged", config("gru", activation="relu")),
        case("tf1-stack-lstm-lstm", lstms, basic=True, **plain),
        case("tf1-stack-lstm-lstm-ragged", lstms, basic=True),
        case("tf1-stack-gru-rnn-ragged", {"type": "stack", "cells": [config("gru", 4), config("rnn", 3)]}),
        case("tf1-stack-shared-ragged", {"type": "stack", "cells": [lstm, lstm], "shared": True}, basic=True, size=4),
        case("tf1-residual-lstm-ragged", {"type": "residual", "cell": lstm}, basic=True, size=4),
        case("tf1-residual-gru-ragged", {"type": "residual", "cell": gru}, size=4),
        case("tf1-bidirectional-lstm", {"forward": lstm, "backward": lstm}, both, basic=True, **plain),
        case("tf1-bidirectional-lstm-ragged", {"forward": lstm, "backward": config("lstm", 3)}, both, basic=True),
        case("tf1-bidirectional-gru-ragged", {"forward": gru, "backward": gru}, both),
        case("tf1-stack-bidirectional-lstm-ragged", {"forward": [config("lstm", 3), config("lstm", 2)], "backward": [config("lstm", 3), config("lstm", 2)]}, stacked, basic=True),
    ]  # fmt: skip
    write("tf1.json", {"name": "tensorflow (TF1 graph mode)", "version": tf.__version__, "script": "make_tf1.py"}, cases)


if __name__ == "__main__":
    main()

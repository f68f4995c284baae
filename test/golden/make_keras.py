"""Goldens from Keras 3 on its TensorFlow backend, generic (not cuDNN) path, in float64 -> data/keras.json"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

from common import BATCH, INPUT, RAGGED, TIME, Draw, cell_case, draw_state, leaves, like, map_tree, write

ACTIVATIONS = {"hardSigmoid": "hard_sigmoid"}  # Keras' name where it differs from ours


def layer_of(config):
    def name(key, default):
        value = config.get(key, default)
        return ACTIVATIONS.get(value, value)

    options = {"activation": name("activation", "tanh"), "return_sequences": True, "return_state": True, "dtype": "float64"}
    if config["type"] == "rnn":
        return keras.layers.SimpleRNN(config["units"], **options)
    options |= {"recurrent_activation": name("recurrentActivation", "sigmoid"), "use_cudnn": False}
    if config["type"] == "gru":
        return keras.layers.GRU(config["units"], reset_after=config["resetAfter"], **options)
    return keras.layers.LSTM(config["units"], **options)


def case(name, config, driver="dynamicRnn", lengths=RAGGED, initial=True, scale=0.5):
    draw = Draw(name)
    inputs = draw.normal([BATCH, TIME, INPUT], scale=1.0)
    shape = draw_state(draw, driver, config)
    state = shape if initial else None
    sides = ["forward", "backward"] if driver == "bidirectionalDynamicRnn" else [""]
    if driver == "bidirectionalDynamicRnn":
        layer = keras.layers.Bidirectional(layer_of(config["forward"]), merge_mode=None)
        cells = {"forward/": layer.forward_layer.cell, "backward/": layer.backward_layer.cell}
    else:
        layer = layer_of(config)
        cells = {"": layer.cell}
    layer.build((BATCH, TIME, INPUT))
    variables, parameters = {}, {}
    for prefix, cell in cells.items():
        for key in ("kernel", "recurrent_kernel", "bias"):
            variable = getattr(cell, key)
            parameters[prefix + key] = draw.normal(list(variable.shape), scale)
            variable.assign(parameters[prefix + key])
            assert variable.dtype == "float64"
            variables[prefix + key] = variable.value

    # Keras lists the states of one cell as h, c; forward before backward.
    def keras_order(tree):
        per_cell = [tree[side] if side else tree for side in sides]
        return [part[key] for part in per_cell for key in ("h", "c") if key in part]

    mask = None if lengths is None else np.arange(TIME) < np.array(lengths)[:, None]
    x = tf.constant(inputs)
    start = map_tree(tf.constant, state) if state else None
    with tf.GradientTape() as tape:
        tape.watch([x] + (leaves(start) if start else []))
        got = layer(x, mask=mask, initial_state=keras_order(start) if start else None)
        outputs = dict(zip(sides, got)) if len(sides) > 1 else got[0]
        # Label the states by position, then read them back in the order of our tree.
        position = {key: i for i, key in enumerate(keras_order(like(shape, range(len(leaves(shape))))))}
        final = like(shape, [got[len(sides) + position[i]] for i in range(len(leaves(shape)))])
        results = {"outputs": outputs, "finalState": final}
        weights = map_tree(lambda y: draw.normal([int(n) for n in y.shape], 1.0), results)
        loss = tf.add_n([tf.reduce_sum(y * w) for y, w in zip(leaves(results), leaves(weights))])
    wanted = {"parameters": variables, "inputs": x, **({"initialState": start} if start else {})}
    gradients = like(wanted, [g.numpy() for g in tape.gradient(loss, leaves(wanted))])
    gradients.setdefault("initialState", None)
    values = map_tree(lambda t: t.numpy(), results)
    # Bidirectional asks its two layers for zeros at masked steps; a single layer repeats its last output.
    padded = "zero" if len(sides) > 1 else "hold"
    return cell_case(
        name, driver, config, padded=padded, parameters=parameters, inputs=inputs, lengths=lengths, initial=state,
        outputs=values["outputs"], final=values["finalState"], weights=weights, loss=loss.numpy(), gradients=gradients,
    )  # fmt: skip


def config(kind, units=4, **options):
    return {"type": kind, "dialect": "keras", "units": units, **options}


def main():
    keras.config.set_floatx("float64")
    plain = {"lengths": None, "initial": False}
    rnn, lstm = config("rnn"), config("lstm")
    after, before = config("gru", resetAfter=True), config("gru", resetAfter=False)
    both = "bidirectionalDynamicRnn"
    # The larger scale drives some gates into the flat parts of the hard sigmoid.
    cases = [
        case("keras-rnn", rnn, **plain),
        case("keras-rnn-ragged", rnn),
        case("keras-rnn-relu-ragged", config("rnn", activation="relu")),
        case("keras-lstm", lstm, **plain),
        case("keras-lstm-ragged", lstm),
        case("keras-lstm-hard-sigmoid-ragged", config("lstm", recurrentActivation="hardSigmoid"), scale=1.5),
        case("keras-gru-reset-after", after, **plain),
        case("keras-gru-reset-after-ragged", after),
        case("keras-gru-reset-before", before, **plain),
        case("keras-gru-reset-before-ragged", before),
        case("keras-gru-hard-sigmoid-ragged", config("gru", resetAfter=False, recurrentActivation="hardSigmoid"), scale=1.5),
        case("keras-bidirectional-lstm", {"forward": lstm, "backward": lstm}, both, **plain),
        case("keras-bidirectional-lstm-ragged", {"forward": lstm, "backward": lstm}, both),
        case("keras-bidirectional-gru-ragged", {"forward": after, "backward": after}, both),
    ]
    write("keras.json", {"name": "keras", "version": keras.__version__, "script": "make_keras.py"}, cases)


if __name__ == "__main__":
    main()

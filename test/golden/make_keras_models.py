"""Small models with random weights that Keras saved, and what they answer -> data/keras-models.json

The files of all cases stand after each other, compressed together: HDF5 files are mostly alike.
"""

import base64
import json
import os
import pathlib
import subprocess
import tempfile
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
from keras import layers as L

DATA = pathlib.Path(__file__).parent / "data"
BATCH, TIME, INPUT = 3, 5, 3
ACTIVATIONS = ["tanh", "relu", "sigmoid", "hard_sigmoid", "linear", "softsign"]
OTHERS = ["elu", "selu", "softplus", "exponential", "silu", "mish"]
cases, files = [], []


def number(x):
    return float(np.format_float_positional(np.float32(x), precision=8, fractional=False))


def array(x):
    x = np.asarray(x)
    plain = [int(v) for v in x.reshape(-1)] if x.dtype.kind in "iub" else [number(v) for v in x.reshape(-1)]
    return {"dtype": "int32" if x.dtype.kind in "iu" else "float32", "shape": list(x.shape), "data": plain}


def sequence(rng, features=INPUT, masked=True):
    """Steps of zeros are masked: at the end, at the beginning, in between, and all of a row."""
    x = rng.normal(size=(BATCH, TIME, features)).round(3).astype("float32")
    if masked:
        x[0, 3:] = 0
        x[1, [0, 2]] = 0
        if rng.random() < 0.3:
            x[2] = 0
    return x


def ids(rng, size=7):
    x = rng.integers(1, size, size=(BATCH, TIME)).astype("int32")
    x[0, 3:] = 0
    x[1, [0, 2]] = 0
    return x


def case(name, model, inputs, ending=".keras"):
    """Random weights, statistics of batches positive; saved, loaded again, and asked."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    for variable in model.weights:
        value = rng.normal(size=variable.shape, scale=0.5)
        value = np.abs(value) + 0.5 if "variance" in variable.path else value
        # numbers of 16 bits, which take less room when deflated
        variable.assign(value.astype("float16"))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"model{ending}"
        model.save(path)
        data = path.read_bytes()
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = keras.tree.flatten(outputs)
    cases.append(
        {
            "name": name,
            "file": f"model{ending}",
            "bytes": len(data),
            "inputs": [array(x) for x in inputs],
            "outputs": [array(y) for y in outputs],
        }
    )
    files.append(data)


def options(rng, cell, others=False):
    """Random settings of a recurrent layer."""
    names = OTHERS if others else ACTIVATIONS
    chosen = {"units": int(rng.integers(1, 4)), "use_bias": bool(rng.random() < 0.8)}
    if rng.random() < 0.5 or others:
        chosen["activation"] = str(rng.choice(names))
    if cell != "SimpleRNN" and rng.random() < 0.5:
        chosen["recurrent_activation"] = str(rng.choice(["hard_sigmoid", "sigmoid", "softsign", "tanh"]))
    if cell == "GRU":
        chosen["reset_after"] = bool(rng.random() < 0.5)
    return chosen


def layer(rng, cell, others=False, backwards=0.3):
    chosen = options(rng, cell, others)
    flags = {
        "return_sequences": bool(rng.random() < 0.6),
        "return_state": bool(rng.random() < 0.4),
        "go_backwards": bool(rng.random() < backwards),
    }
    return getattr(L, cell)(**chosen, **flags), flags


def flat(values):
    return list(values) if isinstance(values, list | tuple) else [values]


def states_of(rng, sizes):
    """Inputs of initial states, and their values."""
    values = [rng.normal(size=(BATCH, n)).round(3).astype("float32") for n in sizes]
    return [keras.Input((n,)) for n in sizes], values


def recurrent(cell, index, ending):
    """Six layers of a kind over one sequence, some masked, some with an initial state."""
    name = f"{cell} {index}"
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    x = keras.Input((None, INPUT))
    masked = L.Masking()(x)
    inputs, values, outputs = [x], [sequence(rng)], []
    for i in range(6):
        made, flags = layer(rng, cell, others=index == 3 and i < 3)
        given = masked if rng.random() < 0.7 else x
        if i % 3 == 2:
            states, starts = states_of(rng, [made.units] * (2 if cell == "LSTM" else 1))
            inputs, values = inputs + states, values + starts
            outputs += flat(made(given, initial_state=states))
        else:
            outputs += flat(made(given))
    case(name, keras.Model(inputs, outputs), values, ending)


def bidirectional(index, ending):
    name = f"Bidirectional {index}"
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    x = keras.Input((None, INPUT))
    masked = L.Masking()(x)
    outputs = []
    for i, mode in enumerate(["concat", "sum", "mul", "ave", None]):
        made, _ = layer(rng, ["LSTM", "GRU", "SimpleRNN"][(i + index) % 3], backwards=0)
        outputs += flat(L.Bidirectional(made, merge_mode=mode)(masked if rng.random() < 0.7 else x))
    case(name, keras.Model(x, outputs), [sequence(rng)], ending)


def stacked(index, ending):
    name = f"RNN {index}"
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    x = keras.Input((None, INPUT))
    masked = L.Masking()(x)
    outputs = []
    for i in range(5):
        kinds = rng.choice(["LSTM", "GRU", "SimpleRNN"], size=1 if i == 0 else int(rng.integers(1, 4)))
        cells = [getattr(L, f"{kind}Cell")(**options(rng, kind)) for kind in kinds]
        made = L.RNN(
            cells[0] if i == 0 else cells,
            return_sequences=bool(rng.random() < 0.6),
            return_state=bool(rng.random() < 0.4),
            go_backwards=bool(rng.random() < 0.3),
        )
        # Keras 3.15 fails for others with a mask: some states are lists, others tuples
        fails = len(kinds) > 1 or "LSTM" in kinds
        outputs += flat(made(masked if rng.random() < 0.7 and not fails else x))
    case(name, keras.Model(x, outputs), [sequence(rng)], ending)


def dense():
    x = keras.Input((None, INPUT))
    names = ACTIVATIONS + OTHERS + ["softmax", "log_softmax", "leaky_relu", "relu6", "hard_silu", "hard_tanh"]
    outputs = [L.Dense(2, activation=name)(x) for name in names]
    outputs += [L.Dense(2, use_bias=False)(x), L.Activation("relu")(x), L.ReLU(negative_slope=0.1, max_value=1.0)(x)]
    outputs += [L.LeakyReLU(0.2)(x), L.ELU(0.7)(x), L.PReLU(shared_axes=[1])(x), L.Softmax(axis=1)(x)]
    outputs += [L.Rescaling(0.5, 0.25)(x), L.Dense(1)(L.Dropout(0.5)(x)), L.Dense(1)(L.SpatialDropout1D(0.5)(x))]
    case("dense and activations", keras.Model(x, outputs), [sequence(np.random.default_rng(1), masked=False)])


def norms(ending):
    rng = np.random.default_rng(2)
    x = keras.Input((4, INPUT))
    outputs = []
    for i in range(10):
        flags = {"center": bool(i & 1), "scale": bool(i & 2), "epsilon": [1e-3, 1e-5][i & 1]}
        outputs.append(L.LayerNormalization(**flags)(x))
        outputs.append(L.BatchNormalization(axis=[-1, 1][i % 5 == 4], **flags)(x))
    outputs.append(L.LayerNormalization(axis=[1, 2])(x))
    case(f"normalizations {ending}", keras.Model(x, outputs), [rng.normal(size=(2, 4, INPUT)).round(3)], ending)


def merges(ending):
    rng = np.random.default_rng(3)
    x, y = keras.Input((TIME, INPUT)), keras.Input((TIME, INPUT))
    v, w = keras.Input((4,)), keras.Input((4,))
    a, b = L.Masking()(x), L.Masking()(y)
    outputs = []
    for kind in [L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Subtract, L.Concatenate]:
        for left, right in [(a, b), (a, y), (x, b), (x, y)]:
            joined = kind()([left, right])
            outputs += [joined, L.GRU(1)(joined)]
    outputs += [L.Concatenate(axis=1)([a, b]), L.GRU(1)(L.Concatenate(axis=1)([a, b])), L.Concatenate()([v, w])]
    outputs += [L.GRU(1)(L.Concatenate(axis=1)([a, y])), L.Add()([x, y, y]), L.Add()([v, w])]
    outputs += [L.Dot(axes=1)([v, w]), L.Dot(axes=1, normalize=True)([v, w]), L.Dot(axes=2)([x, y])]
    outputs += [L.Dot(axes=1)([x, y]), L.Dot(axes=(2, 2), normalize=True)([x, y]), L.Dot(axes=-1)([x, y])]
    values = [sequence(rng), sequence(rng), rng.normal(size=(BATCH, 4)), rng.normal(size=(BATCH, 4))]
    case(f"merges {ending}", keras.Model([x, y, v, w], outputs), [np.float32(q.round(3)) for q in values], ending)


def shapes(ending):
    rng = np.random.default_rng(4)
    x = keras.Input((TIME, INPUT))
    a = L.Masking()(x)
    outputs = [L.Flatten()(x), L.Reshape((INPUT, -1))(x), L.Reshape((-1,))(x), L.Permute((2, 1))(x)]
    outputs += [L.RepeatVector(2)(L.Flatten()(x)), L.GlobalMaxPooling1D()(a), L.GlobalMaxPooling1D(keepdims=True)(x)]
    outputs += [L.GlobalAveragePooling1D()(a), L.GlobalAveragePooling1D()(x), L.GlobalAveragePooling1D(keepdims=True)(a)]
    outputs += [L.TimeDistributed(L.Dense(2, activation="relu"))(a), L.GRU(1)(L.TimeDistributed(L.Dense(2))(a))]
    outputs += [L.TimeDistributed(L.LayerNormalization())(x), L.GRU(1)(L.Dense(2)(a)), L.GRU(1)(L.RepeatVector(2)(L.Flatten()(a)))]
    values = sequence(rng)
    values[2] = rng.normal(size=(TIME, INPUT)).round(3)
    case(f"shapes and pooling {ending}", keras.Model(x, outputs), [values], ending)


def attentions(ending):
    rng = np.random.default_rng(5)
    x, y = keras.Input((None, INPUT)), keras.Input((None, INPUT))
    a, b = L.Masking()(x), L.Masking()(y)
    outputs = []
    for i, (q, v) in enumerate([(x, y), (a, b), (x, b), (a, y), (y, x)]):
        scale = bool(i & 1)
        outputs += [L.Attention(use_scale=scale)([q, v]), L.AdditiveAttention(use_scale=not scale)([q, v])]
        outputs += [L.Attention(use_scale=scale, score_mode="concat")([q, v, v]), L.GRU(1)(L.Attention()([q, v]))]
        outputs += flat(L.Attention()([q, v], return_attention_scores=True, use_causal_mask=True))
    values = [sequence(rng), sequence(rng)]
    for value in values:
        value[2] = rng.normal(size=(TIME, INPUT)).round(3)
    case(f"attention {ending}", keras.Model([x, y], outputs), values, ending)


def sequential(index, ending):
    """Random stacks of layers on ids, masks going through them without a word in the file."""
    name = f"Sequential {index}"
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    model = keras.Sequential([keras.Input((None,), dtype="int32")])
    model.add(L.Embedding(7, 3, mask_zero=bool(rng.random() < 0.7)))
    for _ in range(int(rng.integers(1, 4))):
        kind = str(rng.choice(["LSTM", "GRU", "SimpleRNN"]))
        recurrent_layer = getattr(L, kind)(**options(rng, kind), return_sequences=True)
        chosen = [
            recurrent_layer,
            L.Bidirectional(recurrent_layer, merge_mode=str(rng.choice(["concat", "sum", "ave", "mul"]))),
            L.Dense(2, activation="tanh"),
            L.TimeDistributed(L.Dense(2)),
            L.LayerNormalization(),
            L.BatchNormalization(),
            L.Dropout(0.3),
        ]
        model.add(chosen[int(rng.integers(len(chosen)))])
    ends = [L.GRU(2), L.LSTM(2, return_sequences=True), L.GlobalAveragePooling1D(), L.GlobalMaxPooling1D()]
    model.add(ends[index % 4])
    model.add(L.Dense(2, activation="softmax"))
    case(name, model, [ids(rng)], ending)


def functional(ending):
    """Shared layers, models inside of models, weights that are not trained."""
    rng = np.random.default_rng(6)
    i, s = keras.Input((None,), dtype="int32", name="ids"), keras.Input((3,), name="start")
    embedded = L.Embedding(7, 3, mask_zero=True, name="embedding")(i)
    shared = L.GRU(3, return_sequences=True, return_state=True)
    one, h = shared(embedded, initial_state=s)
    two, k = shared(one, initial_state=h)
    inner = keras.Sequential([keras.Input((3,)), L.Dense(2), L.BatchNormalization(), L.Dense(2)], name="inner")
    p, q = keras.Input((2,)), keras.Input((2,))
    outer = keras.Model([p, q], [L.Add()([L.Dense(2)(p), q]), L.Dense(1)(q)])
    frozen = L.Dense(2, trainable=False)
    outputs = [two, *flat(outer([inner(h), frozen(inner(k))])), L.Dense(1)(one)]
    case(f"functional {ending}", keras.Model([i, s], outputs), [ids(rng), rng.normal(size=(BATCH, 3)).round(3).astype("float32")], ending)


def convolutions(ending):
    rng = np.random.default_rng(7)
    x, image = keras.Input((None, INPUT)), keras.Input((5, 4, 2))
    outputs = []
    for i, padding in enumerate(["valid", "same", "causal", "same"]):
        stride, dilation = [(1, 1), (2, 1), (1, 2), (1, 2)][i]
        flags = {"padding": padding, "strides": stride, "dilation_rate": dilation, "use_bias": i != 0}
        outputs.append(L.Conv1D(2, [2, 3, 2, 2][i], activation="relu" if i == 1 else None, **flags)(x))
        if padding != "causal":
            outputs.append(L.SeparableConv1D(2, 2, depth_multiplier=1 + i % 2, **flags)(x))
        if padding != "causal":
            outputs.append(L.DepthwiseConv1D(2, padding=padding, depth_multiplier=2)(x))
            outputs.append(L.Conv2D(2, (2, 3), padding=padding, strides=stride)(image))
            outputs.append(L.SeparableConv2D(2, 2, padding=padding)(image))
            outputs.append(L.DepthwiseConv2D((2, 1), padding=padding)(image))
            for pool in [L.MaxPooling1D, L.AveragePooling1D]:
                outputs += [pool(2, padding=padding)(x), pool(3, strides=stride, padding=padding)(x)]
            outputs += [L.MaxPooling2D(2, padding=padding)(image), L.AveragePooling2D((2, 3), padding=padding)(image)]
    outputs += [L.Conv1D(4, 2, groups=2)(L.Conv1D(2, 1)(x)), L.ZeroPadding1D((1, 2))(x), L.ZeroPadding1D(1)(x)]
    outputs += [L.Cropping1D((1, 2))(x), L.Cropping1D((0, 1))(x), L.UpSampling1D(3)(x), L.Dense(2, activation="gelu")(x)]
    outputs += [L.GlobalMaxPooling2D()(image), L.GlobalAveragePooling2D()(image), L.GRU(1)(L.Conv1D(2, 2)(x))]
    values = [sequence(rng, masked=False), rng.normal(size=(BATCH, 5, 4, 2)).round(3).astype("float32")]
    case(f"convolutions {ending}", keras.Model([x, image], outputs), values, ending)


for index in range(4):
    ending = [".keras", ".h5"][index % 2]
    for cell in ["LSTM", "GRU", "SimpleRNN"]:
        recurrent(cell, index, ending)
    bidirectional(index, ending)
    stacked(index, ending)
dense()
for ending in [".keras", ".h5"]:
    norms(ending)
    merges(ending)
    shapes(ending)
    attentions(ending)
    functional(ending)
for index in range(20):
    sequential(index, [".keras", ".h5"][index // 4 % 2])

convolutions(".keras")

# brotli, since files that are alike lie further apart than deflate looks back
compress = "process.stdout.write(require('zlib').brotliCompressSync(require('fs').readFileSync(0), {params: {[require('zlib').constants.BROTLI_PARAM_LGWIN]: 24}}))"
packed = base64.b64encode(subprocess.run(["node", "-e", compress], input=b"".join(files), capture_output=True, check=True).stdout).decode()
lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
producer = json.dumps({"keras": keras.__version__, "backend": keras.backend.backend()})
(DATA / "keras-models.json").write_text(f'{{"producer": {producer}, "files": "{packed}", "cases": [\n{lines}\n]}}\n')
print(f"{len(cases)} models, files {len(packed) / 1000:.0f} kB, all {(DATA / 'keras-models.json').stat().st_size / 1000:.0f} kB")

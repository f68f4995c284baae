"""Small checkpoints of TensorFlow 1 and 2 with random weights -> data/tf-files.json"""

import pathlib
import tempfile

import numpy as np
import tensorflow as tf
from tensorflow.python.keras.layers.legacy_rnn import rnn_cell_impl

from weight_files import array, case, write

tf1 = tf.compat.v1
cases = []


def files_in(folder):
    return {p.name: p.read_bytes() for p in sorted(pathlib.Path(folder).iterdir()) if p.name != "checkpoint"}


def values(tensor):
    return array(tensor.astype(np.float32), "bfloat16") if tensor.dtype.name == "bfloat16" else array(tensor)


def saved_by_tf1(name, build, metadata=None):
    """A graph's variables, as tf.train.Saver writes them. Partitioned ones are given whole."""
    with tf.Graph().as_default(), tempfile.TemporaryDirectory() as folder:
        tf1.set_random_seed(len(cases))
        build()
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            path = tf1.train.Saver().save(session, f"{folder}/model.ckpt", write_meta_graph=False)
            reader = tf1.train.load_checkpoint(path)
            tensors = {key: reader.get_tensor(key) for key in reader.get_variable_to_shape_map()}
        numbers = {key: values(np.asarray(x)) for key, x in tensors.items() if np.asarray(x).dtype.kind not in "OS"}
        cases.append(case(name, files_in(folder), numbers, metadata or {}))


def rnn(*cells, inputs=2, bidirectional=False):
    def build():
        x = tf1.placeholder(tf.float32, [1, 3, inputs])
        made = [cell() for cell in cells]
        if bidirectional:
            return tf1.nn.bidirectional_dynamic_rnn(*made, x, dtype=tf.float32)[0][0]
        cell = made[0] if len(made) == 1 else rnn_cell_impl.MultiRNNCell(made)
        return tf1.nn.dynamic_rnn(cell, x, dtype=tf.float32)[0]

    return build


def minimized(optimizer):
    def build():
        loss = tf.reduce_sum(rnn(lambda: rnn_cell_impl.BasicLSTMCell(2))())
        optimizer().minimize(loss, global_step=tf1.train.get_or_create_global_step())

    return build


def variables(**arrays):
    return lambda: [tf1.get_variable(key, initializer=value) for key, value in arrays.items()]


def partitioned(shape, *parts, dtype=tf.float32):
    def build():
        initializer = tf1.random_uniform_initializer(0, 100, seed=1, dtype=dtype)
        partitioner = tf1.fixed_size_partitioner(parts[0], axis=parts[1] if len(parts) > 1 else 0)
        with tf1.variable_scope("scope", partitioner=partitioner):
            tf1.get_variable("table", shape, dtype, initializer, use_resource=False)
        tf1.get_variable("whole", [2], tf.float32)

    return build


rng = np.random.default_rng(1)
lstm, gru, basic = rnn_cell_impl.LSTMCell, rnn_cell_impl.GRUCell, rnn_cell_impl.BasicLSTMCell
saved_by_tf1("basic rnn", rnn(lambda: rnn_cell_impl.BasicRNNCell(3)))
saved_by_tf1("basic lstm", rnn(lambda: basic(3)))
saved_by_tf1("two basic lstms", rnn(lambda: basic(2), lambda: basic(2)))
saved_by_tf1("lstm with peepholes and projection", rnn(lambda: lstm(3, use_peepholes=True, num_proj=2)))
saved_by_tf1("gru", rnn(lambda: gru(3)))
saved_by_tf1("bidirectional gru", rnn(lambda: gru(2), lambda: gru(2), bidirectional=True))
saved_by_tf1("adam", minimized(lambda: tf1.train.AdamOptimizer(0.1)))
saved_by_tf1("momentum", minimized(lambda: tf1.train.MomentumOptimizer(0.1, 0.9)))
saved_by_tf1("rmsprop", minimized(lambda: tf1.train.RMSPropOptimizer(0.1)))
saved_by_tf1(
    "names before 1.2",
    variables(**{"rnnlm/basic_lstm_cell/weights": rng.normal(size=(3, 8)).astype("f"), "rnnlm/basic_lstm_cell/biases": np.zeros(8, "f")}),
)
for kind in ("float64", "float16", "int32", "int64", "int16", "int8", "uint8", "uint16", "bool"):
    saved_by_tf1(kind, variables(x=rng.integers(0, 2 if kind == "bool" else 100, (2, 3)).astype(kind)))
saved_by_tf1("bfloat16", lambda: tf1.get_variable("x", initializer=tf.cast(tf.constant([1.5, -2.0]), tf.bfloat16)))
saved_by_tf1("texts", lambda: [tf1.get_variable("labels", initializer=tf.constant(["a", "안녕", ""])), tf1.get_variable("t", initializer=tf.constant("x" * 300)), tf1.get_variable("w", [2])], {"labels": ["a", "안녕", ""], "t": "x" * 300})
saved_by_tf1("a number and an empty array", variables(one=np.float32(2.5), none=np.zeros((0, 3), "f")))
saved_by_tf1("many names", lambda: [tf1.get_variable(f"layer_{i}/kernel", [2]) for i in range(60)])
saved_by_tf1("partitioned by rows", partitioned([7, 3], 3))
saved_by_tf1("partitioned by columns", partitioned([3, 140], 2, 1))
saved_by_tf1("partitioned by the middle axis", partitioned([2, 5, 3], 2, 1, dtype=tf.int32))
saved_by_tf1("partitioned by many rows", partitioned([20, 2], 20))


def saved_by_tf2(name, make):
    with tempfile.TemporaryDirectory() as folder:
        tf.random.set_seed(len(cases))
        made, expected = make()
        made.write(f"{folder}/ckpt")
        cases.append(case(name, files_in(folder), {k: values(v.numpy()) for k, v in expected.items()}, None))


class Net(tf.Module):
    def __init__(self):
        super().__init__("net")
        self.kernel = tf.Variable(tf.random.normal([3, 8]), name="kernel")
        self.layers = [tf.Variable(tf.random.normal([2]), name=f"b{i}") for i in range(2)]


def of_module():
    net = Net()
    expected = {v.name.split(":")[0]: v for v in (net.kernel, *net.layers)}
    checkpoint = tf.train.Checkpoint(net=net, step=tf.Variable(3, dtype=tf.int64, name="step"))
    return checkpoint, expected | {"step": checkpoint.step} | {"save_counter": checkpoint.save_counter}


def of_same_names():
    first, second = (tf.Variable(tf.random.normal([2]), name="w") for _ in range(2))
    checkpoint = tf.train.Checkpoint(a=first, b=second)
    return checkpoint, {"a": first, "b": second, "save_counter": checkpoint.save_counter}




saved_by_tf2("a module of TensorFlow 2", of_module)
saved_by_tf2("same names in TensorFlow 2", of_same_names)

write("tf-files.json", {"tensorflow": tf.__version__}, cases)

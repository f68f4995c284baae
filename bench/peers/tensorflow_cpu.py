"""TensorFlow on the CPU: one tf.function, the loop over time written out, which is faster than BlockLSTMV2, tf.while_loop and XLA.

Usage: tensorflow_cpu.py THREADS
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from common import serve, tokens_of, weights_of

tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[1]))
tf.config.threading.set_inter_op_parallelism_threads(int(sys.argv[1]))


def lstm(layer, hidden):
    kernel = tf.Variable(layer["weight_ih"].T.copy())
    recurrent = tf.Variable(layer["weight_hh"].T.copy())
    bias = tf.Variable(layer["bias_ih"])

    def step(x, h, c):
        i, f, g, o = tf.split(x + h @ recurrent, 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c

    return kernel, bias, [kernel, recurrent, bias], step


def gru(layer, hidden):
    kernel = tf.Variable(layer["weight_ih"].T.copy())
    recurrent = tf.Variable(layer["weight_hh"].T.copy())
    bias = tf.Variable(layer["bias_ih"])
    recurrent_bias = tf.Variable(layer["bias_hh"])

    def step(x, h, c):
        y = h @ recurrent + recurrent_bias
        r, z = tf.split(tf.sigmoid(x[:, : 2 * hidden] + y[:, : 2 * hidden]), 2, axis=1)
        n = tf.tanh(x[:, 2 * hidden :] + r * y[:, 2 * hidden :])
        return n + z * (h - n), c

    return kernel, bias, [kernel, recurrent, bias, recurrent_bias], step


def adam(variables):
    """The fused kernel has TensorFlow's ε̂; scaled like this it is PyTorch's ε."""
    slots = [(tf.Variable(tf.zeros_like(x)), tf.Variable(tf.zeros_like(x))) for x in variables]
    power1, power2 = tf.Variable(1.0), tf.Variable(1.0)

    def update(gradients):
        b1, b2 = power1.assign(power1 * 0.9), power2.assign(power2 * 0.999)
        for variable, (m, v), gradient in zip(variables, slots, gradients):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=b1,
                beta2_power=b2,
                lr=1e-3,
                beta1=0.9,
                beta2=0.999,
                epsilon=1e-8 * tf.sqrt(1 - b2),
                grad=tf.convert_to_tensor(gradient),
            )

    return update


def prepare(task):
    weights = weights_of(task)
    hidden, steps, batch = task["hidden"], task["steps"], task["batch"]
    inputs, targets = (tf.constant(ids, tf.int32) for ids in tokens_of(task))
    embedding = tf.Variable(weights["embedding"])
    output, output_bias = tf.Variable(weights["weight"].T.copy()), tf.Variable(weights["bias"])
    layers = [(lstm if task["cell"] == "lstm" else gru)(layer, hidden) for layer in weights["layers"]]
    variables = [embedding, output, output_bias, *(x for _, _, trained, _ in layers for x in trained)]
    update = adam(variables)

    def loss_of_model():
        flat = tf.gather(embedding, tf.reshape(inputs, [-1]))
        for kernel, bias, _, step in layers:
            h = c = tf.zeros([batch, hidden])
            outputs = []
            for x in tf.split(flat @ kernel + bias, steps):
                h, c = step(x, h, c)
                outputs.append(h)
            flat = tf.concat(outputs, axis=0)
        logits = flat @ output + output_bias
        labels = tf.reshape(targets, [-1])
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

    @tf.function
    def train():
        with tf.GradientTape() as tape:
            loss = loss_of_model()
        update(tape.gradient(loss, variables))
        return loss

    return lambda: float(train()), lambda: float(tf.function(loss_of_model)())


serve(f"TensorFlow {tf.__version__}", prepare)

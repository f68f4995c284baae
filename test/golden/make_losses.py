"""Goldens for losses: contrib sequence_loss, softmax cross entropy, log-softmax -> data/losses.json

tf.contrib is gone, so sequence_loss is its formula on top of TensorFlow's own cross entropy; the rest is PyTorch.
B batch, T time, N rows, C classes.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from common import Draw, write


def sequence_loss(logits, targets, weights, across_timesteps, across_batch):
    """tf.contrib.seq2seq.sequence_loss: every average divides by a sum of weights, plus 1e-12."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits) * weights
    if not across_timesteps and not across_batch:
        return losses
    axis = None if across_timesteps and across_batch else (1 if across_timesteps else 0)
    return tf.reduce_sum(losses, axis) / (tf.reduce_sum(weights, axis) + 1e-12)


def sequence_case(name, logits, targets, weights):
    logits, weights = np.array(logits, np.float64), np.array(weights, np.float64)
    targets = np.array(targets, np.int64)
    results, gradients = {}, {}
    for across_timesteps in (True, False):
        for across_batch in (True, False):
            key = "ft"[across_timesteps] + "ft"[across_batch]
            x = tf.constant(logits)
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = sequence_loss(x, targets, tf.constant(weights), across_timesteps, across_batch)
                total = tf.reduce_sum(loss)
            results[key] = np.array(loss.numpy())
            gradients[key] = tape.gradient(total, x).numpy()
    return {
        "name": name, "kind": "sequenceLoss", "logits": logits, "targets": targets, "weights": weights,
        "results": results, "gradients": gradients,
    }  # fmt: skip


def random_sequence_case(name, weights, classes=5):
    draw = Draw(name)
    targets = draw.rng.integers(0, classes, np.shape(weights))
    return sequence_case(name, draw.normal([*np.shape(weights), classes], 1.5), targets, weights)


def cross_entropy_case(name, logits, targets, smoothing=0.0):
    x = torch.tensor(np.array(logits, np.float64), requires_grad=True)
    losses = F.cross_entropy(x, torch.tensor(targets), reduction="none", label_smoothing=smoothing)
    (gradient,) = torch.autograd.grad(losses.sum(), x)
    return {
        "name": name, "kind": "softmaxCrossEntropy", "logits": x.detach().numpy(), "targets": np.array(targets),
        "labelSmoothing": smoothing, "losses": losses.detach().numpy(), "gradients": gradient.numpy(),
    }  # fmt: skip


def log_softmax_case(name, logits, weights):
    x = torch.tensor(np.array(logits, np.float64), requires_grad=True)
    y = F.log_softmax(x, dim=-1)
    (gradient,) = torch.autograd.grad((y * torch.tensor(weights)).sum(), x)
    return {
        "name": name, "kind": "logSoftmax", "logits": x.detach().numpy(), "outputs": y.detach().numpy(),
        "lossWeights": weights, "gradients": gradient.numpy(),
    }  # fmt: skip


def main():
    mixed = [[1, 1, 0.5, 0], [1, 0.5, 0, 0], [0.5, 1, 1, 1]]
    empty_row = [[1, 1, 1, 0], [0, 0, 0, 0], [1, 0.5, 0, 0]]  # and a time step without any weight
    ones = [[1, 1, 1]]
    known = {
        "sequence-loss-known-0.5967595": [[[0.2, 0.7], [0.6, 0.2], [0.2, 0.9]]],
        "sequence-loss-known-0.5130153": [[[0.3, 0.7]] * 3],
        "sequence-loss-known-0.3711007": [[[0.1, 0.9]] * 3],
    }
    flat_logits = np.broadcast_to(np.array([0.5, 1.5, 2.5])[None, :, None], [2, 3, 5])
    cases = [
        random_sequence_case("sequence-loss-ones", np.ones([3, 4])),
        random_sequence_case("sequence-loss-mixed-weights", mixed),
        random_sequence_case("sequence-loss-empty-row-and-step", empty_row),
        random_sequence_case("sequence-loss-half-weights", np.full([3, 4], 0.5)),
        random_sequence_case("sequence-loss-all-zero-weights", np.zeros([3, 4])),
        *[sequence_case(name, logits, [[1, 1, 1]], ones) for name, logits in known.items()],
        sequence_case("sequence-loss-known-ln-5", flat_logits, [[0, 1, 2], [0, 1, 2]], np.ones([2, 3])),
    ]
    for name, value in [*((name, float(name[-9:])) for name in known), ("sequence-loss-known-ln-5", np.log(5))]:
        got = next(case for case in cases if case["name"] == name)["results"]["tt"]
        assert abs(got - value) < 1e-7, (name, got)

    draw = Draw("softmax-cross-entropy")
    logits, targets = draw.normal([6, 5], 2.0), draw.rng.integers(0, 5, 6)
    huge = [
        [1e4, -1e4, 0, 3], [1e4, -1e4, 0, 3], [-1e4, -1e4, -1e4, -1e4], [1e4, 1e4, 0, 0], [1e4, 9999.5, 9998, -1e4],
        [-1e4, -9999, -9998.25, -1e4], [0, 0, 0, 0], [745, -745, 709.5, 0],
    ]  # fmt: skip
    huge_targets = [0, 1, 2, 1, 2, 1, 3, 2]
    cases += [
        cross_entropy_case("softmax-cross-entropy", logits, targets),
        cross_entropy_case("softmax-cross-entropy-huge-logits", huge, huge_targets),
        cross_entropy_case("softmax-cross-entropy-label-smoothing", logits, targets, 0.1),
        cross_entropy_case("softmax-cross-entropy-huge-logits-label-smoothing", huge, huge_targets, 0.2),
        log_softmax_case("log-softmax", logits, draw.normal([6, 5], 1.0)),
        log_softmax_case("log-softmax-huge-logits", huge, draw.normal([8, 4], 1.0)),
    ]
    versions = f"{tf.__version__}, {torch.__version__.split('+')[0]}"
    write("losses.json", {"name": "tensorflow, torch", "version": versions, "script": "make_losses.py"}, cases)


if __name__ == "__main__":
    main()

"""What the Python contestants share: the numbers of ../numbers.ts and the talk of ../protocol.ts."""

import json
import os
import sys
import time

import numpy as np

FIRST_ID = 0x80000000

# what a library prints must not come between the answers
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def mix(index):
    """The finaliser of MurmurHash3 on an array of uint32."""
    x = index.astype(np.uint32)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def weights_of(task):
    """Parameters in PyTorch's layout, in the order of ../numbers.ts, where the bounds and the one bias of an LSTM are explained."""
    vocabulary, hidden = task["vocabulary"], task["hidden"]
    rows = (4 if task["cell"] == "lstm" else 3) * hidden
    bound = 1 / np.sqrt(np.float64(hidden))
    start = 0

    def next_array(shape, bound):
        nonlocal start
        size = int(np.prod(shape))
        units = mix(np.arange(start, start + size, dtype=np.uint32)) >> np.uint32(8)
        start += size
        return ((units * 2.0**-23 - 1) * bound).astype(np.float32).reshape(shape)

    return {
        "embedding": next_array([vocabulary, hidden], 1),
        "layers": [
            {
                "weight_ih": next_array([rows, hidden], bound),
                "weight_hh": next_array([rows, hidden], bound),
                "bias_ih": next_array([rows], bound),
                "bias_hh": next_array([rows], bound) if task["cell"] == "gru" else np.zeros(rows, np.float32),
            }
            for _ in range(task["layers"])
        ],
        "weight": next_array([vocabulary, hidden], 1),
        "bias": next_array([vocabulary], bound),
    }


def tokens_of(task):
    """Inputs and targets, int64 [T, B]."""
    steps, batch = task["steps"], task["batch"]
    ids = mix(np.arange((steps + 1) * batch, dtype=np.uint32) + np.uint32(FIRST_ID)) % np.uint32(task["vocabulary"])
    ids = ids.astype(np.int64).reshape(steps + 1, batch)
    return ids[:-1], ids[1:]


def serve(version, prepare):
    """`prepare(task)` gives two functions: `step()`, one training step and its loss, and `loss()`."""

    def say(answer):
        ANSWERS.write(json.dumps(answer) + "\n")
        ANSWERS.flush()

    say({"version": version})
    step = None
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if "prepare" in question:
                step, loss = prepare(question["prepare"])
                start = time.perf_counter()
                first = step()
                seconds = time.perf_counter() - start
                say({"seconds": seconds, "values": [first, loss()]})
            else:
                start = time.perf_counter()
                for _ in range(question["run"]):
                    step()
                say({"seconds": time.perf_counter() - start})
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}".splitlines()[0]})

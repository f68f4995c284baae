"""Goldens for the linear-chain CRF -> data/crf.json

The forward recursion of TensorFlow Addons' crf_log_likelihood, with start and end scores, in PyTorch; autograd gives the gradients.  T time, B rows, K tags.
"""

import numpy as np
import torch

from common import Draw, write


def log_likelihood(emissions, tags, lengths, transitions, start, end):
    results = []
    for b, length in enumerate(lengths):
        if length == 0:
            results.append(emissions.sum() * 0)
            continue
        path = [int(tags[t, b]) for t in range(length)]
        score = start[path[0]] + end[path[-1]]
        score = score + sum(emissions[t, b, tag] for t, tag in enumerate(path))
        score = score + sum(transitions[i, j] for i, j in zip(path, path[1:]))
        alpha = start + emissions[0, b]
        for t in range(1, length):
            alpha = torch.logsumexp(alpha[:, None] + transitions, 0) + emissions[t, b]
        results.append(score - torch.logsumexp(alpha + end, 0))
    return torch.stack(results)


def case(name, steps, lengths, tags, scale):
    draw = Draw(name)
    shapes = {
        "emissions": [steps, len(lengths), tags], "transitions": [tags, tags], "start": [tags], "end": [tags],
    }  # fmt: skip
    values = {key: torch.tensor(draw.normal(shape, scale), requires_grad=True) for key, shape in shapes.items()}
    path = draw.rng.integers(0, tags, [steps, len(lengths)])
    weights = draw.normal([len(lengths)], 1.0)
    result = log_likelihood(values["emissions"], path, lengths, values["transitions"], values["start"], values["end"])
    gradients = torch.autograd.grad((result * torch.tensor(weights)).sum(), list(values.values()))
    return {
        "name": name, "lengths": lengths, **{key: x.detach().numpy() for key, x in values.items()},
        "tags": np.array(path), "lossWeights": weights, "logLikelihood": result.detach().numpy(),
        "gradients": dict(zip(values, (g.numpy() for g in gradients))),
    }  # fmt: skip


def main():
    cases = [
        case("crf-ragged", 6, [6, 3, 0, 1], 5, 1.0),
        case("crf-large-scores", 5, [5, 4], 4, 100.0),
        case("crf-one-tag", 3, [3, 2], 1, 1.0),
        case("crf-many-tags", 4, [4, 2, 3], 9, 2.0),
    ]
    version = torch.__version__.split("+")[0]
    write("crf.json", {"name": "torch", "version": version, "script": "make_crf.py"}, cases)


if __name__ == "__main__":
    main()

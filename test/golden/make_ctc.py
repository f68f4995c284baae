"""Goldens for the CTC loss: PyTorch's ctc_loss on log_softmax, float64, reduction none -> data/ctc.json

T time, B batch, C classes.  An impossible target has loss null (infinity) and gradients of zero_infinity only.
"""

import numpy as np
import torch
import torch.nn.functional as F

from common import Draw, write


def case(name, steps, classes, blank, lengths, targets, scale=1.5):
    draw = Draw(name)
    x = torch.tensor(draw.normal([steps, len(lengths), classes], scale), requires_grad=True)
    weights = torch.tensor(draw.normal([len(lengths)], 1.0))
    results = {}
    for zero_infinity in (False, True):
        losses = F.ctc_loss(
            F.log_softmax(x, -1),
            torch.tensor([label for row in targets for label in row], dtype=torch.long),
            torch.tensor(lengths),
            torch.tensor([len(row) for row in targets]),
            blank=blank,
            reduction="none",
            zero_infinity=zero_infinity,
        )
        (gradient,) = torch.autograd.grad((losses * weights).sum(), x)
        finite = lambda values: [v if np.isfinite(v) else None for v in values.detach().numpy().ravel().tolist()]
        results["zeroInfinity" if zero_infinity else "plain"] = {"losses": finite(losses), "gradients": finite(gradient)}
    return {
        "name": name, "logits": x.detach().numpy(), "weights": weights.numpy(), "blank": blank, "lengths": lengths,
        "targets": targets, **results,
    }  # fmt: skip


def main():
    cases = [
        case("ctc-plain", 8, 5, 0, [8, 8, 8], [[1, 2, 3], [4, 4], [2]]),
        case("ctc-blank-last", 8, 5, 4, [8, 6, 7], [[1, 2, 3], [0, 0], [2]]),
        case("ctc-blank-middle-ragged", 9, 4, 2, [9, 5, 3, 1], [[0, 1, 3, 0], [1, 1, 1], [3, 0], [1]]),
        case("ctc-empty-targets", 5, 3, 0, [5, 2, 1], [[], [1], []]),
        case("ctc-impossible", 5, 3, 0, [5, 2, 3, 1], [[1, 2], [1, 1], [1, 2, 1, 2], [2]]),
        case("ctc-just-possible", 5, 3, 0, [5, 3, 3, 2], [[1, 1, 2, 1], [1, 1], [1, 2, 1], [1, 2]]),
        case("ctc-sharp", 12, 6, 0, [12, 10], [[1, 2, 2, 3, 5], [5, 4, 3, 2, 1]], 40.0),
        case("ctc-long", 60, 12, 0, [60, 41], [[1, 2, 3, 4, 4, 4, 5, 11, 10, 9, 8, 7, 6] * 2, [3] * 20]),
    ]
    write("ctc.json", {"name": "torch", "version": torch.__version__.split("+")[0], "script": "make_ctc.py"}, cases)


if __name__ == "__main__":
    main()

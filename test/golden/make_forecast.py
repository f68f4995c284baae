"""Goldens for forecasts: lgamma and digamma, negative log-likelihoods with gradients, measures -> data/forecast.json

Distributions and special functions are PyTorch's, in float64; the measures are plain numpy loops straight from their definitions.
"""

import numpy as np
import torch
from torch.distributions import NegativeBinomial, Normal, StudentT

from common import Draw, write


def t(values):
    return torch.tensor(np.asarray(values, np.float64), requires_grad=True)


def special_case():
    x = np.concatenate([10.0 ** np.arange(-8, 9), [0.1, 0.5, 1, 1.5, 2, 2.5, 3, 7.75, 9.999, 10, 10.001, 12, 33.3, 171.6, 1000.5]])
    y = torch.tensor(x)
    return {"name": "special", "kind": "special", "x": x, "lgamma": torch.lgamma(y).numpy(), "digamma": torch.digamma(y).numpy()}


def likelihood_case(name, inputs, make):
    values = [t(value) for value in inputs.values()]
    losses = -make(*values)
    gradients = torch.autograd.grad(losses.sum(), values, allow_unused=True)
    return {
        "name": name, "kind": "likelihood",
        "inputs": {key: value.detach().numpy() for key, value in zip(inputs, values)},
        "losses": losses.detach().numpy(),
        "gradients": {key: g.numpy() for key, g in zip(inputs, gradients) if g is not None},
    }  # fmt: skip


def negative_binomial(target, mean, alpha):
    """torch: failures r = 1/alpha, probability of success alpha*mean / (1 + alpha*mean)."""
    total = 1 / alpha
    return NegativeBinomial(total_count=total, logits=torch.log(alpha * mean), validate_args=False).log_prob(target)


def mase(actual, forecast, training, period):
    errors = [abs(a - f) for a, f in zip(actual, forecast)]
    naive = [abs(training[i] - training[i - period]) for i in range(period, len(training))]
    return np.mean(errors) / np.mean(naive)


def crps(samples, actual, fair):
    n = len(samples)
    spread = sum(abs(a - b) for a in samples for b in samples)
    return np.mean([abs(a - actual) for a in samples]) - 0.5 * spread / (n * (n - 1) if fair else n * n)


def pinball(actual, predicted, level):
    return np.mean([level * (a - p) if a >= p else (1 - level) * (p - a) for a, p in zip(actual, predicted)])


def measures_case():
    draw = Draw("forecast-measures")
    training, actual = draw.normal([30], 3, 20), draw.normal([6], 3, 20)
    forecast, lower, upper = actual + draw.normal([6]), actual - draw.normal([6], 1, 0.5), actual + draw.normal([6], 1, 0.5)
    samples = draw.normal([9], 3, 20)
    levels = [0.1, 0.3, 0.5, 0.7, 0.9]
    quantiles = np.quantile(samples, levels)
    return {
        "name": "measures", "kind": "measures", "training": training, "actual": actual, "forecast": forecast,
        "lower": lower, "upper": upper, "samples": samples, "levels": levels, "quantiles": quantiles, "period": 7,
        "mase": mase(actual, forecast, training, 7),
        "crps": crps(samples, actual[0], False), "crpsFair": crps(samples, actual[0], True),
        "crpsFromQuantiles": 2 * np.mean([pinball(actual[:1], [q], level) for q, level in zip(quantiles, levels)]),
        "pinball": [pinball(actual, forecast, level) for level in levels],
        "coverage": np.mean([l <= a <= u for a, l, u in zip(actual, lower, upper)]),
        "smape": np.mean([2 * abs(a - f) / (abs(a) + abs(f)) for a, f in zip(actual, forecast)]),
    }  # fmt: skip


def main():
    draw = Draw("forecast")
    y, location, scale = draw.normal([12], 2), draw.normal([12], 2), np.exp(draw.normal([12], 1))
    degrees = np.round(2 + np.exp(draw.normal([12], 2)), 4)
    counts = draw.rng.integers(0, 60, 12).astype(float)
    counts[0] = 0
    means, alphas = np.round(np.exp(draw.normal([12], 1, 2)), 4), np.round(np.exp(draw.normal([12], 1, -1)), 4)
    wild = {
        "target": [1e6, -1e6, 3, 3, 0, 1e-8, 50, 1e10], "location": [0, 0, 3, 2.9, 1e5, 0, -50, 0],
        "scale": [1, 1e-3, 1e-6, 1e-6, 1, 1e4, 1e3, 1], "degrees": [2.01, 3, 1e4, 30, 0.1, 1e6, 200, 1],
    }  # fmt: skip
    many = {
        "target": [0, 1, 12000, 12000, 0, 5, 9000, 3], "mean": [1e-4, 1e-4, 11500, 12000, 500, 5, 10, 1e4],
        "alpha": [1, 10, 1e-3, 1e-4, 0.5, 1e-3, 2, 100],
    }  # fmt: skip
    cases = [
        special_case(),
        likelihood_case("normal", {"target": y, "mean": location, "deviation": scale}, lambda y, m, s: Normal(m, s).log_prob(y)),
        likelihood_case(
            "student-t", {"target": y, "location": location, "scale": scale, "degrees": degrees},
            lambda y, m, s, v: StudentT(v, m, s).log_prob(y),
        ),
        likelihood_case("student-t-wild", wild, lambda y, m, s, v: StudentT(v, m, s).log_prob(y)),
        likelihood_case("negative-binomial", {"target": counts, "mean": means, "alpha": alphas}, negative_binomial),
        likelihood_case("negative-binomial-wild", many, negative_binomial),
        measures_case(),
    ]  # fmt: skip
    write("forecast.json", {"torch": torch.__version__, "numpy": np.__version__}, cases)


main()

"""Checks the optimizer, clipping, schedule and loss goldens against plain numpy formulas written from each framework's rule."""

import json
import math

import numpy as np

from common import DATA, decode


# ---- optimizers: update(o, t, theta, g, s) -> theta; o hyper-parameters, t = 1, 2, ..., s slots that start at 0 ----


def sgd(framework, o, t, theta, g, s):
    lr, mu = o["learningRate"], o.get("momentum", 0.0)
    g = g + o.get("weightDecay", 0.0) * theta
    nesterov = o["type"] == "nesterov"
    if o["type"] == "sgd":
        return theta - lr * g
    if framework == "keras":  # the rate is inside the velocity
        s["v"] = v = mu * s.get("v", 0) - lr * g
        return theta + (mu * v - lr * g if nesterov else v)
    damped = g if t == 1 else (1 - o.get("dampening", 0.0)) * g
    s["v"] = v = mu * s.get("v", 0) + damped
    return theta - lr * (g + mu * v if nesterov else v)


def rmsprop(framework, o, t, theta, g, s):
    lr, rho, mu, eps = o["learningRate"], o["decay"], o["momentum"], o["epsilon"]
    g = g + o.get("weightDecay", 0.0) * theta
    square = s.get("square", o.get("initialMeanSquare", 0.0))
    s["square"] = square = rho * square + (1 - rho) * g * g
    if o["centered"]:
        s["mean"] = mean = rho * s.get("mean", 0) + (1 - rho) * g
        square = square - mean * mean
    if framework == "torch":  # epsilon outside the root, rate outside the momentum
        s["v"] = v = mu * s.get("v", 0) + g / (np.sqrt(square) + eps)
        return theta - lr * v
    s["v"] = v = mu * s.get("v", 0) + lr * g / np.sqrt(square + eps)
    return theta - v


def adagrad(framework, o, t, theta, g, s):
    lr, eps = o["learningRate"], o["epsilon"]
    g = g + o.get("weightDecay", 0.0) * theta
    s["sum"] = total = s.get("sum", o["initialAccumulator"]) + g * g
    if framework == "torch":
        return theta - lr / (1 + (t - 1) * o["learningRateDecay"]) * g / (np.sqrt(total) + eps)
    return theta - lr * g / np.sqrt(total + eps)


def adam(framework, o, t, theta, g, s):
    lr, b1, b2, eps, decay = o["learningRate"], o["beta1"], o["beta2"], o["epsilon"], o.get("weightDecay", 0.0)
    if o["type"] == "adamw":
        theta = theta - lr * decay * theta
    else:
        g = g + decay * theta
    s["m"] = m = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = v = b2 * s.get("v", 0) + (1 - b2) * g * g
    if framework == "torch":
        return theta - lr / (1 - b1**t) * m / (np.sqrt(v) / math.sqrt(1 - b2**t) + eps)
    return theta - lr * math.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + eps)


UPDATE = {"sgd": sgd, "momentum": sgd, "nesterov": sgd, "rmsprop": rmsprop, "adagrad": adagrad, "adam": adam, "adamw": adam}


def optimizer_error(case):
    framework, o = case["framework"], dict(case["optimizer"])
    theta, slots, error = dict(case["parameters"]), {key: {} for key in case["parameters"]}, 0.0
    for t, gradient in enumerate(case["gradients"], start=1):
        if "rateDrop" in case and t == case["rateDrop"]["step"]:
            o["learningRate"] = case["rateDrop"]["learningRate"]
        for key in theta:
            theta[key] = UPDATE[o["type"]](framework, o, t, theta[key], gradient[key], slots[key])
        for key, want in case["trajectory"].get(str(t), {}).items():
            error = max(error, np.abs(theta[key] - want).max())
    return error


# ---- clipping ----


def clip_error(case):
    clip, g = case["clip"], case["gradients"]
    if clip["type"] == "value":
        got = {key: np.clip(value, clip["min"], clip["max"]) for key, value in g.items()}
    elif clip["type"] == "norm":
        got = {key: value * clip["limit"] / max(np.linalg.norm(value), clip["limit"]) for key, value in g.items()}
    else:
        norm, limit = math.sqrt(sum((value**2).sum() for value in g.values())), clip["limit"]
        scale = min(1, limit / (norm + 1e-6)) if case["framework"] == "torch" else limit / max(norm, limit)
        got = {key: value * scale for key, value in g.items()}
        assert abs(norm - case["globalNorm"]) < 1e-13
    return max(np.abs(got[key] - case["clipped"][key]).max() for key in g)


# ---- schedules ----


def plateau(o, metrics):
    lr, best, bad, cooldown, values = o["learningRate"], math.inf, 0, 0, []
    for metric in metrics:
        values.append(lr)
        if metric < best * (1 - o["threshold"]):
            best, bad = metric, 0
        else:
            bad += 1
        if cooldown > 0:
            cooldown, bad = cooldown - 1, 0
        if bad > o["patience"]:
            lower = max(lr * o["factor"], o["minimumRate"])
            lr = lower if lr - lower > o["epsilon"] else lr
            cooldown, bad = o["cooldown"], 0
    return values


def schedule_error(case):
    o, n = case["schedule"], len(case["values"])
    lr = o["learningRate"]
    low = o.get("minimumRate", 0.0)
    rules = {
        "step": lambda t: lr * o["gamma"] ** (t // o["stepSize"]),
        "exponential": lambda t: lr * o["gamma"] ** t,
        "cosineAnnealing": lambda t: low + (lr - low) * (1 + math.cos(math.pi * t / o["period"])) / 2,
        "exponentialDecay": lambda t: lr * o["decayRate"] ** (t // o["decaySteps"] if o["staircase"] else t / o["decaySteps"]),
        "cosineDecay": lambda t: lr
        * ((1 - o["alpha"]) * (1 + math.cos(math.pi * min(t, o["decaySteps"]) / o["decaySteps"])) / 2 + o["alpha"]),
    }
    want = plateau(o, case["metrics"]) if o["type"] == "reduceOnPlateau" else [rules[o["type"]](t) for t in range(n)]
    return np.abs(np.array(want) - np.array(case["values"])).max()


# ---- losses ----


def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def loss_error(case):
    logits = case["logits"].astype(float)
    y, classes = log_softmax(logits), logits.shape[-1]
    p = np.exp(y)
    if case["kind"] == "logSoftmax":
        w = case["lossWeights"]
        return max(np.abs(y - case["outputs"]).max(), np.abs(w - p * w.sum(-1, keepdims=True) - case["gradients"]).max())
    hot = np.eye(classes)[case["targets"]]
    if case["kind"] == "softmaxCrossEntropy":
        target = (1 - case["labelSmoothing"]) * hot + case["labelSmoothing"] / classes
        # Relative, since losses reach 2e4 here.
        value = np.abs(-(target * y).sum(-1) - case["losses"]) / np.maximum(1, np.abs(case["losses"]))
        return max(value.max(), np.abs(p - target - case["gradients"]).max())
    w, error = case["weights"].astype(float), 0.0
    losses = -(hot * y).sum(-1) * w
    for key, axis in (("tt", (0, 1)), ("tf", (1,)), ("ft", (0,)), ("ff", None)):
        below = 1.0 if axis is None else w.sum(axis, keepdims=True) + 1e-12
        value = losses if axis is None else losses.sum(axis) / np.squeeze(below, axis)
        error = max(error, np.abs(value - case["results"][key]).max())
        error = max(error, np.abs((p - hot) * (w / below)[..., None] - case["gradients"][key]).max())
    return error


def main():
    failed = 0
    checks = {
        "optimizers": optimizer_error, "rate-drop": optimizer_error, "clipping": clip_error,
        "schedules": schedule_error, "losses": loss_error,
    }  # fmt: skip
    for file, check in checks.items():
        for raw in json.loads((DATA / f"{file}.json").read_text())["cases"]:
            case = decode(raw)
            error = check(case)
            limit = 1e-7 if case.get("dtype") == "float32" else 1e-12
            failed += not error < limit
            print(f"{'ok  ' if error < limit else 'FAIL'} {case['name']:50} {error:.1e}")
    print("all good" if not failed else f"{failed} failed")
    return failed


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))

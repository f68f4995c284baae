"""Checks every cell golden against a second opinion: plain numpy loops for the values, finite differences for the gradients.

Shares no arithmetic with the generators.  B batch, T time, I input, H hidden.  x [B,I]  h, c [B,H]
"""

import copy
import json

import numpy as np

from common import DATA, decode, leaves

FILES = ("tf1.json", "keras.json", "torch.json", "composed.json")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def clip(name, x, low, high):
    count = cut.setdefault(name, [0, 0])
    count[0] += int(((x < low) | (x > high)).sum())
    count[1] += x.size
    return np.clip(x, low, high)


ACT = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "linear": lambda x: x,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "hardSigmoid": lambda x: clip("hardSigmoid", x / 6 + 0.5, 0, 1),
    "hardSigmoid02": lambda x: clip("hardSigmoid", 0.2 * x + 0.5, 0, 1),
}
cut = {}  # clip or hard sigmoid of the running case -> [values beyond its bounds, values]


def gate(z, k, n):
    """Block k of n equal column blocks."""
    w = z.shape[1] // n
    return z[:, k * w : (k + 1) * w]


def norm(x, epsilon):
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + epsilon)


def rnn_step(f, p, x, s):
    act = ACT[f.get("activation", "tanh")]
    h = s["h"]
    if f["dialect"] == "tf1":
        h = act(np.hstack([x, h]) @ p["kernel"] + p["bias"])
    elif f["dialect"] == "keras":
        h = act(x @ p["kernel"] + h @ p["recurrent_kernel"] + p["bias"])
    else:
        h = act(x @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"])
    return h, {"h": h}


def lstm_step(f, p, x, s):
    act, rec = ACT[f.get("activation", "tanh")], ACT[f.get("recurrentActivation", "sigmoid")]
    c, h = s["c"], s["h"]
    if f["dialect"] == "tf1":
        z = np.hstack([x, h]) @ p["kernel"] + p["bias"]
        if f.get("coupled"):
            j, fg, o = (gate(z, k, 3) for k in range(3))
            i = None
        else:
            i, j, fg, o = (gate(z, k, 4) for k in range(4))
        fg = fg + f.get("forgetBias", 1.0)
    else:
        if f["dialect"] == "keras":
            z = x @ p["kernel"] + h @ p["recurrent_kernel"] + p["bias"]
        else:
            z = x @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"]
        i, fg, j, o = (gate(z, k, 4) for k in range(4))
    if f.get("peepholes"):
        fg = fg + p["w_f_diag"] * c
        i = None if i is None else i + p["w_i_diag"] * c
    forget = rec(fg)
    c = forget * c + (1 - forget if i is None else rec(i)) * act(j)
    if "cellClip" in f:
        c = clip("cell", c, -f["cellClip"], f["cellClip"])
    if f.get("peepholes"):
        o = o + p["w_o_diag"] * c
    h = rec(o) * act(c)
    if "projection" in f:
        h = h @ (p["weight_hr"].T if f["dialect"] == "torch" else p["projection/kernel"])
        if "projectionClip" in f:
            h = clip("projection", h, -f["projectionClip"], f["projectionClip"])
    return h, {"c": c, "h": h}


def gru_step(f, p, x, s):
    act, rec = ACT[f.get("activation", "tanh")], ACT[f.get("recurrentActivation", "sigmoid")]
    h = s["h"]
    n = f["units"]
    if f["dialect"] == "tf1":
        z = rec(np.hstack([x, h]) @ p["gates/kernel"] + p["gates/bias"])
        r, u = z[:, :n], z[:, n:]
        cand = act(np.hstack([x, r * h]) @ p["candidate/kernel"] + p["candidate/bias"])
        if f.get("updateGate") == "write":
            u = 1 - u
    elif f["dialect"] == "keras":
        k, q, b = p["kernel"], p["recurrent_kernel"], p["bias"]
        bi, br = b if f["resetAfter"] else (b, np.zeros(3 * n))
        u = rec(x @ k[:, :n] + bi[:n] + h @ q[:, :n] + br[:n])
        r = rec(x @ k[:, n : 2 * n] + bi[n : 2 * n] + h @ q[:, n : 2 * n] + br[n : 2 * n])
        if f["resetAfter"]:
            cand = act(x @ k[:, 2 * n :] + bi[2 * n :] + r * (h @ q[:, 2 * n :] + br[2 * n :]))
        else:
            cand = act(x @ k[:, 2 * n :] + bi[2 * n :] + (r * h) @ q[:, 2 * n :])
    else:
        a = x @ p["weight_ih"].T + p["bias_ih"]
        b = h @ p["weight_hh"].T + p["bias_hh"]
        r, u = rec(gate(a, 0, 3) + gate(b, 0, 3)), rec(gate(a, 1, 3) + gate(b, 1, 3))
        cand = act(gate(a, 2, 3) + r * gate(b, 2, 3))
    h = u * h + (1 - u) * cand
    return h, {"h": h}


def layer_norm_step(f, p, x, s):
    c, h = s["c"], s["h"]
    if f["variant"] == "contrib":
        z = np.hstack([x, h]) @ p["kernel"]
        names = ("input", "transform", "forget", "output")
        i, j, fg, o = (norm(gate(z, k, 4), 1e-12) * p[n + "/gamma"] + p[n + "/beta"] for k, n in enumerate(names))
        c = sigmoid(fg + f.get("forgetBias", 1.0)) * c + sigmoid(i) * np.tanh(j)
        c = seen = norm(c, 1e-12) * p["state/gamma"] + p["state/beta"]
    else:
        a, b = x @ p["kernel"], h @ p["recurrent_kernel"]
        if f["variant"] == "tfa":
            a = norm(a, 1e-3) * p["kernel_norm/gamma"] + p["kernel_norm/beta"]
            b = norm(b, 1e-3) * p["recurrent_norm/gamma"] + p["recurrent_norm/beta"]
        else:
            a, b = norm(a, 1e-5) * p["gamma"][0], norm(b, 1e-5) * p["gamma"][1]
        i, fg, j, o = (gate(a + b + p["bias"], k, 4) for k in range(4))
        c = sigmoid(fg) * c + sigmoid(i) * np.tanh(j)
        if f["variant"] == "tfa":
            c = seen = norm(c, 1e-3) * p["state_norm/gamma"] + p["state_norm/beta"]
        else:
            seen = norm(c, 1e-5) * p["gamma_h"] + p["beta_h"]
    h = sigmoid(o) * np.tanh(seen)
    return h, {"c": c, "h": h}


LEAF = {"rnn": rnn_step, "lstm": lstm_step, "gru": gru_step, "layerNormLstm": layer_norm_step}


def below(p, prefix):
    return {k[len(prefix) :]: v for k, v in p.items() if k.startswith(prefix)}


def step(f, p, x, s):
    kind = f["type"]
    if kind in LEAF:
        return LEAF[kind](f, p, x, s)
    if kind == "stack":
        out = {}
        for n, cell in enumerate(f["cells"]):
            x, out[str(n)] = step(cell, below(p, "0/" if f.get("shared") else f"{n}/"), x, s[str(n)])
        return x, out
    if kind == "inputProjection":
        return step(f["cell"], below(p, "cell/"), x @ p["projection/kernel"] + p["projection/bias"], s)
    y, s = step(f["cell"], below(p, "cell/"), x, s)
    if kind == "outputProjection":
        return y @ p["projection/kernel"] + p["projection/bias"], s
    if kind == "residual":
        return y + x, s
    carry = sigmoid(x @ p["highway/kernel"] + p["highway/bias"])
    return carry * x + (1 - carry) * y, s


def pick(tree, row):
    return {k: pick(v, row) for k, v in tree.items()} if isinstance(tree, dict) else tree[row : row + 1]


def join(trees):
    if isinstance(trees[0], dict):
        return {k: join([t[k] for t in trees]) for k in trees[0]}
    return np.concatenate(trees)


def run(f, p, x, lengths, state, padded, backward=False):
    """Each row alone, over its own length only; then padding is filled in."""
    outputs, finals = [], []
    for row, length in enumerate(lengths):
        s, ys = pick(state, row), {}
        for t in reversed(range(length)) if backward else range(length):
            ys[t], s = step(f, p, x[row : row + 1, t], s)
        fill = np.zeros_like(step(f, p, x[row : row + 1, 0], s)[0])
        if padded == "hold" and length:
            fill = ys[length - 1]
        outputs.append(np.stack([ys.get(t, fill) for t in range(x.shape[1])], axis=1))
        finals.append(s)
    return np.concatenate(outputs), join(finals)


def forward(case, p, x, state):
    lengths = case["lengths"] or [x.shape[1]] * x.shape[0]
    f, padded = case["cell"], case["paddedOutput"]

    def both(cells, p, x, state):
        fy, fs = run(cells["forward"], below(p, "forward/"), x, lengths, state["forward"], padded)
        by, bs = run(cells["backward"], below(p, "backward/"), x, lengths, state["backward"], padded, backward=True)
        return {"forward": fy, "backward": by}, {"forward": fs, "backward": bs}

    if case["driver"] == "dynamicRnn":
        return run(f, p, x, lengths, state, padded)
    if case["driver"] == "bidirectionalDynamicRnn":
        return both(f, p, x, state)
    finals = {}
    for n, (fw, bw) in enumerate(zip(f["forward"], f["backward"])):
        y, finals[str(n)] = both({"forward": fw, "backward": bw}, below(p, f"{n}/"), x, state[str(n)])
        x = np.concatenate([y["forward"], y["backward"]], axis=2)
    return x, finals


def flat(tree):
    """Leaves in key order, so that trees built in different orders compare."""
    if isinstance(tree, dict):
        return [leaf for key in sorted(tree) for leaf in flat(tree[key])]
    return [tree]


def loss_of(case, p, x, state):
    y, s = forward(case, p, x, state)
    w = case["lossWeights"]
    pairs = list(zip(flat(y), flat(w["outputs"]))) + list(zip(flat(s), flat(w["finalState"])))
    return sum((a * b).sum() for a, b in pairs)


def check(case, rng):
    zeros = copy.deepcopy(case["finalState"])
    for leaf in leaves(zeros):
        leaf[:] = 0
    state = case["initialState"] or zeros
    p, x = case["parameters"], case["inputs"].astype(float)
    cut.clear()
    y, s = forward(case, p, x, state)
    bites = {name: f"{a} of {b} cut" for name, (a, b) in cut.items()}
    got, want = flat(y) + flat(s), flat(case["outputs"]) + flat(case["finalState"])
    assert all(a.shape == b.shape for a, b in zip(got, want)) and len(got) == len(want)
    value_error = max(np.abs(a - b).max() for a, b in zip(got, want))
    value_error = max(value_error, abs(loss_of(case, p, x, state) - case["loss"]))
    # Every parameter, the inputs and every state leaf, each along three random directions.
    grads = case["gradients"]
    targets = [(p[k], grads["parameters"][k]) for k in p] + [(x, grads["inputs"])]
    if case["initialState"]:
        targets += list(zip(flat(state), flat(grads["initialState"])))
    gradient_error = 0.0
    for value, gradient in targets:
        assert value.shape == gradient.shape
        for _ in range(3):
            kept, direction, e = value.copy(), rng.standard_normal(value.shape), 1e-4
            total = 0.0
            for weight, at in ((1, -2), (-8, -1), (8, 1), (-1, 2)):
                value[...] = kept + at * e * direction
                total += weight * loss_of(case, p, x, state)
            value[...] = kept
            slope = (direction * gradient).sum()
            gradient_error = max(gradient_error, abs(total / (12 * e) - slope) / max(1, abs(slope)))
    return value_error, gradient_error, bites


def main():
    rng = np.random.default_rng(0)
    failed = 0
    for file in FILES:
        for raw in json.loads((DATA / file).read_text())["cases"]:
            case = decode(raw)
            value, gradient, bites = check(case, rng)
            good = value < 1e-12 and gradient < 1e-8 and not any(text.startswith("0 ") for text in bites.values())
            failed += not good
            print(f"{'ok  ' if good else 'FAIL'} {case['name']:44} values {value:.1e}  gradients {gradient:.1e}  {bites or ''}")
    print("all good" if not failed else f"{failed} failed")
    return failed


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))

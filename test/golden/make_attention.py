"""Attention by PyTorch's tensors, in float64: every kind, ragged memories, and decoders over several steps, with all gradients.

The formulas are written out from the papers: Bahdanau, Cho and Bengio 2015 (a = v.tanh(Wq q + Wm m)) and Luong, Pham and Manning 2015 (dot, general,
concat, attentional vector tanh(Wc [c; h]), input feeding).

    python make_attention.py
"""

import torch
from common import Draw, write

KINDS = ("bahdanau", "dot", "general", "concat")
B, S, T, Q, I = 3, 5, 4, 4, 3
LENGTHS = [5, 2, 4]


def array(x):
    return {"shape": list(x.shape), "data": x.detach().reshape(-1).tolist()}


def weights_of(kind, p, memory, query, lengths):
    """memory [B, S, M], query [B, Q] -> [B, S]"""
    if kind == "dot":
        score = torch.einsum("bq,bsq->bs", query, memory)
    elif kind == "general":
        score = torch.einsum("bq,mq,bsm->bs", query, p["memory/kernel"], memory)
    elif kind == "bahdanau":
        hidden = torch.tanh((query @ p["query/kernel"])[:, None] + memory @ p["memory/kernel"])
        score = (hidden @ p["v"])[..., 0]
    else:  # one matrix on [q; m]
        both = torch.cat([query[:, None].expand(-1, memory.shape[1], -1), memory], 2)
        kernel = torch.cat([p["query/kernel"], p["memory/kernel"]], 0)
        score = (torch.tanh(both @ kernel) @ p["v"])[..., 0]
    padding = torch.arange(memory.shape[1])[None] >= torch.tensor(lengths)[:, None]
    return torch.softmax(score.masked_fill(padding, -torch.inf), 1)


def lstm(p, x, h, c):
    z = x @ p["cell/weight_ih"].T + h @ p["cell/weight_hh"].T + p["cell/bias_ih"] + p["cell/bias_hh"]
    i, f, g, o = z.chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def decoder_case(kind, feeding):
    name = f"{kind}{'-feeding' if feeding else ''}"
    draw = Draw(f"attention-{name}")
    M, U, A = (Q if kind == "dot" else 6), 5, 3
    extra = M if kind == "bahdanau" else A if feeding else 0
    shapes = {
        "cell/weight_ih": [4 * Q, I + extra], "cell/weight_hh": [4 * Q, Q], "cell/bias_ih": [4 * Q], "cell/bias_hh": [4 * Q],
        "attention/output/kernel": [M + Q, A],
    }  # fmt: skip
    if kind != "dot":
        shapes["attention/memory/kernel"] = [M, Q if kind == "general" else U]
    if kind in ("bahdanau", "concat"):
        shapes |= {"attention/query/kernel": [Q, U], "attention/v": [U, 1]}
    leaf = lambda shape: torch.tensor(draw.normal(shape), requires_grad=True)
    parameters = {path: leaf(shape) for path, shape in shapes.items()}
    memory, inputs = leaf([B, S, M]), leaf([B, T, I])
    h0, c0 = leaf([B, Q]), leaf([B, Q])
    own = {path.removeprefix("attention/"): x for path, x in parameters.items()}

    h, c, attentional = h0, c0, torch.zeros(B, A, dtype=torch.float64)
    outputs, alignments = [], []
    for t in range(T):
        x = inputs[:, t]
        if kind == "bahdanau":
            a = weights_of(kind, own, memory, h, LENGTHS)
            context = torch.einsum("bs,bsm->bm", a, memory)
            h, c = lstm(parameters, torch.cat([x, context], 1), h, c)
        else:
            h, c = lstm(parameters, torch.cat([x, attentional], 1) if feeding else x, h, c)
            a = weights_of(kind, own, memory, h, LENGTHS)
            context = torch.einsum("bs,bsm->bm", a, memory)
        attentional = torch.tanh(torch.cat([context, h], 1) @ parameters["attention/output/kernel"])
        outputs.append(attentional)
        alignments.append(a)
    outputs, alignments = torch.stack(outputs, 1), torch.stack(alignments, 1)
    loss_weights = {"outputs": torch.tensor(draw.normal([B, T, A])), "alignments": torch.tensor(draw.normal([B, T, S]))}
    loss = (outputs * loss_weights["outputs"]).sum() + (alignments * loss_weights["alignments"]).sum()
    variables = {**parameters, "memory": memory, "inputs": inputs, "h": h0, "c": c0}
    gradients = torch.autograd.grad(loss, list(variables.values()))
    return {
        "name": name, "kind": kind, "inputFeeding": feeding, "querySize": Q, "memorySize": M, "units": U, "outputSize": A, "lengths": LENGTHS,
        "parameters": {k: array(v) for k, v in parameters.items()},
        "memory": array(memory), "inputs": array(inputs), "h": array(h0), "c": array(c0),
        "lossWeights": {k: array(v) for k, v in loss_weights.items()},
        "outputs": array(outputs), "alignments": array(alignments),
        "gradients": {k: array(g) for k, g in zip(variables, gradients)},
    }  # fmt: skip


def main():
    cases = [decoder_case(kind, feeding) for kind in KINDS for feeding in ((False,) if kind == "bahdanau" else (False, True))]
    write("attention.json", {"name": "torch", "version": torch.__version__.split("+")[0], "script": "make_attention.py"}, cases)


if __name__ == "__main__":
    main()

"""Goldens for convolution and pooling -> data/network-ops.json, and for other ops of networks -> data/network-functions.json

Values are those of ONNX Runtime, gradients those of PyTorch.  Inputs are small multiples of 1/16 that follow from their places, so that they need no file, and
sums of their products are exact in float32.
"""

import json

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper

from common import DATA

RNG = np.random.default_rng(16)


def pattern(shape, seed, dtype=np.float64):
    i = np.arange(int(np.prod(shape)), dtype=np.int64)
    return ((((i * i * 31 + i * 17 + seed * 101) % 61) - 30) / 16).reshape(shape).astype(dtype)


def plain(x):
    x = np.asarray(x, np.float64)
    return {"shape": list(x.shape), "data": [int(v) if v == int(v) else float(v) for v in x.ravel()]}


def onnx_run(op, inputs, attributes, outputs=1, opset=22):
    names = [f"x{i}" if x is not None else "" for i, x in enumerate(inputs)]
    kinds = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}
    values = [
        helper.make_tensor_value_info(n, kinds[x.dtype], x.shape) for n, x in zip(names, inputs) if x is not None
    ]
    of = [TensorProto.FLOAT, TensorProto.INT64]
    made = [helper.make_tensor_value_info(f"y{i}", of[i], None) for i in range(outputs)]
    node = helper.make_node(op, names, [y.name for y in made], **attributes)
    model = helper.make_model(
        helper.make_graph([node], op, values, made), opset_imports=[helper.make_opsetid("", opset)], ir_version=10
    )
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {n: x for n, x in zip(names, inputs) if x is not None})


def pads(padding):
    return [p[0] for p in padding] + [p[1] for p in padding]


def some(low, high, n):
    return [int(v) for v in RNG.integers(low, high + 1, n)]


def padded(x, padding, value=0.0):
    flat = [side for pair in reversed(padding) for side in pair]
    return torch.nn.functional.pad(x, flat, value=value)


def gradients_of(y, inputs):
    upstream = torch.tensor(pattern(list(y.shape), 99))
    return [plain(g) for g in torch.autograd.grad((y * upstream).sum(), inputs)]


def convolution(transposed):
    axes = int(RNG.choice([1, 1, 2, 2, 3]))
    groups = int(RNG.choice([1, 1, 2, 3]))
    n, c, o = int(RNG.integers(1, 4)), groups * int(RNG.integers(1, 3)), groups * int(RNG.integers(1, 3))
    taps, strides, dilations = some(1, 4 if axes < 3 else 2, axes), some(1, 3, axes), some(1, 2, axes)
    padding = [some(0, 2, 2) for _ in range(axes)]
    extent = [(k - 1) * d + 1 for k, d in zip(taps, dilations)]
    size = [max(1, e - sum(p)) + int(RNG.integers(0, 5 if axes < 3 else 3)) for e, p in zip(extent, padding)]
    options = {"strides": strides, "dilations": dilations, "padding": padding, "groups": groups}
    more = [int(RNG.integers(0, s)) for s in strides]
    if transposed:
        size = some(1, 3, axes)
        room = [s * (m - 1) + e + a for s, m, e, a in zip(strides, size, extent, more)]
        padding = options["padding"] = [[min(p[0], max(0, r - 1)), 0] for p, r in zip(padding, room)]
        options["outputPadding"] = more
    shapes = [[n, c, *size], [c if transposed else o, (o if transposed else c) // groups, *taps], [o]]
    values = [pattern(shape, seed) for seed, shape in enumerate(shapes)]
    attributes = {"strides": strides, "dilations": dilations, "pads": pads(padding), "group": groups}
    if transposed:
        attributes["output_padding"] = more
    (y,) = onnx_run(
        "ConvTranspose" if transposed else "Conv", [v.astype(np.float32) for v in values], attributes
    )
    x, kernel, bias = (torch.tensor(v, requires_grad=True) for v in values)
    f = torch.nn.functional
    if transposed:
        whole = [f.conv_transpose1d, f.conv_transpose2d, f.conv_transpose3d][axes - 1](
            x, kernel, None, strides, 0, 0, groups, dilations
        )
        whole = padded(whole, [[0, m] for m in more])
        for axis, (first, last) in enumerate(padding):
            whole = whole.narrow(axis + 2, first, whole.shape[axis + 2] - first - last)
        result = whole + bias.reshape([-1] + [1] * axes)
    else:
        result = [f.conv1d, f.conv2d, f.conv3d][axes - 1](
            padded(x, padding), kernel, bias, strides, 0, dilations, groups
        )
    assert np.array_equal(result.detach().numpy().astype(np.float32), y), options
    return {
        "op": "transposedConvolution" if transposed else "convolution", "options": options, "shapes": shapes,
        "output": plain(y), "gradients": gradients_of(result, [x, kernel, bias]),
    }  # fmt: skip


def pool(op):
    axes = int(RNG.choice([1, 2, 2, 3]))
    shape = [int(RNG.integers(1, 3)), int(RNG.integers(1, 3))]
    size, strides, dilations = some(1, 3, axes), some(1, 3, axes), some(1, 2, axes)
    extent = [(k - 1) * d + 1 for k, d in zip(size, dilations)]
    padding = [[int(RNG.integers(0, (k - 1) // 2 * d + 1)) for _ in range(2)] for k, d in zip(size, dilations)]
    shape += [max(1, e - sum(p)) + int(RNG.integers(1, 6 if axes < 3 else 3)) for e, p in zip(extent, padding)]
    ceil = bool(RNG.integers(0, 2))
    options = {"strides": strides, "dilations": dilations, "padding": padding, "ceil": ceil}
    attributes = {
        "kernel_shape": size, "strides": strides, "dilations": dilations, "pads": pads(padding), "ceil_mode": int(ceil),
    }  # fmt: skip
    if op == "AveragePool":
        options["countsPadding"] = bool(RNG.integers(0, 2))
        attributes["count_include_pad"] = int(options["countsPadding"])
    x = pattern(shape, 3)
    (y,) = onnx_run(op, [x.astype(np.float32)], attributes, opset=22)
    return {"op": {"MaxPool": "maxPool", "AveragePool": "averagePool"}[op], "size": size, "options": options, "shapes": [shape], "output": plain(y)}


def function(op, name, shapes, attributes=None, arguments=None, extra=(), outputs=1, opset=20):
    """A case of an ONNX op: inputs from `pattern`, then `extra` ones, which `arguments` tell the test."""
    values = [pattern(shape, seed).astype(np.float32) for seed, shape in enumerate(shapes)]
    results = onnx_run(op, [*values, *extra], attributes or {}, outputs, opset)
    return {"op": name, "shapes": shapes, "arguments": arguments or {}, "output": plain(results[0])}


def functions():
    int64 = lambda *values: np.array(values, np.int64)
    for op in ["Sin", "Cos", "Tan", "Atan", "Sinh", "Cosh", "Asinh", "Erf", "Ceil", "Round", "Mish", "HardSwish"]:
        yield function(op, op[0].lower() + op[1:], [[4, 15]])
    yield function("Elu", "elu", [[4, 15]], {"alpha": 0.5}, {"alpha": 0.5})
    yield function("Selu", "selu", [[4, 15]])
    yield function("Celu", "celu", [[4, 15]], {"alpha": 2.0}, {"alpha": 2})
    yield function("LeakyRelu", "leakyRelu", [[4, 15]], {"alpha": 0.25}, {"alpha": 0.25})
    yield function("ThresholdedRelu", "thresholdedRelu", [[4, 15]], {"alpha": 0.5}, {"alpha": 0.5})
    yield function("PRelu", "prelu", [[2, 3, 5], [3, 1]])
    for approximate in [False, True]:
        yield function("Gelu", "gelu", [[4, 15]], {"approximate": "tanh" if approximate else "none"}, {"approximate": approximate})
    yield function("Mod", "mod", [[4, 15]], {"fmod": 1}, {"b": 0.75, "sign": "dividend"}, [np.array(0.75, np.float32)])
    for mode in ["constant", "edge", "reflect", "wrap"]:
        for padding in [[[1, 2], [2, 1]], [[0, 0], [3, 3]], [[-1, 1], [2, -1]]]:
            if mode == "constant" or min(min(p) for p in padding) >= 0:
                flat = int64(*[p[0] for p in padding], *[p[1] for p in padding])
                yield function("Pad", "padWith", [[3, 4]], {"mode": mode}, {"padding": padding, "mode": mode}, [flat])
    yield function("Tile", "tile", [[2, 3]], {}, {"repeats": [2, 3]}, [int64(2, 3)])
    coordinates = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric"]
    for transformation in coordinates:
        for rounding in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]:
            for sizes in [[1, 2, 7], [1, 2, 3], [1, 2, 1]]:
                if (transformation, rounding, sizes[2]) == ("half_pixel_symmetric", "floor", 3):
                    continue  # ONNX Runtime's place 2 is 1.9999998 in float32
                attributes = {"mode": "nearest", "coordinate_transformation_mode": transformation, "nearest_mode": rounding}
                arguments = {"sizes": sizes, "coordinates": transformation, "nearest": rounding}
                yield function("Resize", "resize", [[1, 2, 5]], attributes, arguments, [None, None, int64(*sizes)], opset=19)
        for scales in [[1.0, 1.0, 2.5, 1.5], [1.0, 1.0, 0.6, 0.8]]:
            attributes = {"mode": "linear", "coordinate_transformation_mode": transformation}
            arguments = {"scales": scales, "coordinates": transformation, "mode": "linear"}
            extra = [None, np.array(scales, np.float32)]
            yield function("Resize", "resize", [[1, 1, 4, 5]], attributes, arguments, extra, opset=19)
    for onesided in [0, 1]:
        window = pattern([6], 1).astype(np.float32)
        arguments = {"frameStep": 3, "onesided": bool(onesided)}
        yield function("STFT", "stft", [[2, 20]], {"onesided": onesided}, arguments, [int64(3).reshape(()), window])
    yield function("Einsum", "einsum", [[2, 3, 4], [2, 4, 3]], {"equation": "bij,bjk->bik"}, {"equation": "bij,bjk->bik"})
    yield function("Einsum", "einsum", [[3, 3]], {"equation": "ii->i"}, {"equation": "ii->i"})
    yield function("Einsum", "einsum", [[2, 3, 4], [4, 3]], {"equation": "...ij,jk"}, {"equation": "...ij,jk"})
    indices = [[0, 2, 1], [1, 1, 0]]
    for axis in [0, 1]:
        extra = [np.array(indices, np.int64)]
        arguments = {"indices": indices, "axis": axis}
        yield function("GatherElements", "gatherElements", [[3, 3]], {"axis": axis}, arguments, extra)
    places = [[0, 2], [1, 1]]
    yield function("GatherND", "gatherNd", [[3, 3, 2]], {}, {"indices": places}, [np.array(places, np.int64)])
    for k, axis, largest in [(2, 1, True), (3, 0, False)]:
        arguments = {"k": k, "axis": axis, "largest": largest}
        yield function("TopK", "topK", [[4, 5]], {"axis": axis, "largest": int(largest)}, arguments, [int64(k)], 2)
    for upper in [0, 1]:
        yield function("Trilu", "trilu", [[2, 3, 4]], {"upper": upper}, {"upper": bool(upper), "diagonal": 1}, [int64(1).reshape(())])
    yield function("Hardmax", "hardmax", [[3, 4]], {"axis": 0}, {"axis": 0})
    yield function("ReduceProd", "prod", [[2, 3, 2]], {"keepdims": 0}, {"axes": [1]}, [int64(1)])
    yield function("InstanceNormalization", "instanceNormalization", [[2, 3, 4, 2], [3], [3]], {"epsilon": 1e-3}, {"epsilon": 1e-3})
    arguments = {"epsilon": 1e-3, "groups": 2}
    yield function("GroupNormalization", "groupNormalization", [[2, 4, 6], [4], [4]], {"epsilon": 1e-3, "num_groups": 2}, arguments, opset=21)
    variance = np.abs(pattern([3], 9)).astype(np.float32)
    yield function("BatchNormalization", "batchNormalization", [[2, 3, 4], [3], [3], [3]], {}, {"variance": variance.tolist()}, [variance])


def write_cases(file, cases):
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    versions = {"onnxruntime": ort.__version__, "onnx": onnx.__version__, "torch": torch.__version__}
    (DATA / file).write_text(f'{{"versions":{json.dumps(versions)},"cases":[\n{text}\n]}}\n')


def main():
    cases = [convolution(False) for _ in range(60)] + [convolution(True) for _ in range(30)]
    cases += [pool("MaxPool") for _ in range(50)] + [pool("AveragePool") for _ in range(50)]
    write_cases("network-ops.json", cases)
    write_cases("network-functions.json", list(functions()))


main()

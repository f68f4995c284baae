"""Small .npy and .npz files with random numbers -> data/numpy-files.json"""

import io

import numpy as np

from weight_files import array, case, write

rng = np.random.default_rng(1)


def npy(name, values, version=None):
    buffer = io.BytesIO()
    if version is None:
        np.save(buffer, values, allow_pickle=False)
    else:
        np.lib.format.write_array(buffer, values, version=version, allow_pickle=False)
    return case(name, {"array.npy": buffer.getvalue()}, {"array": array(values)}, {})


def npz(name, arrays, metadata=None, compressed=False):
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    tensors = {key: array(value) for key, value in arrays.items() if np.asarray(value).dtype.kind not in "US"}
    return case(name, {"arrays.npz": buffer.getvalue()}, tensors, metadata or {})


def some(*shape, kind=np.float32):
    return rng.standard_normal(shape).astype(kind)


lstm = {"kernel": some(5, 8), "bias": some(8)}
cases = [
    npy("float32", some(3, 4)),
    npy("float64", some(3, 4, kind=np.float64)),
    npy("float16", some(3, 4, kind=np.float16)),
    *[npy(t, rng.integers(0, 100, (2, 3)).astype(t)) for t in ("int8", "uint8", "int16", "uint16", "int32", "uint32")],
    npy("int64", rng.integers(-(2**31), 2**31, (5,))),
    npy("bool", some(2, 3) > 0),
    npy("a number", np.float32(1.5)),
    npy("one axis", some(7)),
    npy("four axes", some(2, 3, 2, 2)),
    npy("empty", some(0, 3)),
    npy("Fortran order", np.asfortranarray(some(3, 4))),
    npy("Fortran order, three axes", np.asfortranarray(some(2, 3, 4))),
    npy("a transposed array", some(3, 4).T),
    npy("version 2", some(2, 2), (2, 0)),
    npy("version 3", some(2, 2), (3, 0)),
    npy("not finite", np.array([np.inf, -np.inf, np.nan, -0.0])),
    *[
        npz(f"{what}{', compressed' if compressed else ''}", arrays, metadata, compressed)
        for compressed in (False, True)
        for what, arrays, metadata in (
            ("lstm", lstm, None),
            ("names with slashes", {"rnn/kernel:0": some(2, 2), "a.b": some(1)}, None),
            ("Fortran order in a zip file", {"w": np.asfortranarray(some(3, 2))}, None),
            ("no name", {"arr_0": some(2), "arr_1": some(3)}, None),
            ("zeros", {"w": np.zeros((40, 30), np.float32)}, None),
            (
                "texts",
                {"w": some(2), "labels": np.array(["a", "bcd", "안녕"]), "bytes": np.array([b"x", b"yz"]), "one": np.array("t")},
                {"labels": ["a", "bcd", "안녕"], "bytes": ["x", "yz"], "one": "t"},
            ),
        )
    ],
]

write("numpy-files.json", {"numpy": np.__version__}, cases)

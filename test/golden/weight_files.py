"""Shared by the generators of small files of weights: the files as base64, and what is in them."""

import base64
import json
import math
import pathlib

import numpy as np

DATA = pathlib.Path(__file__).parent / "data"


def number(x):
    """JSON has no infinities and no NaN."""
    if isinstance(x, bool | int):
        return x
    return x if math.isfinite(x) else str(x)


def array(values, type_name=None):
    """[element type in the file, shape, row-major numbers] of a numpy array."""
    values = np.asarray(values)
    name = type_name or values.dtype.name
    return [name, list(values.shape), [number(x) for x in values.reshape(-1).tolist()]]


def case(name, files, tensors, metadata=None):
    """`files` are bytes by name; `tensors` are arrays by name."""
    encoded = {key: base64.b64encode(value).decode() for key, value in files.items()}
    return {"name": name, "files": encoded, "tensors": tensors, **({} if metadata is None else {"metadata": metadata})}


def write(file, producer, cases):
    lines = ",\n".join(json.dumps(one) for one in cases)
    (DATA / file).write_text(f'{{"producer": {json.dumps(producer)}, "cases": [\n{lines}\n]}}\n')
    size = (DATA / file).stat().st_size
    print(f"{file}: {len(cases)} cases, {size / 1000:.0f} kB")

"""Goldens for optimizers, gradient clipping and learning rate schedules
-> data/optimizers.json, data/rate-drop.json, data/clipping.json, data/schedules.json

Every case has its own fixed gradient list, spread over five orders of magnitude so that the place of epsilon shows.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
import torch

from common import Draw, write

STEPS = 100
SNAPSHOTS = (1, 10, 20, 100)
DROP = {"step": 6, "learningRate": 0.002}  # for the cases that show where a changed rate enters
SHAPES = {"w": [2, 2], "b": [2]}


def problem(name, steps):
    """Start values and one gradient per step; gradients do not depend on the values."""
    draw = Draw(name)

    def gradient(shape):
        size = 10 ** draw.rng.uniform(-4, 0.7, shape)
        return np.round(size * draw.rng.choice([-1, 1], shape), 5)

    parameters = {key: draw.normal(shape) for key, shape in SHAPES.items()}
    return parameters, [{key: gradient(shape) for key, shape in SHAPES.items()} for _ in range(steps)]


def case(framework, name, walk, optimizer, drop=None):
    """`walk` yields the values after each step; with `drop` the rate changes before that step, in a shorter run."""
    name = f"{framework}-{name}" + ("-rate-drop" if drop else "")
    parameters, gradients = problem(name, 20 if drop else STEPS)
    trajectory = {}
    for step, values in enumerate(walk(parameters, gradients, drop or {"step": -1}), start=1):
        if step in SNAPSHOTS and (step != 20 or drop):
            trajectory[str(step)] = {key: np.array(value) for key, value in values.items()}
    return {
        "name": name, "framework": framework, "optimizer": optimizer, **({"rateDrop": drop} if drop else {}),
        "parameters": parameters, "gradients": gradients, "trajectory": trajectory,
    }  # fmt: skip


# ---- PyTorch ----


def torch_walk(make):
    def walk(parameters, gradients, drop):
        values = {key: torch.nn.Parameter(torch.tensor(value)) for key, value in parameters.items()}
        optimizer = make(list(values.values()))
        for step, gradient in enumerate(gradients, start=1):
            if step == drop["step"]:
                optimizer.param_groups[0]["lr"] = drop["learningRate"]
            for key, value in values.items():
                value.grad = torch.tensor(gradient[key])
            optimizer.step()
            yield {key: value.detach().numpy() for key, value in values.items()}

    return walk


def torch_cases():
    optim = torch.optim

    def sgd(name, kind="sgd", drop=None, **o):
        full = {"learningRate": 0.05, "momentum": 0.0, "dampening": 0.0, "weightDecay": 0.0, **o}

        def make(p):
            return optim.SGD(
                p, lr=full["learningRate"], momentum=full["momentum"], dampening=full["dampening"],
                weight_decay=full["weightDecay"], nesterov=kind == "nesterov",
            )  # fmt: skip

        return case("torch", name, torch_walk(make), {"type": kind, **full}, drop)

    def rmsprop(name, drop=None, **o):
        base = {"learningRate": 0.01, "decay": 0.99, "epsilon": 1e-8, "momentum": 0.0, "centered": False, "weightDecay": 0.0}
        full = {**base, **o}

        def make(p):
            return optim.RMSprop(
                p, lr=full["learningRate"], alpha=full["decay"], eps=full["epsilon"], momentum=full["momentum"],
                centered=full["centered"], weight_decay=full["weightDecay"],
            )  # fmt: skip

        return case("torch", name, torch_walk(make), {"type": "rmsprop", **full}, drop)

    def adagrad(name, **o):
        base = {"learningRate": 0.1, "learningRateDecay": 0.0, "initialAccumulator": 0.0, "epsilon": 1e-10, "weightDecay": 0.0}
        full = {**base, **o}

        def make(p):
            return optim.Adagrad(
                p, lr=full["learningRate"], lr_decay=full["learningRateDecay"], eps=full["epsilon"],
                initial_accumulator_value=full["initialAccumulator"], weight_decay=full["weightDecay"],
            )  # fmt: skip

        return case("torch", name, torch_walk(make), {"type": "adagrad", **full})

    def adam(name, kind="adam", **o):
        full = {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.0, **o}

        def make(p):
            cls = optim.AdamW if kind == "adamw" else optim.Adam
            betas = (full["beta1"], full["beta2"])
            return cls(p, lr=full["learningRate"], betas=betas, eps=full["epsilon"], weight_decay=full["weightDecay"])

        return case("torch", name, torch_walk(make), {"type": kind, **full})

    return [
        sgd("sgd"),
        sgd("sgd-weight-decay", weightDecay=0.1),
        sgd("momentum", "momentum", momentum=0.9),
        sgd("momentum-dampening", "momentum", momentum=0.9, dampening=0.3),
        sgd("momentum-weight-decay", "momentum", momentum=0.9, weightDecay=0.1),
        sgd("nesterov", "nesterov", momentum=0.9),
        rmsprop("rmsprop"),
        rmsprop("rmsprop-epsilon", epsilon=1e-3),
        rmsprop("rmsprop-centered", centered=True, epsilon=1e-3),
        rmsprop("rmsprop-momentum", momentum=0.9, decay=0.95),
        rmsprop("rmsprop-centered-momentum-weight-decay", centered=True, momentum=0.5, weightDecay=0.1, epsilon=1e-3),
        adagrad("adagrad"),
        adagrad("adagrad-epsilon", epsilon=1e-2, learningRateDecay=0.01, initialAccumulator=0.1),
        adam("adam"),
        adam("adam-epsilon", epsilon=1e-3, beta1=0.8, beta2=0.99),
        adam("adam-weight-decay", weightDecay=0.1),
        adam("adamw", "adamw", weightDecay=0.1),
        adam("adamw-epsilon", "adamw", weightDecay=0.1, epsilon=1e-3),
        sgd("momentum", "momentum", DROP, momentum=0.9),
        sgd("nesterov", "nesterov", DROP, momentum=0.9),
        rmsprop("rmsprop-momentum", DROP, momentum=0.9, decay=0.95),
    ]


# ---- TF1 graph mode ----


def tf1_walk(make, learning_rate):
    def walk(parameters, gradients, drop):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            variables = {
                key: tf.compat.v1.get_variable(key, initializer=tf.constant(value), use_resource=True)
                for key, value in parameters.items()
            }
            slots = {key: tf.compat.v1.placeholder(tf.float64, SHAPES[key]) for key in SHAPES}
            rate = tf.compat.v1.placeholder_with_default(tf.constant(learning_rate, tf.float64), [])
            train = make(rate).apply_gradients([(slots[key], variables[key]) for key in SHAPES])
            session.run(tf.compat.v1.global_variables_initializer())
            for step, gradient in enumerate(gradients, start=1):
                late = {rate: drop["learningRate"]} if step >= drop["step"] > 0 else {}
                session.run(train, {**late, **{slots[key]: gradient[key] for key in SHAPES}})
                yield session.run(variables)

    return walk


def tf1_cases():
    train = tf.compat.v1.train

    def f64(value):
        # A Python float would be turned into a float32 tensor first.
        return tf.constant(value, tf.float64)

    def momentum(name, kind, drop=None):
        full = {"learningRate": 0.05, "momentum": 0.9}

        def make(lr):
            return train.MomentumOptimizer(lr, f64(full["momentum"]), use_nesterov=kind == "nesterov")

        return case("tf1", name, tf1_walk(make, full["learningRate"]), {"type": kind, **full}, drop)

    def rmsprop(name, drop=None, **o):
        full = {"learningRate": 0.01, "decay": 0.9, "momentum": 0.0, "epsilon": 1e-10, "centered": False, **o}

        def make(lr):
            numbers = [f64(full[key]) for key in ("decay", "momentum", "epsilon")]
            return train.RMSPropOptimizer(lr, *numbers, centered=full["centered"])

        options = {"type": "rmsprop", **full, "initialMeanSquare": 1.0}
        return case("tf1", name, tf1_walk(make, full["learningRate"]), options, drop)

    def adagrad(name, initial):
        def make(lr):
            return train.AdagradOptimizer(lr, initial_accumulator_value=initial)

        full = {"learningRate": 0.1, "initialAccumulator": initial, "epsilon": 0.0}
        return case("tf1", name, tf1_walk(make, 0.1), {"type": "adagrad", **full})

    def adam(name, **o):
        full = {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, **o}

        def make(lr):
            return train.AdamOptimizer(lr, *[f64(full[key]) for key in ("beta1", "beta2", "epsilon")])

        return case("tf1", name, tf1_walk(make, full["learningRate"]), {"type": "adam", **full})

    return [
        case("tf1", "sgd", tf1_walk(train.GradientDescentOptimizer, 0.05), {"type": "sgd", "learningRate": 0.05}),
        momentum("momentum", "momentum"),
        momentum("nesterov", "nesterov"),
        rmsprop("rmsprop"),
        rmsprop("rmsprop-epsilon", epsilon=1e-3),
        rmsprop("rmsprop-momentum", momentum=0.9, decay=0.95),
        rmsprop("rmsprop-centered", centered=True, epsilon=1e-3),
        rmsprop("rmsprop-centered-momentum", centered=True, momentum=0.5, epsilon=1e-3),
        adagrad("adagrad", 0.1),
        adagrad("adagrad-accumulator", 0.5),
        adam("adam"),
        adam("adam-epsilon", epsilon=1e-3, beta1=0.8, beta2=0.99),
        momentum("momentum", "momentum", DROP),
        momentum("nesterov", "nesterov", DROP),
        rmsprop("rmsprop-momentum", DROP, momentum=0.9, decay=0.95),
    ]


# ---- Keras ----
# On the TensorFlow backend some hyper-parameters pass through float32 even in a float64 model, so those here
# are exact in float32: 7/8 for 0.9, 1 - 2**-10 for 0.999, 1/8 for 0.1.


def keras_walk(make):
    def walk(parameters, gradients, drop):
        variables = {key: keras.Variable(value, dtype="float64", name=key) for key, value in parameters.items()}
        optimizer = make()
        optimizer.build(list(variables.values()))
        assert optimizer.learning_rate.dtype in ("float64", tf.float64)
        for step, gradient in enumerate(gradients, start=1):
            if step == drop["step"]:
                optimizer.learning_rate = drop["learningRate"]
            optimizer.apply([tf.constant(gradient[key]) for key in variables])
            yield {key: variable.numpy() for key, variable in variables.items()}

    return walk


def keras_cases():
    optimizers = keras.optimizers

    def sgd(name, kind, momentum=0.0, drop=None):
        def make():
            return optimizers.SGD(0.05, momentum=momentum, nesterov=kind == "nesterov")

        return case("keras", name, keras_walk(make), {"type": kind, "learningRate": 0.05, "momentum": momentum}, drop)

    def rmsprop(name, drop=None, **o):
        full = {"learningRate": 0.01, "decay": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False, **o}

        def make():
            return optimizers.RMSprop(
                full["learningRate"], rho=full["decay"], momentum=full["momentum"], epsilon=full["epsilon"],
                centered=full["centered"],
            )  # fmt: skip

        return case("keras", name, keras_walk(make), {"type": "rmsprop", **full}, drop)

    def adagrad(name, **o):
        full = {"learningRate": 0.1, "initialAccumulator": 0.125, "epsilon": 1e-7, **o}

        def make():
            return optimizers.Adagrad(
                full["learningRate"], initial_accumulator_value=full["initialAccumulator"], epsilon=full["epsilon"]
            )

        return case("keras", name, keras_walk(make), {"type": "adagrad", **full})

    def adam(name, kind="adam", **o):
        full = {"learningRate": 0.01, "beta1": 0.875, "beta2": 1 - 2**-10, "epsilon": 1e-7, **o}

        def make():
            cls, extra = optimizers.Adam, {}
            if kind == "adamw":
                cls, extra = optimizers.AdamW, {"weight_decay": full["weightDecay"]}
            return cls(full["learningRate"], beta_1=full["beta1"], beta_2=full["beta2"], epsilon=full["epsilon"], **extra)

        return case("keras", name, keras_walk(make), {"type": kind, **full})

    return [
        sgd("sgd", "sgd"),
        sgd("momentum", "momentum", 0.875),
        sgd("nesterov", "nesterov", 0.875),
        rmsprop("rmsprop"),
        rmsprop("rmsprop-epsilon", epsilon=1e-3),
        rmsprop("rmsprop-momentum", momentum=0.9, decay=0.95),
        rmsprop("rmsprop-centered", centered=True, epsilon=1e-3),
        adagrad("adagrad"),
        adagrad("adagrad-epsilon", epsilon=1e-2, initialAccumulator=0.0),
        adam("adam"),
        adam("adam-epsilon", epsilon=1e-3, beta1=0.75, beta2=1 - 2**-6),
        adam("adamw", "adamw", weightDecay=0.125),
        sgd("momentum", "momentum", 0.875, DROP),
        sgd("nesterov", "nesterov", 0.875, DROP),
        rmsprop("rmsprop-momentum", DROP, momentum=0.9, decay=0.95),
    ]


# ---- clipping ----


def clip_cases():
    def gradients_for(name):
        draw = Draw(name)
        return {"w": draw.normal([3, 4], 2.0), "b": draw.normal([5], 2.0), "zero": np.zeros([2])}

    def make(framework, name, clip, run):
        name = f"{framework}-{name}"
        gradients = gradients_for(name)
        clipped, norm = run(gradients)
        out = {"name": name, "framework": framework, "clip": clip, "gradients": gradients, "clipped": clipped}
        return out if norm is None else {**out, "globalNorm": float(norm)}

    def tf_each(f):
        return lambda gradients: ({key: f(tf.constant(value)).numpy() for key, value in gradients.items()}, None)

    def tf_global(limit):
        def run(gradients):
            clipped, norm = tf.clip_by_global_norm([tf.constant(value) for value in gradients.values()], limit)
            return dict(zip(gradients, [value.numpy() for value in clipped])), norm.numpy()

        return run

    def torch_norm(limit):
        def run(gradients):
            values = {key: torch.nn.Parameter(torch.zeros(value.shape, dtype=torch.float64)) for key, value in gradients.items()}
            for key, value in values.items():
                value.grad = torch.tensor(gradients[key])
            norm = torch.nn.utils.clip_grad_norm_(list(values.values()), limit)
            return {key: value.grad.numpy() for key, value in values.items()}, norm.item()

        return run

    return [
        make("tf1", "clip-by-value", {"type": "value", "min": -1.0, "max": 1.5}, tf_each(lambda g: tf.clip_by_value(g, -1.0, 1.5))),
        make("tf1", "clip-by-norm", {"type": "norm", "limit": 3.0}, tf_each(lambda g: tf.clip_by_norm(g, 3.0))),
        make("tf1", "clip-by-norm-unreached", {"type": "norm", "limit": 100.0}, tf_each(lambda g: tf.clip_by_norm(g, 100.0))),
        make("tf1", "clip-by-global-norm", {"type": "globalNorm", "limit": 5.0}, tf_global(5.0)),
        make("tf1", "clip-by-global-norm-unreached", {"type": "globalNorm", "limit": 100.0}, tf_global(100.0)),
        make("torch", "clip-grad-norm", {"type": "globalNorm", "limit": 5.0}, torch_norm(5.0)),
        make("torch", "clip-grad-norm-small", {"type": "globalNorm", "limit": 0.001}, torch_norm(0.001)),
        make("torch", "clip-grad-norm-unreached", {"type": "globalNorm", "limit": 100.0}, torch_norm(100.0)),
    ]


# ---- schedules: values[t] is the rate in force during step t, counted from 0 ----

LENGTH = 60


def schedule_cases():
    schedulers = torch.optim.lr_scheduler

    def torch_case(name, schedule, make, metrics=None):
        parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        optimizer = torch.optim.SGD([parameter], lr=schedule["learningRate"])
        scheduler = make(optimizer)
        values = []
        for t in range(LENGTH):
            values.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            scheduler.step(*([] if metrics is None else [metrics[t]]))
        out = {"name": f"torch-{name}", "framework": "torch", "dtype": "float64", "schedule": schedule, "values": values}
        return out if metrics is None else {**out, "metrics": metrics}

    def tf1_case(name, schedule, make, dtype=tf.float64):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            step = tf.compat.v1.placeholder(tf.int64, [])
            rate = make(tf.constant(schedule["learningRate"], dtype), step)
            assert rate.dtype == dtype
            values = [float(session.run(rate, {step: t})) for t in range(LENGTH)]
        return {"name": f"tf1-{name}", "framework": "tf1", "dtype": dtype.name, "schedule": schedule, "values": values}

    def exponential(name, staircase):
        schedule = {"type": "exponentialDecay", "learningRate": 0.1, "decaySteps": 7, "decayRate": 0.8, "staircase": staircase}
        # The rate goes in as a tensor: a Python 0.8 would become float32 on the way.
        def make(lr, t):
            return tf.compat.v1.train.exponential_decay(lr, t, 7, tf.constant(0.8, tf.float64), staircase)

        return tf1_case(name, schedule, make)

    def cosine(name, alpha):
        schedule = {"type": "cosineDecay", "learningRate": 0.1, "decaySteps": 40, "alpha": alpha}
        # The framework's own pi is a float32 constant, so this one cannot run in float64.
        return tf1_case(name, schedule, lambda lr, t: tf.compat.v1.train.cosine_decay(lr, t, 40, alpha), tf.float32)

    # Falls, stalls, improves by less than the threshold, falls again, and stalls for good.
    draw = Draw("reduce-on-plateau", decimals=6)
    noise = np.abs(draw.normal([LENGTH], 0.01))
    falling = [1 - 0.05 * t for t in range(8)]
    creeping = [0.65 * (1 - 4e-5 * (t + 1)) for t in range(10)]  # each too small a step, but not all of them together
    level = [0.62 + noise[t] for t in range(14)]
    again = [0.5 - 0.02 * t for t in range(8)]
    metrics = np.round([*falling, *creeping, *level, *again, *(0.36 + noise[: LENGTH - 40])], 6).tolist()
    plateau = {
        "type": "reduceOnPlateau", "learningRate": 0.1, "mode": "min", "factor": 0.5, "patience": 2, "threshold": 1e-4,
        "thresholdMode": "rel", "cooldown": 1, "minimumRate": 0.0, "epsilon": 1e-8,
    }  # fmt: skip

    def make_plateau(optimizer):
        return schedulers.ReduceLROnPlateau(optimizer, "min", 0.5, 2, 1e-4, "rel", cooldown=1, min_lr=0.0, eps=1e-8)

    return [
        torch_case("step", {"type": "step", "learningRate": 0.1, "stepSize": 7, "gamma": 0.5}, lambda o: schedulers.StepLR(o, 7, 0.5)),
        torch_case("exponential", {"type": "exponential", "learningRate": 0.1, "gamma": 0.93}, lambda o: schedulers.ExponentialLR(o, 0.93)),
        torch_case(
            "cosine-annealing",
            {"type": "cosineAnnealing", "learningRate": 0.1, "period": 20, "minimumRate": 0.001},
            lambda o: schedulers.CosineAnnealingLR(o, 20, 0.001),
        ),
        torch_case("reduce-on-plateau", plateau, make_plateau, metrics),
        exponential("exponential-decay", False),
        exponential("exponential-decay-staircase", True),
        cosine("cosine-decay", 0.0),
        cosine("cosine-decay-alpha", 0.1),
    ]  # fmt: skip


def main():
    keras.config.set_floatx("float64")
    torch.set_num_threads(1)
    versions = f"{torch.__version__.split('+')[0]}, {tf.__version__}, {keras.__version__}"
    producer = {"name": "torch, tensorflow, keras", "version": versions, "script": "make_optimizers.py"}
    cases = torch_cases() + tf1_cases() + keras_cases()
    write("optimizers.json", producer, [c for c in cases if "rateDrop" not in c])
    write("rate-drop.json", producer, [c for c in cases if "rateDrop" in c])
    write("clipping.json", producer, clip_cases())
    write("schedules.json", producer, schedule_cases())


if __name__ == "__main__":
    main()

"""Makes the files of this folder with Keras itself: one small model per layer type that other folders do not cover.

    pip install tensorflow-cpu keras h5py safetensors && python make.py

or `python make.py NAME …` for some of them. Random weights, non-zero biases and moving statistics. Each case has NAME.keras (some also NAME.h5) and NAME.io.safetensors
with input, output (float32, as Keras printed it) and output_f64 (the same network in float64); several inputs stand side
by side. NAME-windows.keras is laid out as Keras 3 did on Windows: groups of HDF5 with backslashes in their names.
"""

import io
import json
import os
import sys
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import keras
import numpy as np
from keras import layers as L
from safetensors.numpy import save_file

rng = np.random.default_rng(7)


def randomise(model):
    for w in model.weights:
        if w.dtype == "int32" or "seed" in w.path or w.name == "count":
            continue
        shape = tuple(w.shape)
        value = rng.normal(size=shape) / np.sqrt(max(1, shape[0] if len(shape) > 1 else 4))
        if "variance" in w.path:
            value = rng.uniform(0.5, 1.5, size=shape)
        w.assign(value.astype("float32"))


def functional(build, steps=12, width=3):
    def make():
        x = keras.Input((steps, width))
        return keras.Model(x, build(x))

    return make


def sequential(*make_layers, steps=12, width=3):
    return lambda: keras.Sequential([keras.Input((steps, width))] + [make() for make in make_layers])


def skip(x):
    y = L.Conv1D(4, 3, padding="causal", activation="relu")(x)
    z = L.LSTM(4, return_sequences=True)(y)
    s = L.Add()([y, z])
    m = L.Multiply()([s, L.Dense(4, activation="sigmoid")(x)])
    d = L.Subtract()([m, y])
    a = L.Average()([d, z, y])
    c = L.Concatenate()([L.Maximum()([a, y]), L.Minimum()([a, z]), x])
    return L.Dense(3)(c)


def stacked(x):
    """Cells in one RNN, states that nobody uses, the last step by its index."""
    y = L.RNN([L.LSTMCell(4), L.GRUCell(3, use_bias=False), L.GRUCell(3, reset_after=False)], return_sequences=True)(x)
    y, *_ = L.LSTM(4, return_sequences=True, return_state=True)(y)
    return L.Dense(2)(L.RNN(L.StackedRNNCells([L.SimpleRNNCell(3), L.SimpleRNNCell(2)]), return_sequences=True)(y)[:, -1, :])


def shared(x):
    dense = L.Dense(5, activation="tanh")
    cell = L.GRU(5, return_sequences=True)
    first = cell(dense(x))
    inner = keras.Sequential([L.Dense(3), L.Activation("softplus")])
    return cell(dense(inner(first)))


def nested():
    block = lambda name: keras.Sequential(
        [L.Conv1D(6, 3, padding="same"), L.BatchNormalization(), L.ReLU(), L.LSTM(5, return_sequences=True)], name=name
    )
    x = keras.Input((12, 3))
    inner_in = keras.Input((12, 5))
    inner = keras.Model(inner_in, L.Add()([inner_in, L.Dense(5, activation="gelu")(inner_in)]), name="residual")
    y = inner(block("first")(x))
    y = block("second")(y)
    return keras.Model(x, L.Dense(2)(L.GlobalAveragePooling1D()(y)))


def activations():
    x = keras.Input((12, 3))
    y = x
    names = ["relu", "leaky_relu", "relu6", "elu", "selu", "celu", "gelu", "softplus", "softsign", "silu", "mish",
             "hard_sigmoid", "hard_silu", "hard_tanh", "tanh", "tanh_shrink", "exponential", "log_sigmoid",
             "squareplus", "sparse_plus", "sparse_sigmoid", "soft_shrink", "hard_shrink", "threshold", "sigmoid",
             "linear", "log_softmax", "softmax"]
    parts = []
    for name in names:
        act = (lambda t: keras.activations.threshold(t, 0.2, -0.1)) if name == "threshold" else name
        if name == "threshold":
            continue
        parts.append(L.Dense(4, activation=act)(y))
    parts += [L.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.2)(y), L.LeakyReLU(negative_slope=0.25)(y),
              L.ELU(alpha=0.7)(y), L.Softmax()(y), L.Activation("swish")(y)]
    return keras.Model(x, L.Concatenate()(parts))


def same_names():
    """Layers inside with the names of those around them."""
    x = keras.Input((12, 3))
    deep = keras.Sequential([L.Dense(3, name="x"), L.Dense(3, activation="tanh", name="p")], name="p")
    wrapped = L.Bidirectional(L.GRU(3, return_sequences=True, name="gru"), merge_mode="sum", name="both")
    block = keras.Sequential([deep, wrapped, L.GRU(3, return_sequences=True, name="backward_gru"), L.Dense(3, name="x")], name="x")
    return keras.Model(x, L.Dense(2, name="p")(block(x)))


def arithmetic(x):
    gate = L.Dense(4, activation="sigmoid")(x)
    return gate * L.Dense(4)(x) + (L.Dense(4)(x) - gate)


def rows(x):
    """Axes of what has no steps any more, as Keras 2 writes them by itself."""
    y = L.Concatenate(axis=1)([L.GlobalMaxPooling1D()(x), L.LSTM(2)(x), L.Flatten()(x)])
    y = L.LayerNormalization(axis=1)(L.BatchNormalization(axis=1)(y))
    return L.Softmax(axis=1)(L.Flatten()(L.Dense(4)(y)))


def normalization():
    layer = L.Normalization()
    layer.adapt(rng.normal(2, 3, size=(50, 12, 3)))
    return keras.Sequential([keras.Input((12, 3)), layer, L.Rescaling(0.5, offset=-0.25), L.Dense(4)])


def several_inputs():
    """In an order of their own, of several widths, one of them used twice."""
    a, b, c = (keras.Input((12, width), name=name) for name, width in [("a", 2), ("b", 5), ("c", 1)])
    return keras.Model([b, a, c], L.Dense(2)(L.Concatenate()([L.SimpleRNN(3, return_sequences=True)(a), b, c, a])))


CASES = {
    "bidirectional-concat": sequential(lambda: L.Bidirectional(L.LSTM(5, return_sequences=True)), lambda: L.Dense(2)),
    "bidirectional-sum-last": sequential(lambda: L.Bidirectional(L.GRU(5), merge_mode="sum"), lambda: L.Dense(2)),
    "bidirectional-two-layers": sequential(
        lambda: L.Bidirectional(L.SimpleRNN(4, return_sequences=True), backward_layer=L.LSTM(4, return_sequences=True, go_backwards=True), merge_mode="mul"),
        lambda: L.Bidirectional(L.LSTM(3), merge_mode="ave"),
    ),
    "backwards": sequential(lambda: L.GRU(5, go_backwards=True, return_sequences=True, reset_after=False)),
    "convolutions": sequential(
        lambda: L.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="relu"),
        lambda: L.Conv1D(6, 4, padding="same", groups=3, activation="elu"),
        lambda: L.Conv1D(5, 3, strides=2),
        steps=21,
    ),
    "pooling": sequential(
        lambda: L.Conv1D(6, 3), lambda: L.MaxPooling1D(2), lambda: L.AveragePooling1D(3, strides=1),
        lambda: L.GlobalMaxPooling1D(), lambda: L.Dense(3, activation="softmax"), steps=30,
    ),
    "flatten": sequential(lambda: L.Conv1D(4, 3, strides=2), lambda: L.Flatten(), lambda: L.Dense(3)),
    "time-distributed": sequential(
        lambda: L.TimeDistributed(L.Dense(5, activation="relu")), lambda: L.Dropout(0.4),
        lambda: L.TimeDistributed(L.LayerNormalization()), lambda: L.LSTM(4, use_bias=False),
        lambda: L.Dense(2, use_bias=False),
    ),
    "recurrent-options": sequential(
        lambda: L.LSTM(5, return_sequences=True, recurrent_activation="hard_sigmoid", activation="softsign"),
        lambda: L.GRU(5, return_sequences=True, reset_after=False, activation="relu"),
        lambda: L.RNN(L.GRUCell(4), return_sequences=True), lambda: L.RNN(L.LSTMCell(4), return_sequences=True),
        lambda: L.SimpleRNN(3, activation="sigmoid"),
    ),
    "batch-norm-options": sequential(
        lambda: L.BatchNormalization(scale=False), lambda: L.Dense(4), lambda: L.BatchNormalization(center=False, epsilon=1e-2),
        lambda: L.LayerNormalization(center=False), lambda: L.SpatialDropout1D(0.2), lambda: L.GaussianNoise(0.1),
    ),
    "normalization": normalization,
    "skip-connections": functional(skip),
    "stacked-cells": functional(stacked),
    "shared-layers": functional(shared),
    "nested-models": nested,
    "activations": activations,
    "bidirectional-forward-backwards": sequential(
        lambda: L.Bidirectional(L.LSTM(3, return_sequences=True, go_backwards=True), backward_layer=L.GRU(3, return_sequences=True)),
        lambda: L.Bidirectional(L.GRU(3, go_backwards=True), backward_layer=L.LSTM(3)),
    ),
    "same-names": same_names,
    "arithmetic": functional(arithmetic),
    "rows": functional(rows),
    "normalization-scalar": sequential(lambda: L.Normalization(axis=None, mean=0.5, variance=4.0), lambda: L.Softmax(axis=2)),
    "separable": sequential(
        lambda: L.SeparableConv1D(5, 3, depth_multiplier=2, dilation_rate=2, padding="same", activation="relu"),
        lambda: L.DepthwiseConv1D(4, depth_multiplier=3, strides=2), lambda: L.SeparableConv1D(2, 2, use_bias=False), steps=21,
    ),
    "strided-same": sequential(
        lambda: L.Conv1D(4, 3, strides=2, padding="same", activation="relu"), lambda: L.MaxPooling1D(2, padding="same"),
        lambda: L.TimeDistributed(L.Dense(4)),
        lambda: L.DepthwiseConv1D(5, strides=3, padding="same"), lambda: L.SeparableConv1D(3, 2, strides=2, padding="same"),
        steps=47,
    ),
    "several-inputs": several_inputs,
    "prelu": sequential(
        lambda: L.Conv1D(4, 3), lambda: L.PReLU(shared_axes=[1]), lambda: L.PReLU(shared_axes=[1, 2]),
        lambda: L.TimeDistributed(L.PReLU()), lambda: L.GlobalAveragePooling1D(), lambda: L.PReLU(), lambda: L.Dense(3),
    ),
}
WINDOWS = {"bidirectional-two-layers"}
LEGACY = {"bidirectional-concat", "stacked-cells", "skip-connections", "nested-models", "time-distributed", "convolutions", "shared-layers",
          "same-names", "prelu"}


def save_as_windows(name):
    """A group per part of a layer, named by its whole path, at the root."""
    with zipfile.ZipFile(f"{name}.keras") as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    weights = io.BytesIO()
    with h5py.File(io.BytesIO(files["model.weights.h5"])) as old, h5py.File(weights, "w") as new:
        def copy(path, group):
            if isinstance(group, h5py.Group) and "vars" in group:
                old.copy(group["vars"], new.create_group(path.replace("/", "\\")), "vars")

        old.visititems(copy)
    files["model.weights.h5"] = weights.getvalue()
    with zipfile.ZipFile(f"{name}-windows.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in files.items():
            archive.writestr(entry, data)


def main():
    index = []
    wanted = set(sys.argv[1:])
    for name, make in CASES.items():
        if wanted and name not in wanted:
            continue
        keras.backend.set_floatx("float32")
        keras.backend.clear_session()
        model = make()
        if name != "normalization":
            randomise(model)
        xs = [rng.normal(size=(2,) + tuple(x.shape[1:])).astype("float32") for x in model.inputs]
        x = np.concatenate(xs, axis=-1)
        y = np.asarray(model(xs if len(xs) > 1 else x, training=False))
        doubles = [x.astype("float64") for x in xs]
        exact = in_float64(model)(doubles if len(xs) > 1 else doubles[0], training=False)
        exact = np.asarray(exact, dtype="float64")
        files = [f"{name}.keras"]
        model.save(files[0])
        if name in LEGACY:
            files.append(f"{name}.h5")
            model.save(files[1])
        if name in WINDOWS:
            save_as_windows(name)
            files.append(f"{name}-windows.keras")
        save_file({"input": x, "output": y.astype("float32"), "output_f64": exact}, f"{name}.io.safetensors")
        index.append({"name": name, "files": files, "io": f"{name}.io.safetensors",
                      "keras_error": float(np.abs(y - exact).max()), "scale": float(np.abs(exact).max())})
        print(name, y.shape, index[-1]["keras_error"], index[-1]["scale"])
    import tensorflow as tf

    made = {"keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__}
    if wanted and os.path.exists("index.json"):
        with open("index.json") as f:
            index = [case for case in json.load(f)["cases"] if case["name"] not in wanted] + index
    with open("index.json", "w") as f:
        json.dump({"made_with": made, "cases": index}, f, indent=1)


def in_float64(model):
    """The same network with every layer in double precision."""
    config = json.loads(model.to_json().replace('"float32"', '"float64"'))
    keras.backend.set_floatx("float64")
    twin = keras.models.model_from_json(json.dumps(config))
    twin.set_weights([w.astype("float64") if w.dtype == np.float32 else w for w in model.get_weights()])
    for layer in twin.layers:
        if isinstance(layer, L.Normalization):
            layer.finalize_state()
    return twin


if __name__ == "__main__":
    main()

"""Makes keras-lmu-2020-*.h5: LMU(units=...) as the development version of keras-lmu wrote it between 0.1.0 and 0.2.0.

    git show 390ed4b:lmu/lmu.py > lmu2020.py      # in a clone of nengo/keras-lmu
    pip install tensorflow-cpu h5py safetensors scipy && python mid_2020.py

Numbers are those of its cells themselves, run with today's Keras; nengolib, which no longer installs, is replaced by the
delay system and the zero-order hold of SciPy. The files are laid out as TensorFlow 2.3 did.
"""

import json
import sys
import types

import h5py
import numpy as np
import scipy.linalg
from safetensors.numpy import save_file


def delay(theta, order):
    i = np.arange(order)
    sign = np.where(i[:, None] < i, -1.0, (-1.0) ** (i[:, None] - i + 1))
    A = sign * (2 * i[:, None] + 1) / theta
    B = ((-1.0) ** i * (2 * i + 1) / theta)[:, None]
    return types.SimpleNamespace(A=A, B=B, C=np.ones((1, order)), D=np.zeros((1, 1)))


def cont2discrete(system, dt, method):
    n = len(system.A)
    whole = scipy.linalg.expm(np.block([[system.A, system.B], [np.zeros((1, n + 1))]]) * dt)
    return types.SimpleNamespace(A=whole[:n, :n], B=whole[:n, n:], C=system.C, D=system.D)


signal, synapses = types.ModuleType("nengolib.signal"), types.ModuleType("nengolib.synapses")
signal.Identity = lambda: lambda system: types.SimpleNamespace(realization=system)
signal.cont2discrete = cont2discrete
synapses.LegendreDelay = delay
sys.modules.update({"nengolib": types.ModuleType("nengolib"), "nengolib.signal": signal, "nengolib.synapses": synapses})

import keras  # noqa: E402
import lmu2020  # noqa: E402

STEPS, WIDTH, UNITS, ORDER, THETA = 40, 2, 4, 6, 20
rng = np.random.default_rng(20)


def make(recurs, dtype):
    keras.backend.set_floatx(dtype)
    x = keras.Input((STEPS, WIDTH), dtype=dtype)
    return keras.Model(x, layer_of(recurs, dtype)(x))


def layer_of(recurs, dtype):
    options = dict(units=UNITS, order=ORDER, theta=THETA, hidden_activation="sigmoid", dtype=dtype)
    if not recurs:
        return lmu2020.LMUCellFFT(return_sequences=True, **options)
    return keras.layers.RNN(lmu2020.LMUCell(**options), return_sequences=True, dtype=dtype)


def config_of(recurs):
    """What its get_config gives; functions and initializers by name, as Keras 2 wrote them."""
    kinds = ["input_encoders", "hidden_encoders", "memory_encoders", "input_kernel", "hidden_kernel", "memory_kernel"]
    made = {f"{kind}_initializer": "glorot_normal" for kind in kinds}
    made["input_encorders_initializer"] = made.pop("input_encoders_initializer")  # sic
    return dict(
        name="lmu", trainable=True, dtype="float32", units=UNITS, order=ORDER, theta=THETA, method="zoh",
        factory="LegendreDelay", memory_to_memory=recurs, hidden_to_memory=recurs, hidden_to_hidden=recurs,
        **{f"trainable_{kind}": True for kind in kinds}, trainable_A=False, trainable_B=False, **made,
        hidden_activation="sigmoid", return_sequences=True,
    )


def save(path, recurs, weights):
    shape = [None, STEPS, WIDTH]
    source = dict(class_name="InputLayer", name="input_1", inbound_nodes=[],
                  config=dict(batch_input_shape=shape, dtype="float32", sparse=False, ragged=False, name="input_1"))
    layer = dict(class_name="LMU", config=config_of(recurs), name="lmu", inbound_nodes=[[["input_1", 0, 0, {}]]])
    model = dict(class_name="Functional", config=dict(
        name="functional_1", layers=[source, layer], input_layers=[["input_1", 0, 0]], output_layers=[["lmu", 0, 0]]))
    with h5py.File(path, "w") as f:
        f.attrs["model_config"], f.attrs["keras_version"], f.attrs["backend"] = json.dumps(model), "2.4.0", "tensorflow"
        group = f.create_group("model_weights/lmu")
        names = [("lmu/lmu_cell/" if recurs else "lmu/") + name + ":0" for name in weights]
        group.attrs["weight_names"] = [name.encode() for name in names]
        for name, value in zip(names, weights.values()):
            group[name] = value
        f["model_weights"].attrs["layer_names"] = [b"input_1", b"lmu"]


cases = []
for recurs in [True, False]:
    name = "keras-lmu-2020-" + ("recurrent" if recurs else "fft")
    single = make(recurs, "float32")
    # In float64, all of it step by step: the impulse response knows float32 alone.
    double = make(True, "float64")
    for w in single.weights:
        if w.name not in ["AT", "BT"]:
            w.assign(rng.normal(size=w.shape) / np.sqrt(w.shape[0]))
    values = {w.name: w.numpy() for w in single.weights}
    for w in double.weights:
        if w.name not in ["AT", "BT"]:
            w.assign(values.get(w.name, np.zeros(w.shape)))
    x = rng.normal(size=(2, STEPS, WIDTH)).astype("float32")
    y, exact = np.asarray(single(x)), np.asarray(double(x.astype("float64")))
    save(f"{name}.h5", recurs, values)
    save_file({"input": x, "output": y, "output_f64": exact}, f"{name}.io.safetensors")
    cases.append({"name": name, "files": [f"{name}.h5"], "io": f"{name}.io.safetensors",
                  "keras_error": float(np.abs(y - exact).max()), "scale": float(np.abs(exact).max())})
print(json.dumps(cases, indent=1))

"""Write a trained LMU model as a native lmu-wasm file, with the layer's own matrices.

    from export_lmu import export_keras, export_torch, export_io

    export_keras(model, "model.safetensors")                      # Sequential keras-lmu / Keras model
    export_torch([("lmu", net.lmu), ("classifier", net.classifier)], "model.safetensors")
    export_io(x, y, "io.safetensors")                             # then: npx lmu-wasm check model.safetensors io.safetensors

lmu-wasm reads .keras, .h5 and .pt files directly; this exporter is for bit-near parity. keras-lmu 0.4 and later compute
the memory's matrices in float32, differently on every machine, and do not store them: here they are written as the
layer holds them. Needs nothing but the framework the model was made with (and numpy, which comes with it).
"""

import json
import struct

import numpy as np


class Native:
    """A native file under construction: layers in order, tensors by name. Weights are [outputs, inputs]."""

    def __init__(self, source):
        self.description = {"version": 1, "input": {}, "layers": [], "source": source}
        self.tensors = {}

    def add(self, name, layer, tensors=None):
        name = name.replace(".", "/")
        self.description["layers"].append({"name": name, **layer})
        for role, value in (tensors or {}).items():
            if value is not None:
                self.tensors[f"{name}.{role}"] = np.ascontiguousarray(value, dtype=np.float32)

    def save(self, path):
        write_safetensors(path, self.tensors, {"lmu-wasm": json.dumps(self.description)})


def write_safetensors(path, tensors, metadata=None):
    """A safetensors file of float32, float64 and int32 arrays."""
    names = {"float32": "F32", "float64": "F64", "int32": "I32"}
    header, end = {"__metadata__": metadata or {}}, 0
    for name, value in tensors.items():
        header[name] = {"dtype": names[str(value.dtype)], "shape": list(value.shape), "data_offsets": [end, end + value.nbytes]}
        end += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in tensors.values():
            file.write(value.astype(value.dtype.newbyteorder("<")).tobytes())


def export_io(inputs, outputs, path):
    """Inputs [batch, steps, features] (token ids: int32 [batch, steps]) and what the model gave, for `lmu-wasm check`."""
    inputs, outputs = array(inputs), array(outputs)
    kind = np.int32 if np.issubdtype(inputs.dtype, np.integer) else np.float32
    write_safetensors(path, {"input": inputs.astype(kind), "output": outputs.astype(np.float32)})


# ---- Keras and keras-lmu ----


def export_keras(model, path):
    """A Sequential model of LMU, LMUFeedforward, RNN(LMUCell), LSTM, GRU, SimpleRNN, Dense, Activation, Dropout, Embedding."""
    import keras

    native = Native(f"Keras {keras.__version__} ({model.name})")
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    first = layers[0]
    if type(first).__name__ == "Embedding":
        native.description["input"] = {"vocabulary": int(first.input_dim)}
    else:
        native.description["input"] = {"width": int(model.input_shape[-1])}
    for layer in layers:
        keras_layer(native, layer)
    native.save(path)


def keras_layer(native, layer):
    kind, name = type(layer).__name__, layer.name
    if kind in ("Dropout", "GaussianNoise", "GaussianDropout", "SpatialDropout1D"):
        return
    if kind == "Embedding":
        native.add(name, {"type": "embedding"}, {"weight": layer.embeddings})
    elif kind == "Dense":
        bias = layer.bias if layer.use_bias else None
        native.add(name, {"type": "dense", **activation(layer)}, {"weight": transposed(layer.kernel), "bias": bias})
    elif kind == "Activation":
        native.add(name, {"type": "activation", **activation(layer)})
    elif kind in ("LSTM", "GRU", "SimpleRNN"):
        description, _, tensors = keras_cell(layer.cell)
        native.add(name, description, tensors)
    elif kind in ("LMU", "LMUFeedforward", "LMUFFT", "RNN"):
        keras_lmu(native, layer)
    else:
        raise ValueError(f"layer {name} is a {kind}: save the model as .keras, which lmu-wasm reads directly")
    if hasattr(layer, "return_sequences") and not layer.return_sequences:
        native.add(f"{name}/last", {"type": "last"})


def keras_lmu(native, layer):
    inner = layer.layer if type(layer).__name__ == "LMU" else layer
    owner = inner.cell if hasattr(inner, "cell") else inner  # holds the kernels
    cell = inner.delay_layer.cell if hasattr(inner, "delay_layer") else owner  # holds the matrices
    hidden = owner.hidden_cell
    order, memory = owner.order, owner.memory_d * owner.order
    kernel = owner.kernel if owner.kernel is not None else np.eye(owner.memory_d, dtype=np.float32)
    feeds_hidden = getattr(owner, "hidden_to_memory", False)
    kernel = transposed(kernel)
    inputs = kernel.shape[1] - (hidden_units(hidden) if feeds_hidden else 0)
    D, B, theta = matrices(cell, owner)
    tensors = {
        "encoder.input": kernel[:, :inputs],
        "encoder.hidden": kernel[:, inputs:] if feeds_hidden else None,
        "encoder.memory": transposed(owner.recurrent_kernel) if getattr(owner, "memory_to_memory", False) else None,
        "encoder.bias": array(owner.bias).reshape(-1) if getattr(owner, "use_bias", False) else None,
        "D": D,
        "B": B,
    }
    description = {"type": "lmu", "order": int(order), "theta": float(theta)}
    if hidden is not None:
        description["hidden"], weights, rest = keras_cell(hidden)
        tensors["hidden.memory"] = weights[:, :memory]
        tensors["hidden.input"] = weights[:, memory:] if owner.input_to_hidden else None
        tensors.update({f"hidden.{role}": value for role, value in rest.items() if role != "input"})
    native.add(layer.name, description, tensors)
    if hidden is None and owner.input_to_hidden:
        raise ValueError(f"layer {layer.name} passes its input along: save the model as .keras")


def matrices(cell, owner):
    """A - I and B of m <- A m + B u as the layer computes them, and theta."""
    A, B = array(cell.A).astype(np.float64), array(cell.B).astype(np.float64)
    order = A.shape[0]
    if not getattr(owner, "trainable_theta", False):
        return A.T - np.eye(order), B.reshape(-1), owner._init_theta
    inverse = float(array(owner.theta_inv))
    if owner.discretizer == "euler":  # the layer keeps continuous, unscaled matrices
        return A.T * inverse, B.reshape(-1) * inverse, 1 / inverse
    import tensorflow as tf  # the layer discretises anew with its trained theta, in float32

    base = np.concatenate([array(cell._base_A), array(cell._base_B)]).astype(np.float32) * np.float32(inverse)
    step = tf.linalg.expm(np.pad(base, [(0, 0), (0, 1)])).numpy().astype(np.float64)
    return step[:order, :order].T - np.eye(order), step[order, :order], 1 / inverse


def keras_cell(cell):
    """Description, input weights and tensors of a Dense layer or a recurrent cell."""
    kind = type(cell).__name__
    if kind == "Dense":
        bias = cell.bias if cell.use_bias else None
        return {"type": "dense", **activation(cell)}, transposed(cell.kernel), {"bias": bias}
    types = {"SimpleRNNCell": "rnn", "LSTMCell": "lstm", "GRUCell": "gru"}
    if kind not in types:
        raise ValueError(f"hidden cell {cell.name} is a {kind}, expected Dense, SimpleRNNCell, LSTMCell or GRUCell")
    description = {"type": types[kind], **activation(cell)}
    if kind != "SimpleRNNCell":
        description["gateActivation"] = activation(cell, "recurrent_activation").get("activation", "linear")
    bias, recurrent_bias = (array(cell.bias) if cell.use_bias else None), None
    if kind == "GRUCell":
        description["resetAfter"] = bool(cell.reset_after)
        if bias is not None and cell.reset_after:  # rows: input, recurrent; they only differ in the candidate
            gates = 2 * cell.units
            recurrent_bias = bias[1, gates:]
            bias = np.concatenate([bias[0, :gates] + bias[1, :gates], bias[0, gates:]])
    weights = transposed(cell.kernel)
    tensors = {"input": weights, "recurrent": transposed(cell.recurrent_kernel), "bias": bias, "recurrent_bias": recurrent_bias}
    return description, weights, tensors


def hidden_units(hidden):
    return int(hidden.units)


def activation(layer, attribute="activation"):
    name = getattr(getattr(layer, attribute), "__name__", "linear")
    if name == "<lambda>":
        raise ValueError(f"layer {layer.name} has a lambda as {attribute}, expected a function of Keras")
    return {} if name == "linear" and attribute == "activation" and "Cell" not in type(layer).__name__ else {"activation": name}


def array(value):
    value = value.detach().cpu() if hasattr(value, "detach") else value
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def transposed(value):
    return array(value).T


# ---- PyTorch ----


def export_torch(modules, path):
    """(name, module) in order: pytorch-lmu's LMU, LMUCell or LMUFFT, nn.Linear, nn.LSTM, nn.GRU, nn.Embedding."""
    import torch

    if not isinstance(modules, (list, tuple)) or not modules:
        raise TypeError(f"modules is {type(modules).__name__}, expected a list of (name, module) in order of execution")
    native = Native(f"PyTorch {torch.__version__}")
    first = modules[0][1]
    if isinstance(first, torch.nn.Embedding):
        native.description["input"] = {"vocabulary": first.num_embeddings}
    else:
        native.description["input"] = {"width": input_width(first)}
    for name, module in modules:
        torch_module(native, name, module)
    native.save(path)


def torch_module(native, name, module):
    state = {key.removeprefix("cell."): value.detach().cpu().double().numpy() for key, value in module.state_dict().items()}
    kind = type(module).__name__
    if {"e_x", "W_h", "A"} <= state.keys():
        native.add(name, lmu(state, {"type": "rnn", "activation": "tanh"}), {
            "encoder.input": state["e_x"], "encoder.hidden": state["e_h"], "encoder.memory": state["e_m"],
            "D": state["A"] - np.eye(len(state["A"])), "B": state["B"].reshape(-1),
            "hidden.input": state["W_x"], "hidden.recurrent": state["W_h"], "hidden.memory": state["W_m"]})
    elif {"W_u.weight", "W_h.weight", "A"} <= state.keys():
        order = len(state["A"])
        native.add(name, {**lmu(state, {"type": "dense", "activation": "relu"}), "encoderActivation": "relu"}, {
            "encoder.input": state["W_u.weight"], "encoder.bias": state["W_u.bias"],
            "D": state["A"] - np.eye(order), "B": state["B"].reshape(-1),
            "hidden.memory": state["W_h.weight"][:, :order], "hidden.input": state["W_h.weight"][:, order:],
            "hidden.bias": state["W_h.bias"]})
    elif kind == "Linear":
        native.add(name, {"type": "dense"}, {"weight": state["weight"], "bias": state.get("bias")})
    elif kind == "Embedding":
        native.add(name, {"type": "embedding"}, {"weight": state["weight"]})
    elif kind in ("LSTM", "GRU"):
        torch_recurrent(native, name, module, state)
    else:
        raise ValueError(f"module {name} is a {kind}: save its state_dict, which lmu-wasm reads directly")


def torch_recurrent(native, name, module, state):
    if module.bidirectional or getattr(module, "proj_size", 0):
        raise ValueError(f"module {name} is bidirectional or projected, which is not supported")
    for k in range(module.num_layers):
        W, U = state[f"weight_ih_l{k}"], state[f"weight_hh_l{k}"]
        b, c = state.get(f"bias_ih_l{k}"), state.get(f"bias_hh_l{k}")
        tensors = {"input": W, "recurrent": U, "bias": None if b is None else b + c}
        if type(module).__name__ == "GRU":
            n = module.hidden_size  # PyTorch: reset, update, candidate; here: update, reset, candidate
            order = np.r_[n : 2 * n, 0:n, 2 * n : 3 * n]
            tensors = {"input": W[order], "recurrent": U[order]}
            if b is not None:
                bias = (b + c)[order]
                bias[2 * n :] = b[2 * n :]
                tensors.update(bias=bias, recurrent_bias=c[2 * n :])
        native.add(f"{name}/{k}", {"type": type(module).__name__.lower()}, tensors)


def lmu(state, hidden):
    return {"type": "lmu", "order": len(state["A"]), "hidden": hidden}


def input_width(module):
    state = {key.removeprefix("cell."): value for key, value in module.state_dict().items()}
    for key in ("e_x", "W_u.weight", "weight_ih_l0", "weight"):
        if key in state:
            return int(state[key].shape[1])
    raise ValueError(f"{type(module).__name__} cannot come first, expected the modules inside it, one by one")

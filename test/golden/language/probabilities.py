"""A language model of Keras that ends in a softmax, as most do, and what it gives in float64: ln of the probabilities."""
import keras
import numpy as np
from safetensors.numpy import save_file


def network(dtype):
    keras.config.set_dtype_policy(dtype)
    layers = [keras.layers.Embedding(11, 5), keras.layers.GRU(6, return_sequences=True), keras.layers.Dense(11, activation="softmax")]
    return keras.Sequential([keras.Input((None,), dtype="int32"), *layers])


random = np.random.default_rng(13)
small, exact = network("float32"), network("float64")
# Far from even.
weights = [random.standard_normal(w.shape).astype("float32") * (3 if w.shape == (6, 11) else 1) for w in small.get_weights()]
small.set_weights(weights)
exact.set_weights(weights)
small.save("probabilities.keras")
ids = random.integers(0, 11, (1, 30)).astype("int32")
save_file({"ids": ids, "logits_f64": np.log(np.asarray(exact(ids)))}, "probabilities.io.safetensors")

"""Golden losses and gradients, written by optax and jax (pip install optax==0.2.8) in float64.

    python losses.py > losses.json
"""
import json

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(3)
N, K = 5, 4
a = np.round(rng.normal(size=(N, K)) * 2, 3)
b = np.round(rng.normal(size=(N, K)), 3)
c = np.round(rng.normal(size=(N, K)), 3)
sign = np.sign(b)
zero_one = np.round(rng.random((N, K)), 3)
classes = rng.integers(0, K, N)
distribution = np.round(rng.dirichlet(np.ones(K), N), 3)
distribution[0] = [0, 1, 0, 0]
counts = rng.integers(0, 6, (N, K)).astype(float)
pair = np.array([1.0, -1.0, 1.0, -1.0, 1.0])


def mean(f):
    return lambda p, y: f(p, y).mean(axis=-1)


def cosine(p, y, label):
    s = optax.cosine_similarity(p, y)
    return jnp.where(label > 0, 1 - s, jnp.maximum(0, s - 0.1))


cases = {
    "l1": (mean(lambda p, y: jnp.abs(p - y)), b),
    "l2": (mean(optax.l2_loss), b),
    "huber": (mean(lambda p, y: optax.huber_loss(p, y, delta=0.7) / 0.7), b),
    "sigmoidBce": (mean(optax.sigmoid_binary_cross_entropy), zero_one),
    "logistic": (mean(lambda p, y: jnp.log1p(jnp.exp(-p * y))), sign),
    "hinge": (mean(optax.hinge_loss), sign),
    "squaredHinge": (mean(lambda p, y: optax.hinge_loss(p, y) ** 2), sign),
    "klDivergence": (lambda p, y: optax.kl_divergence(jax.nn.log_softmax(p), y) / K, distribution),
    "poissonNll": (mean(lambda p, y: jnp.exp(p) - y * p), counts),
    "softmaxCrossEntropy": (optax.softmax_cross_entropy_with_integer_labels, classes),
    "softmaxCrossEntropyOfDistributions": (optax.softmax_cross_entropy, distribution),
}
out = {"prediction": a.ravel().tolist()}
for name, (f, y) in cases.items():
    out[name] = {
        "label": y.ravel().tolist(),
        "loss": np.asarray(f(a, y)).tolist(),
        "gradient": np.asarray(jax.grad(lambda p: f(p, y).sum())(a)).ravel().tolist(),
    }
triplet = lambda p: jnp.maximum(0, ((p - b) ** 2 - (p - c) ** 2).sum(-1) + 1)
out["triplet"] = {
    "second": b.ravel().tolist(),
    "third": c.ravel().tolist(),
    "loss": np.asarray(triplet(a)).tolist(),
    "gradient": np.asarray(jax.grad(lambda p: triplet(p).sum())(a)).ravel().tolist(),
}
embedding = lambda p: cosine(p, b, pair)
out["cosineEmbedding"] = {
    "second": b.ravel().tolist(),
    "third": pair.tolist(),
    "loss": np.asarray(embedding(a)).tolist(),
    "gradient": np.asarray(jax.grad(lambda p: embedding(p).sum())(a)).ravel().tolist(),
}
print(json.dumps(out))

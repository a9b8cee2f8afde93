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



def smoothed(p, y):
    return optax.softmax_cross_entropy(p, optax.smooth_labels(jax.nn.one_hot(y, K), 0.2))


def softmax_focal(p, y):
    q = jnp.take_along_axis(jax.nn.softmax(p), y[:, None], 1)[:, 0]
    return -((1 - q) ** 2) * jnp.log(q)


def dice(p, y):
    q = jax.nn.sigmoid(p)
    return 1 - (2 * (q * y).sum(-1) + 1) / (q.sum(-1) + y.sum(-1) + 1)


def gaussian(p, y):
    mean, log_variance = p[:, :2], p[:, 2:]
    return -(jax.scipy.stats.norm.logpdf(y, mean, jnp.exp(log_variance / 2)) + 0.5 * jnp.log(2 * jnp.pi)).mean(-1)


def multi_label_margin(p, y):
    losses = []
    for i in range(N):
        has = [k for k in range(K) if y[i, k] == 1]
        lacks = [k for k in range(K) if y[i, k] == 0]
        losses.append(sum(jnp.maximum(0, 1 - (p[i, h] - p[i, l])) for h in has for l in lacks) / K)
    return jnp.stack([jnp.asarray(x, dtype=p.dtype) for x in losses])


multi = (rng.random((N, K)) < 0.5).astype(float)
cases.update({
    "smoothedCrossEntropy": (smoothed, classes),
    "focal": (mean(lambda p, y: optax.sigmoid_focal_loss(p, y, alpha=0.25, gamma=2.0)), multi),
    "softmaxFocal": (softmax_focal, classes),
    "dice": (dice, multi),
    "quantile": (mean(lambda p, y: jnp.where(y > p, 0.9 * (y - p), 0.1 * (p - y))), b),
    "gaussianNll": (gaussian, b[:, :2]),
    "multiLabelMargin": (multi_label_margin, multi),
})


def unit(x):
    return x / jnp.linalg.norm(x, axis=-1, keepdims=True)


def info_nce(p, q):
    logits = unit(p) @ unit(q).T / 0.3
    f = optax.softmax_cross_entropy_with_integer_labels
    return (f(logits, jnp.arange(N)) + f(logits.T, jnp.arange(N))) / 2


def nt_xent(p, q):
    x = unit(jnp.concatenate([p, q]))
    logits = jnp.where(jnp.eye(2 * N) == 1, -jnp.inf, x @ x.T / 0.5)
    each = optax.softmax_cross_entropy_with_integer_labels(logits, jnp.roll(jnp.arange(2 * N), -N))
    return (each[:N] + each[N:]) / 2


def contrastive(p, q):
    d = jnp.linalg.norm(p - q, axis=-1)
    return jnp.where(pair > 0, 0.5 * d**2, 0.5 * jnp.maximum(0, 6 - d) ** 2)


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
labels = jnp.tile(jnp.arange(N), 2)
assert np.allclose(nt_xent(a, b).mean(), optax.ntxent(jnp.concatenate([a, b]), labels, 0.5)), "SimCLR's mean is optax's"
for name, f in {"infoNce": info_nce, "ntXent": nt_xent, "contrastive": contrastive}.items():
    out[name] = {
        "second": b.ravel().tolist(),
        "third": pair.tolist(),
        "loss": np.asarray(f(a, b)).tolist(),
        "gradient": np.asarray(jax.grad(lambda p: f(p, b).sum())(a)).ravel().tolist(),
    }
print(json.dumps(out))

"""Golden steps of optimizers, written by optax (pip install optax==0.2.8) in float64.

    python optimizers.py > optimizers.json

Nadam with a momentum schedule is not in optax: it is computed here from the paper (T. Dozat, ICLR 2016 workshop). Lans
likewise (S. Zheng et al., arXiv:2006.13484). FTML, DCASGD and GroupAdaGrad are those of MXNet: optimizers_mxnet.py.
"""
import json

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import numpy as np
import optax

W = [1.0, -2.0, 0.5, 0.0]
G = [[0.5, 0.25, -1.0, 0.0], [-0.3, 0.1, 0.2, 0.7], [0.05, -0.4, 0.3, 0.1]]
LR, WD = 0.1, 0.01


def run(transform, rounds=1):
    w = jnp.array(W)
    state = transform.init(w)
    steps = []
    for g in G * rounds:
        u, state = transform.update(jnp.array(g), state, w)
        w = optax.apply_updates(w, u)
        steps.append([float(x) for x in w])
    return steps


def nadam(b1=0.9, b2=0.999, eps=1e-8, psi=0.004):
    w, m, v, product = np.array(W), np.zeros(4), np.zeros(4), 1.0
    steps = []
    for t, g in enumerate(G, 1):
        g = np.array(g) + WD * w
        mu, after = (b1 * (1 - 0.5 * 0.96 ** (s * psi)) for s in (t, t + 1))
        product *= mu
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        mean = (1 - mu) * g / (1 - product) + after * m / (1 - product * after)
        w = w - LR * mean / (np.sqrt(v / (1 - b2**t)) + eps)
        steps.append(w.tolist())
    return steps


def lans(b1=0.9, b2=0.999, eps=1e-6):
    w, m, v = np.array(W), np.zeros(4), np.zeros(4)
    norm = np.linalg.norm
    steps = []
    for t, g in enumerate(G, 1):
        g = np.array(g) / norm(g)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        root = np.sqrt(v / (1 - b2**t)) + eps
        a = m / (1 - b1**t) / root + WD * w
        b = g / root + WD * w
        w = w - LR * norm(w) * (b1 * a / norm(a) + (1 - b1) * b / norm(b))
        steps.append(w.tolist())
    return steps


def lookahead(fast, every, rate):
    transform = optax.lookahead(fast, every, rate)
    params = optax.LookaheadParams.init_synced(jnp.array(W))
    state = transform.init(params)
    steps = []
    for g in G:
        u, state = transform.update(jnp.array(g), state, params)
        params = optax.apply_updates(params, u)
        steps.append([float(x) for x in params.fast])
    return steps


decay, down = optax.add_decayed_weights(WD), optax.scale(-LR)
print(json.dumps({
    "weights": W,
    "gradients": G,
    "sgd": run(optax.chain(decay, optax.sgd(LR))),
    "sgdMomentum": run(optax.chain(decay, optax.sgd(LR, momentum=0.9))),
    "nag": run(optax.chain(decay, optax.sgd(LR, momentum=0.9, nesterov=True))),
    "adam": run(optax.chain(decay, optax.adam(LR))),
    "adamW": run(optax.adamw(LR, weight_decay=WD)),
    "adaGrad": run(optax.chain(optax.scale_by_rss(initial_accumulator_value=0.0, eps=1e-7), decay, down)),
    "adaDelta": run(optax.chain(optax.scale_by_adadelta(rho=0.9, eps=1e-5), decay, down)),
    "rmsProp": run(optax.chain(decay, optax.scale_by_rms(decay=0.9, eps=1e-8, eps_in_sqrt=True), down)),
    "gravesRmsProp": run(optax.chain(
        decay, optax.scale_by_stddev(decay=0.9, eps=1e-8, eps_in_sqrt=True), down, optax.trace(decay=0.9))),
    "adamax": run(optax.chain(decay, optax.adamax(LR))),
    "nadam": nadam(),
    "lamb": run(optax.lamb(LR, weight_decay=WD)),
    "lars": run(optax.lars(LR, weight_decay=0, trust_coefficient=0.001, eps=1e-8, momentum=0.9)),
    "lans": lans(),
    "lion": run(optax.lion(LR, weight_decay=WD)),
    "adaBelief": run(optax.chain(optax.scale_by_belief(), decay, down)),
    "amsGrad": run(optax.chain(decay, optax.amsgrad(LR))),
    "rAdam": run(optax.chain(decay, optax.radam(LR))),
    "rAdamCertain": run(optax.chain(decay, optax.radam(LR, b2=0.9)), rounds=3),
    "lookahead": lookahead(optax.chain(decay, optax.sgd(LR, momentum=0.9)), 2, 0.5),
}, indent=1))

"""Golden steps of optimizers and learning rates of schedules, by PyTorch (pip install torch==2.5.1) in float64.

    python optim_torch.py > optim_torch.json

Where PyTorch's definition is another one than Kiln's, which is MXNet's or optax's, the attributes are chosen so that both
say the same: epsilon vanishes where one adds it inside the root and the other outside, weight decay is none where one puts
it into the moments and the other does not, and AMSGrad sees growing gradients.
"""
import json
import math

import torch
from torch.optim import lr_scheduler as schedules

W = [1.0, -2.0, 0.5, 0.1, 3.0, -0.7]
STEPS = 20
G = [[round(math.sin(1.7 * t + 2.3 * i) + 0.4 * math.cos(0.9 * t * i + 1), 3) or 0.05 for i in range(len(W))]
     for t in range(STEPS)]
GROWING = [[round((-1) ** t * 0.1 * (i + 1) * 1.3**t, 4) for i in range(len(W))] for t in range(STEPS)]
WD = 0.01


def run(kind, gradients=G, **attributes):
    w = torch.nn.Parameter(torch.tensor(W, dtype=torch.float64))
    optimizer = kind([w], **attributes)
    steps = []
    for g in gradients:
        w.grad = torch.tensor(g, dtype=torch.float64)
        optimizer.step()
        steps.append(w.tolist())
    return steps


def rates(make, rate=1.0, steps=STEPS):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    schedule = make(optimizer)
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


def plateau(values, **attributes):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = schedules.ReduceLROnPlateau(optimizer, **attributes)
    seen = []
    for v in values:
        optimizer.step()
        schedule.step(v)
        seen.append(optimizer.param_groups[0]["lr"])
    return seen


def warm_up(optimizer):
    rise = schedules.LinearLR(optimizer, start_factor=0.2, total_iters=4)
    fall = schedules.StepLR(optimizer, 3, 0.5)
    return schedules.SequentialLR(optimizer, [rise, fall], [4])


o = torch.optim
VALUES = [4, 3.8, 3, 2.9, 2.8, 2, 2, 2, 2, 2, 2, 2]
print(json.dumps({
    "weights": W,
    "gradients": G,
    "growing": GROWING,
    "optimizers": {
        "sgd": run(o.SGD, lr=0.1, weight_decay=WD),
        "sgdMomentum": run(o.SGD, lr=0.1, momentum=0.9, weight_decay=WD),
        "nag": run(o.SGD, lr=0.1, momentum=0.9, nesterov=True, weight_decay=WD),
        "adam": run(o.Adam, lr=0.1, weight_decay=WD),
        "adamW": run(o.AdamW, lr=0.1, weight_decay=WD),
        "amsGrad": run(o.Adam, GROWING, lr=0.1, amsgrad=True, weight_decay=0),
        "adaGrad": run(o.Adagrad, lr=0.1, eps=0),
        "adaDelta": run(o.Adadelta, lr=0.1, rho=0.9, eps=1e-5),
        "rmsProp": run(o.RMSprop, lr=0.1, alpha=0.9, eps=0, weight_decay=WD),
        "gravesRmsProp": run(o.RMSprop, lr=0.01, alpha=0.9, eps=0, weight_decay=WD, momentum=0.9, centered=True),
        "adamax": run(o.Adamax, lr=0.1, weight_decay=WD),
        "nadam": run(o.NAdam, lr=0.1, weight_decay=WD, momentum_decay=0.004),
        "rAdam": run(o.RAdam, lr=0.1, weight_decay=WD),
    },
    "schedules": {
        "step": rates(lambda s: schedules.StepLR(s, 3, 0.5), 0.8),
        "multiStep": rates(lambda s: schedules.MultiStepLR(s, [2, 3, 11], 0.1)),
        "exponential": rates(lambda s: schedules.ExponentialLR(s, 0.9)),
        "polynomial": rates(lambda s: schedules.PolynomialLR(s, 12, 2)),
        "cosine": rates(lambda s: schedules.CosineAnnealingLR(s, STEPS, 0.2)),
        "restarts": rates(lambda s: schedules.CosineAnnealingWarmRestarts(s, 3, 2, 0.1)),
        # PyTorch ends its phases a step earlier than optax, whose share of the first one is 3 of 10 here.
        "oneCycle": rates(lambda s: schedules.OneCycleLR(s, 1.0, total_steps=11, pct_start=4 / 11), steps=10),
        "warmUp": rates(warm_up),
        "constant": rates(lambda s: schedules.ConstantLR(s, 1.0), 0.3),
    },
    "plateauValues": VALUES,
    # PyTorch lowers the rate at the value behind the last one that its patience allows, optax at that one.
    "plateau": plateau(VALUES, factor=0.5, patience=1, threshold=0.1, cooldown=1),
}, indent=1))

"""Golden values of metrics, written by scikit-learn (pip install scikit-learn==1.9.1 numpy).

    python metrics.py > metrics.json
"""
import json

import numpy as np
import sklearn.metrics as m
from scipy.stats import pearsonr

rng = np.random.default_rng(7)
n, k = 60, 4
labels = rng.integers(0, k, n)
logits = (rng.normal(size=(n, k)) + 1.5 * np.eye(k)[labels]).astype(np.float32)
p = np.exp(logits.astype(np.float64))
p = (p / p.sum(1, keepdims=True)).astype(np.float32)
said = logits.argmax(1)
binary = rng.integers(0, 2, n)
scores = np.clip(np.round(0.3 * binary + 0.7 * rng.random(n), 2), 0, 1).astype(np.float32)
y = rng.normal(size=n).astype(np.float32)
guess = (0.8 * y + 0.3 * rng.normal(size=n)).astype(np.float32)
f8 = np.float64
ce = float(-np.mean(np.log(p.astype(f8)[np.arange(n), labels])))
print(json.dumps({
    "labels": labels.tolist(),
    "logits": logits.ravel().tolist(),
    "probabilities": p.ravel().tolist(),
    "binary": binary.tolist(),
    "scores": scores.tolist(),
    "y": y.tolist(),
    "guess": guess.tolist(),
    "accuracy": m.accuracy_score(labels, said),
    "top2": m.top_k_accuracy_score(labels, logits, k=2, labels=range(k)),
    "f1Binary": m.f1_score(binary, scores > 0.5),
    "f1Macro": m.f1_score(labels, said, average="macro"),
    "f1Micro": m.f1_score(labels, said, average="micro"),
    "mcc": m.matthews_corrcoef(labels, said),
    "mccBinary": m.matthews_corrcoef(binary, scores > 0.5),
    "mae": m.mean_absolute_error(y.astype(f8), guess.astype(f8)),
    "mse": m.mean_squared_error(y.astype(f8), guess.astype(f8)),
    "rmse": m.root_mean_squared_error(y.astype(f8), guess.astype(f8)),
    "crossEntropy": ce,
    "perplexity": float(np.exp(ce)),
    "auc": m.roc_auc_score(binary, scores),
    "pearson": float(pearsonr(y.astype(f8), guess.astype(f8))[0]),
}))

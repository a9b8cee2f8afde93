"""Golden values of metrics, written by scikit-learn (pip install scikit-learn==1.9.1 numpy); BLEU by
nltk (pip install nltk==3.10.4).

    python metrics.py > metrics.json
"""
import json

import numpy as np
import sklearn.metrics as m
from nltk.translate.bleu_score import corpus_bleu
from scipy.stats import pearsonr
from sklearn.calibration import calibration_curve

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
confidence, right = p.max(1).astype(f8), (said == labels).astype(int)
accuracy_of_bin, confidence_of_bin = calibration_curve(right, confidence, n_bins=5)
counts = np.histogram(confidence, np.linspace(0, 1, 6))[0]
calibration = float(np.sum(counts[counts > 0] / n * np.abs(accuracy_of_bin - confidence_of_bin)))
references = rng.integers(0, 6, (8, 9))
candidates = np.where(rng.random((8, 9)) < 0.8, references, rng.integers(0, 6, (8, 9)))
lengths = rng.integers(5, 10, (2, 8))
for i in range(8):
    references[i, lengths[0, i]:] = -1
    candidates[i, lengths[1, i]:] = -1
words = lambda rows: [[int(t) for t in r if t >= 0] for r in rows]
two = [[r, list(reversed(r))[:-1]] for r in words(references)]
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
    "averagePrecision": m.average_precision_score(binary, scores),
    "meanIou": m.jaccard_score(labels, said, average="macro"),
    "logLoss": m.log_loss(binary, np.clip(scores.astype(f8), 1e-12, 1 - 1e-12)),
    "r2": m.r2_score(y.astype(f8), guess.astype(f8)),
    "quantileError": m.mean_pinball_loss(y.astype(f8), guess.astype(f8), alpha=0.9),
    "calibrationError": calibration,
    "references": references.ravel().tolist(),
    "candidates": candidates.ravel().tolist(),
    "bleu": corpus_bleu([[r] for r in words(references)], words(candidates)),
    "bleuOfTwo": corpus_bleu(two, words(candidates)),
    "pearson": float(pearsonr(y.astype(f8), guess.astype(f8))[0]),
}))

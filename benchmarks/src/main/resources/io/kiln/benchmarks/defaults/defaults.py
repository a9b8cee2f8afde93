"""Writes the tables of `bin/kiln bench defaults` and scikit-learn's scores on them. Needs scikit-learn and statsmodels.

    python3 defaults.py tables     writes *.csv beside this file: fold, features, target
    python3 defaults.py scores     writes scikit-learn.tsv: table, model, score
    python3 defaults.py scores mnist DIR | spam DIR      adds rows of data that is not kept here

Scores: accuracy, or RMSE for diabetes; rows of each of five folds are predicted by a model of the other four.
"""

import csv, gzip, json, re, struct, sys
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn import datasets
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
TABLES = ["iris", "wine", "cancer", "digits", "vote", "diabetes"]
HASHED = 4096


def vote():
    """American National Election Survey 1996: which of two candidates, from answers on scales, one column per answer."""
    import statsmodels.api as sm

    d = sm.datasets.anes96.load_pandas().data
    columns = []
    for name in ["TVnews", "selfLR", "ClinLR", "DoleLR", "PID", "educ", "income"]:
        columns += [(d[name] == v).astype(int) for v in sorted(d[name].unique())]
    return np.stack(columns, 1), d["vote"].astype(int).to_numpy()


def load(name):
    if name == "vote":
        return vote()
    loaded = {
        "iris": datasets.load_iris,
        "wine": datasets.load_wine,
        "cancer": datasets.load_breast_cancer,
        "digits": datasets.load_digits,
        "diabetes": datasets.load_diabetes,
    }[name]()
    return loaded.data, loaded.target


def tables():
    for name in TABLES:
        x, y = load(name)
        folds = (KFold if name == "diabetes" else StratifiedKFold)(5, shuffle=True, random_state=1)
        fold = np.zeros(len(y), int)
        for i, (_, test) in enumerate(folds.split(x, y)):
            fold[test] = i
        with open(HERE / f"{name}.csv", "w", newline="") as f:
            out = csv.writer(f, lineterminator="\n")
            for k, row, target in zip(fold, x, y):
                out.writerow([k] + ["%.9g" % v for v in row] + ["%.9g" % target])


def table(name):
    d = np.loadtxt(HERE / f"{name}.csv", delimiter=",")
    return d[:, 0].astype(int), d[:, 1:-1], d[:, -1]


def mnist(folder, part):
    with gzip.open(Path(folder) / f"{part}-images-idx3-ubyte.gz") as f:
        n = struct.unpack(">iiii", f.read(16))[1]
        x = np.frombuffer(f.read(), np.uint8).reshape(n, -1) / 255.0
    with gzip.open(Path(folder) / f"{part}-labels-idx1-ubyte.gz") as f:
        f.read(8)
        return x, np.frombuffer(f.read(), np.uint8).astype(int)


def java_hash(word):
    h = 0
    for c in word:
        h = (31 * h + ord(c)) & 0xFFFFFFFF
    return h


def spam(folder, part):
    """ln(1 + count) of lower-case words, hashed to columns by Java's String.hashCode."""
    indptr, indices, values, y = [0], [], [], []
    with gzip.open(Path(folder) / f"{part}.jsonl.gz", "rt") as f:
        for line in f:
            mail = json.loads(line)
            counts = {}
            for w in re.findall("[a-z]{2,}", (mail["subject"] + " " + mail["body"]).lower()):
                column = java_hash(w) % HASHED
                counts[column] = counts.get(column, 0) + 1
            indices += counts
            values += np.log1p(list(counts.values())).tolist()
            indptr.append(len(indices))
            y.append(mail["label"])
    return csr_matrix((values, indices, indptr), (len(y), HASHED)), np.array(y)


def models(name):
    if name == "diabetes":
        return {"LinearRegression": LinearRegression(), "MLPRegressor": MLPRegressor(random_state=1, max_iter=200)}
    return {"LogisticRegression": LogisticRegression(max_iter=2000), "MLPClassifier": MLPClassifier(random_state=1)}


def scaled(name, model):
    return model if name in ("vote", "mnist", "spam") else make_pipeline(StandardScaler(), model)


def score(name, predicted, y):
    return np.sqrt(np.mean((predicted - y) ** 2)) if name == "diabetes" else np.mean(predicted == y)


def scores(name, folder=None):
    for kind, model in models(name).items():
        m = scaled(name, model)
        if folder:
            read = mnist if name == "mnist" else spam
            x, y = read(folder, "train")
            tx, ty = read(folder, "test")
            yield kind, score(name, m.fit(x, y).predict(tx), ty)
        else:
            fold, x, y = table(name)
            predicted = np.zeros(len(y))
            for k in range(5):
                predicted[fold == k] = m.fit(x[fold != k], y[fold != k]).predict(x[fold == k])
            yield kind, score(name, predicted, y)


def main(command, name=None, folder=None):
    if command == "tables":
        tables()
        return
    with open(HERE / "scikit-learn.tsv", "a" if name else "w") as out:
        for n in [name] if name else TABLES:
            for kind, value in scores(n, folder):
                out.write(f"{n}\t{kind}\t{value:.6f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Golden numbers of losses of lists, survival times and two towers, from their formulas in plain Python: lists.py > lists.json"""

import json
import math
import random

draw = random.Random(7)
LISTS, LENGTH = 4, 5
scores = [[round(draw.gauss(0, 1.5), 3) for _ in range(LENGTH)] for _ in range(LISTS)]
relevances = [[0, 2, 1, 0, 3], [1, 1, 0, -1, -1], [2, 2, 2, 2, -1], [0, 1, -1, -1, -1]]
scores[0][3] = scores[0][0]  # a tie


def members(n):
    return [j for j in range(LENGTH) if relevances[n][j] >= 0]


def log_softmax(x):
    top = max(x)
    whole = top + math.log(sum(math.exp(v - top) for v in x))
    return [v - whole for v in x]


def list_net(n):
    m = members(n)
    q = [math.exp(v) for v in log_softmax([relevances[n][j] for j in m])]
    return -sum(a * b for a, b in zip(q, log_softmax([scores[n][j] for j in m]), strict=True))


def pairs(n):
    return [(j, k) for j in members(n) for k in members(n) if relevances[n][j] > relevances[n][k]]


def logistic(n, j, k):
    return math.log1p(math.exp(scores[n][k] - scores[n][j]))


def rank_net(n):
    return sum(logistic(n, j, k) for j, k in pairs(n)) / max(1, len(pairs(n)))


def discounts(n, values):
    order = sorted(members(n), key=lambda j: -values[j])  # stable: equal values in their own order
    return {j: 1 / math.log2(2 + place) for place, j in enumerate(order)}


def lambda_rank(n):
    gains = {j: 2 ** relevances[n][j] - 1 for j in members(n)}
    ideal, now = discounts(n, relevances[n]), discounts(n, scores[n])
    best = sum(gains[j] * ideal[j] for j in members(n))
    return sum(
        abs((gains[j] - gains[k]) * (now[j] - now[k])) / best * logistic(n, j, k) for j, k in pairs(n)
    )


risks = [round(draw.gauss(0, 1), 3) for _ in range(6)]
times = [[5, 1], [3, 0], [5, 1], [1, 1], [8, 0], [2, 1]]


def cox(i):
    at_risk = sum(math.exp(r) for r, (t, _) in zip(risks, times, strict=True) if t >= times[i][0])
    return times[i][1] * (math.log(at_risk) - risks[i])


vectors = [[round(draw.gauss(0, 1), 3) for _ in range(6)] for _ in range(5)]
items = [7, 3, 7, 1, 2]


def towers(i, temperature, cosine):
    def scaled(x):
        return [v / math.sqrt(sum(w * w for w in x)) for v in x] if cosine else x

    a, b = [scaled(v[:3]) for v in vectors], [scaled(v[3:]) for v in vectors]
    s = [sum(p * q for p, q in zip(a[i], b[j], strict=True)) / temperature for j in range(5)]
    return -s[i] + math.log(sum(math.exp(s[j]) for j in range(5) if j == i or items[j] != items[i]))


print(
    json.dumps(
        {
            "scores": sum(scores, []),
            "relevances": sum(relevances, []),
            "listNet": [list_net(n) for n in range(LISTS)],
            "rankNet": [rank_net(n) for n in range(LISTS)],
            "lambdaRank": [lambda_rank(n) for n in range(LISTS)],
            "risks": risks,
            "times": sum(times, []),
            "cox": [cox(i) for i in range(6)],
            "vectors": sum(vectors, []),
            "items": items,
            "cosine": [towers(i, 0.1, True) for i in range(5)],
            "dot": [towers(i, 0.5, False) for i in range(5)],
        }
    )
)

package io.kiln.spark.model;

import io.kiln.metric.MeanAveragePrecision;
import io.kiln.metric.Metric;
import io.kiln.metric.Ndcg;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import java.io.Serializable;

/**
 * The metric of one ranked list.
 *
 * @param ndcg whether it is NDCG, otherwise average precision
 * @param places the number of first places that count in NDCG
 */
public record ListScores(boolean ndcg, int places) implements Serializable {
    /**
     * The metric of a list.
     *
     * @param scores the items' scores; null and NaN rank last
     * @param relevances their relevances
     * @return its value; NaN if nothing is relevant
     * @throws IllegalArgumentException for a relevance that is null, NaN, infinite or below 0
     */
    public double of(Double[] scores, Double... relevances) {
        double[] s = new double[scores.length];
        double[] y = new double[relevances.length];
        for (int i = 0; i < s.length; i++) {
            s[i] = scores[i] == null ? Double.NaN : scores[i];
            if (relevances[i] == null || !(relevances[i] >= 0) || Double.isInfinite(relevances[i])) {
                throw new IllegalArgumentException(
                        "labelCol: relevances are numbers of at least 0, got " + relevances[i]);
            }
            y[i] = relevances[i];
        }
        try (Scope scope = Scope.open()) {
            Shape list = Shape.of(1, s.length);
            Metric metric = ndcg ? new Ndcg(places) : new MeanAveragePrecision();
            metric.update(NDArray.of(list, s), NDArray.of(list, y));
            return metric.value();
        }
    }
}

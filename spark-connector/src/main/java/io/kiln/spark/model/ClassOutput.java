package io.kiln.spark.model;

import org.apache.spark.ml.linalg.Vectors;

/**
 * The columns of a classifier: raw scores, probabilities, class.
 *
 * <p>With K outputs the raw scores are the outputs and the probabilities their softmax; with a single output z, for two
 * classes, they are (-z, z) and the logistic function of z.
 *
 * @param raw whether the raw scores are wanted
 * @param probability whether the probabilities are wanted
 * @param prediction whether the class is wanted
 * @param thresholds divisors of the probabilities; empty for none
 */
public record ClassOutput(boolean raw, boolean probability, boolean prediction, double... thresholds)
        implements Output {
    @Override
    public Object[] values(float[] outputs, int start, int count) {
        double[] scores = scores(outputs, start, count);
        double[] p = scores.clone();
        probabilities(p, count == 1);
        Object[] values = new Object[(raw ? 1 : 0) + (probability ? 1 : 0) + (prediction ? 1 : 0)];
        int i = 0;
        if (raw) {
            values[i++] = Vectors.dense(scores);
        }
        if (probability) {
            values[i++] = Vectors.dense(p);
        }
        if (prediction) {
            values[i] = (double) best(p, thresholds);
        }
        return values;
    }

    /**
     * The raw scores of a row.
     *
     * @param outputs what the network gave
     * @param start where the row's numbers begin
     * @param count how many they are
     * @return one score per class
     */
    public static double[] scores(float[] outputs, int start, int count) {
        if (count == 1) {
            return new double[] {-outputs[start], outputs[start]};
        }
        double[] s = new double[count];
        for (int i = 0; i < count; i++) {
            s[i] = outputs[start + i];
        }
        return s;
    }

    /**
     * Turns raw scores into probabilities, in place.
     *
     * @param scores the scores
     * @param logistic whether they are (-z, z) of a single output
     */
    public static void probabilities(double[] scores, boolean logistic) {
        if (logistic) {
            scores[1] = 1 / (1 + Math.exp(-scores[1]));
            scores[0] = 1 - scores[1];
            return;
        }
        double max = Double.NEGATIVE_INFINITY;
        for (double s : scores) {
            max = Math.max(max, s);
        }
        double sum = 0;
        for (int i = 0; i < scores.length; i++) {
            scores[i] = Math.exp(scores[i] - max);
            sum += scores[i];
        }
        for (int i = 0; i < scores.length; i++) {
            scores[i] /= sum;
        }
    }

    private static int best(double[] p, double... thresholds) {
        int best = 0;
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < p.length; i++) {
            double v = thresholds.length == 0 ? p[i] : p[i] / thresholds[i];
            if (v > max) {
                max = v;
                best = i;
            }
        }
        return best;
    }
}

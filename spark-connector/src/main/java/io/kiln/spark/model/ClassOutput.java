package io.kiln.spark.model;

import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;

/**
 * The columns of a classifier: raw scores, probabilities, class.
 *
 * <p>With K > 2 outputs the raw scores are the outputs and the probabilities their softmax. For two classes they are
 * (-m, m), where the margin m is the difference z1 - z0 of two outputs or the only output, and the probabilities (1 -
 * p, p) with p the logistic function of m, which is the softmax of the two outputs: m alone ranks rows as p does, as
 * MLlib's evaluators expect.
 *
 * @param raw whether to add the raw scores
 * @param probability whether to add the probabilities
 * @param prediction whether to add the class
 * @param thresholds divisors of the probabilities; empty for none
 */
public record ClassOutput(boolean raw, boolean probability, boolean prediction, double... thresholds)
        implements Output {
    private static final VectorUDT VECTORS = new VectorUDT();

    @Override
    public Object[] values(float[] outputs, int start, int count) {
        double[] scores = scores(outputs, start, count);
        double[] p = probabilities(scores);
        Object[] values = new Object[(raw ? 1 : 0) + (probability ? 1 : 0) + (prediction ? 1 : 0)];
        int i = 0;
        if (raw) {
            values[i++] = VECTORS.serialize(Vectors.dense(scores));
        }
        if (probability) {
            values[i++] = VECTORS.serialize(Vectors.dense(p));
        }
        if (prediction) {
            values[i] = best(p, thresholds);
        }
        return values;
    }

    /**
     * The raw scores of a row.
     *
     * @param outputs the network's outputs
     * @param start index of the row's first output
     * @param count number of outputs per row
     * @return one score per class; (-m, m) for two classes
     */
    public static double[] scores(float[] outputs, int start, int count) {
        if (count <= 2) {
            double margin = count == 1 ? outputs[start] : (double) outputs[start + 1] - outputs[start];
            return new double[] {-margin, margin};
        }
        double[] s = new double[count];
        for (int i = 0; i < count; i++) {
            s[i] = outputs[start + i];
        }
        return s;
    }

    /**
     * The probabilities for raw scores.
     *
     * @param scores the result of {@link #scores}
     * @return one probability per class
     */
    public static double[] probabilities(double... scores) {
        if (scores.length == 2) {
            return new double[] {1 / (1 + Math.exp(scores[1])), 1 / (1 + Math.exp(-scores[1]))};
        }
        double max = Double.NEGATIVE_INFINITY;
        for (double s : scores) {
            max = Math.max(max, s);
        }
        double sum = 0;
        double[] p = new double[scores.length];
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp(scores[i] - max);
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /** The predicted class; NaN if the network's output is NaN. */
    private static double best(double[] p, double... thresholds) {
        int best = 0;
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < p.length; i++) {
            if (Double.isNaN(p[i])) {
                return Double.NaN;
            }
            double v = thresholds.length == 0 ? p[i] : p[i] / thresholds[i];
            if (v > max) {
                max = v;
                best = i;
            }
        }
        return best;
    }
}

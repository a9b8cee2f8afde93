package io.kiln.spark.model;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import java.util.Locale;

/** How features are prepared for the network, in training and in prediction alike. */
public final class Features {
    private Features() {}

    /**
     * Scales features.
     *
     * @param x features as read, float32 or uint8
     * @param scale the factor
     * @return float32, multiplied by the factor
     */
    public static NDArray scaled(NDArray x, double scale) {
        NDArray f = x.dtype() == DType.FLOAT32 ? x : x.cast(DType.FLOAT32);
        return scale == 1 ? f : f.mul(scale);
    }

    /**
     * Locates an index that a network rejected among the features.
     *
     * @param x the features of a batch, rows first
     * @param e the network's error
     * @return a message with row and feature, counted from 0, and the network's error
     */
    public static String place(NDArray x, IndexRangeException e) {
        if (!e.argument().equals("indices")) {
            return e.getMessage();
        }
        float[] features = x.toFloatArray();
        int width = Math.toIntExact(x.size() / x.shape().dim(0));
        for (int i = 0; i < features.length; i++) {
            if ((long) features[i] == e.value()) {
                return String.format(
                        Locale.ROOT,
                        "feature %d of row %d of the batch is an index out of range: %s; encode it within the range, or enlarge the embedding",
                        i % width,
                        i / width,
                        e.getMessage());
            }
        }
        return e.getMessage();
    }
}

package io.kiln.spark.model;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.spark.feed.NetworkInputs;
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

    /**
     * Locates an index that a network rejected among its inputs.
     *
     * @param inputs the inputs
     * @param e the network's error
     * @param data a batch of the inputs; null for those that have no indices
     * @return a message with input and row, counted from 0, and the network's error
     */
    public static String place(NetworkInputs inputs, IndexRangeException e, NDArray... data) {
        for (int k = 0; k < data.length; k++) {
            if (data[k] == null) {
                continue;
            }
            long rows = data[k].shape().dim(0);
            boolean values = inputs.slots().get(k).source() == NetworkInputs.Source.VALUES;
            long[] elements = values && rows > 0 ? data[k].cast(DType.INT64).toLongArray() : new long[0];
            for (int i = 0; i < elements.length; i++) {
                if (elements[i] == e.value()) {
                    return String.format(
                            Locale.ROOT,
                            "input %s of row %d of the batch has an index out of range: %s; encode it within the range, or enlarge the embedding",
                            inputs.slots().get(k).name(),
                            i / (elements.length / rows),
                            e.getMessage());
                }
            }
        }
        return e.getMessage();
    }
}

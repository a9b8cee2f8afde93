package io.kiln.spark.model;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;

/** What happens to features before the network sees them: the same in training and in prediction. */
public final class Features {
    private Features() {}

    /**
     * Features as the network takes them.
     *
     * @param x features as they were read, float32 or uint8
     * @param scale the factor
     * @return float32, multiplied by the factor
     */
    public static NDArray scaled(NDArray x, double scale) {
        NDArray f = x.dtype() == DType.FLOAT32 ? x : x.cast(DType.FLOAT32);
        return scale == 1 ? f : f.mul(scale);
    }
}

package io.kiln.op;

import io.kiln.ndarray.DType;

/** The type in which operators that benefit from it compute, while weights, statistics and losses stay float32. */
public enum Precision {
    /** All in float32. */
    FLOAT32(DType.FLOAT32),
    /** bfloat16: the range of float32 with 8 significant bits. */
    BFLOAT16(DType.BFLOAT16),
    /** float16: 11 significant bits, but a small range; losses need to be scaled. */
    FLOAT16(DType.FLOAT16);

    private final DType dtype;

    Precision(DType dtype) {
        this.dtype = dtype;
    }

    /**
     * The type.
     *
     * @return the dtype
     */
    public DType dtype() {
        return dtype;
    }
}

package io.kiln.cpu.onednn;

/** The operations of this package, as part of the cache's keys. */
enum Operation {
    MATMUL,
    MATMUL_PACK,
    MATMUL_PACKED,
    CONVOLUTION,
    CONVOLUTION_PACK,
    CONVOLUTION_BACKWARD_DATA,
    CONVOLUTION_BACKWARD_WEIGHTS,
    POOLING,
    POOLING_BACKWARD,
    BATCH_NORM,
    BATCH_NORM_BACKWARD,
    LAYER_NORM,
    LAYER_NORM_BACKWARD,
    SOFTMAX,
    ACTIVATION,
    ACTIVATION_BACKWARD,
    SUM,
    REORDER,
    REDUCTION
}

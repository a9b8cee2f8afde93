package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;

import org.bytedeco.dnnl.global.dnnl;

/** Functions of one element that oneDNN computes, alone or after another primitive; a and b are their parameters. */
public enum Activation {
    /** {@code x > 0 ? x : a x}. With a = 0 oneDNN turns NaN into 0. */
    RELU(dnnl.dnnl_eltwise_relu),
    /** {@code tanh x}. */
    TANH(dnnl.dnnl_eltwise_tanh),
    /** {@code x > 0 ? x : a (exp x - 1)}. */
    ELU(dnnl.dnnl_eltwise_elu),
    /** {@code 1 / (1 + exp -x)}. */
    LOGISTIC(dnnl.dnnl_eltwise_logistic),
    /** {@code a x + b}. */
    LINEAR(dnnl.dnnl_eltwise_linear),
    /** {@code exp x}. */
    EXP(dnnl.dnnl_eltwise_exp),
    /** {@code log x}. */
    LOG(dnnl.dnnl_eltwise_log),
    /** {@code x logistic(a x)}; SiLU for a = 1. */
    SWISH(dnnl.dnnl_eltwise_swish),
    /** {@code x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2}. */
    GELU_TANH(dnnl.dnnl_eltwise_gelu_tanh),
    /** {@code x (1 + erf(x / √2)) / 2}. */
    GELU_ERF(dnnl.dnnl_eltwise_gelu_erf),
    /** {@link #RELU} whose gradient is computed from the result in place of the source. */
    RELU_FROM_RESULT(dnnl.dnnl_eltwise_relu_use_dst_for_bwd, DNNL_ARG_DST);

    private final int code;
    private final int gradientArgument;

    Activation(int code) {
        this(code, DNNL_ARG_SRC);
    }

    Activation(int code, int gradientArgument) {
        this.code = code;
        this.gradientArgument = gradientArgument;
    }

    /** The array from which the gradient is computed: source or result. */
    int gradientArgument() {
        return gradientArgument;
    }

    int code() {
        return code;
    }
}

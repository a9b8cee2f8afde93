package io.kiln.cpu.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;

/** Layouts of the arrays between convolutions: {@code [N, C, spatial…]}, physically channels-last. */
final class Activations {

    private Activations() {}

    /** The channels-last layout of a tensor's shape, whatever its strides. */
    static dnnl_memory_desc channelsLast(PlanBuilder builder, Tensor tensor) {
        return builder.layout(tensor.dtype(), tensor.dims(), Tensor.channelsLastStrides(tensor.dims()));
    }

    /** The same memory with channels-last strides, if only strides of axes of size 1 differ from them. */
    static Tensor canonical(Tensor tensor) {
        long[] strides = Tensor.channelsLastStrides(tensor.dims());
        return tensor.hasStrides(strides) ? tensor.as(tensor.dims(), strides) : tensor;
    }
}

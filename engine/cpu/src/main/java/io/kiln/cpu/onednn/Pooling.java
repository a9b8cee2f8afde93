package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_avg_exclude_padding;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_avg_include_padding;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_max;

import io.kiln.ndarray.DType;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Pooling over one to three spatial axes of {@code [N, C, spatial…]}, and its gradient. Computed channels-last; memory of
 * another layout is reordered through scratch memory.
 */
public final class Pooling {

    /** How the elements under the kernel are combined. */
    public enum Kind {
        /** Their maximum. */
        MAX(dnnl_pooling_max),
        /** Their mean, with padding counted as zeros. */
        AVERAGE_INCLUDE_PADDING(dnnl_pooling_avg_include_padding),
        /** The mean of the elements that are not padding. */
        AVERAGE_EXCLUDE_PADDING(dnnl_pooling_avg_exclude_padding);

        private final int code;

        Kind(int code) {
            this.code = code;
        }
    }

    private Pooling() {}

    /**
     * {@code dst = pool(src)}. Maxima lose NaN, and those of nothing but -∞ are the lowest float32; either counts as an
     * {@linkplain CpuContext#tookInvalid invalid operation}. The destination is dense.
     *
     * @param kind how the elements under the kernel are combined
     * @param kernel its sizes
     * @param window how it slides
     * @param src source
     * @param dst destination
     * @param places result for {@link Kind#MAX}: the position of each largest element in its window (the first of
     *     several), as a row-major index into the window, uint8 or int32, of the shape of {@code dst}; or null
     * @return false if oneDNN has no implementation
     */
    public static boolean forward(Kind kind, long[] kernel, Window window, Tensor src, Tensor dst, Tensor places) {
        CpuContext context = CpuContext.current();
        key(context, Operation.POOLING, kind, kernel, window, src, dst).add(places);
        Plan plan = context.plan(builder -> {
            int propagation = places == null ? dnnl_forward_inference : dnnl_forward_training;
            dnnl_primitive_desc descriptor = descriptor(builder, propagation, kind, kernel, window, src, dst);
            builder.begin(descriptor)
                    .input(DNNL_ARG_SRC, builder.slot(0, Activations.canonical(src)))
                    .output(DNNL_ARG_DST, builder.slot(1, Activations.canonical(dst)));
            if (places != null) {
                builder.output(DNNL_ARG_WORKSPACE, builder.slot(2, Activations.canonical(places)));
            }
            Plan built = builder.end().build();
            boolean loses = kind == Kind.MAX && dst.dtype() == DType.FLOAT32;
            return loses ? built.watchingForLowest(1, dst.size()) : built;
        });
        return plan.slot(0, src).slot(1, dst).slot(2, places).execute(context);
    }

    /**
     * Gradient with respect to the source.
     *
     * @param kind how the elements under the kernel are combined
     * @param kernel its sizes
     * @param window how it slides
     * @param diffDst gradient of the destination
     * @param places the places from the forward pass for {@link Kind#MAX}; null for the others
     * @param diffSrc result: gradient of the source
     * @return false if oneDNN has no implementation
     */
    public static boolean backward(
            Kind kind, long[] kernel, Window window, Tensor diffDst, Tensor places, Tensor diffSrc) {
        CpuContext context = CpuContext.current();
        key(context, Operation.POOLING_BACKWARD, kind, kernel, window, diffSrc, diffDst)
                .add(places);
        Plan plan = context.plan(builder -> {
            dnnl_primitive_desc hint =
                    descriptor(builder, dnnl_forward_training, kind, kernel, window, diffSrc, diffDst);
            dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
            int status = dnnl_pooling_backward_primitive_desc_create(
                    descriptor,
                    builder.engine(),
                    kind.code,
                    Activations.channelsLast(builder, diffSrc),
                    Activations.channelsLast(builder, diffDst),
                    window.strides(),
                    kernel,
                    window.holes(),
                    window.padBefore(),
                    window.padAfter(),
                    hint,
                    builder.attributes(PostOps.NONE));
            builder.created("pooling gradient", descriptor, status);
            builder.begin(descriptor).input(DNNL_ARG_DIFF_DST, builder.slot(0, Activations.canonical(diffDst)));
            if (places != null) {
                builder.input(DNNL_ARG_WORKSPACE, builder.slot(1, Activations.canonical(places)));
            }
            return builder.output(DNNL_ARG_DIFF_SRC, builder.slot(2, Activations.canonical(diffSrc)))
                    .end()
                    .build();
        });
        return plan.slot(0, diffDst).slot(1, places).slot(2, diffSrc).execute(context);
    }

    private static CallKey key(
            CpuContext context, Operation operation, Kind kind, long[] kernel, Window window, Tensor src, Tensor dst) {
        CallKey key =
                context.key(operation).add(kind.ordinal()).add(kernel).add(src).add(dst);
        window.addTo(key);
        return key;
    }

    private static dnnl_primitive_desc descriptor(
            PlanBuilder builder, int propagation, Kind kind, long[] kernel, Window window, Tensor src, Tensor dst) {
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        int status = dnnl_pooling_forward_primitive_desc_create(
                descriptor,
                builder.engine(),
                propagation,
                kind.code,
                Activations.channelsLast(builder, src),
                Activations.channelsLast(builder, dst),
                window.strides(),
                kernel,
                window.holes(),
                window.padBefore(),
                window.padAfter(),
                builder.attributes(PostOps.NONE));
        return builder.created("pooling of " + src, descriptor, status);
    }
}

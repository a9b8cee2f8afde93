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

import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Pooling over one to three spatial axes of {@code [N, C, spatial…]}, and its gradient. Computed channels-last; memory of
 * another layout is reordered through scratch memory.
 */
public final class Pooling {

    /** What becomes of the elements under the kernel. */
    public enum Kind {
        /** The largest. */
        MAX(dnnl_pooling_max),
        /** The mean, where padding counts as zeros. */
        AVERAGE_INCLUDE_PADDING(dnnl_pooling_avg_include_padding),
        /** The mean of the elements that are no padding. */
        AVERAGE_EXCLUDE_PADDING(dnnl_pooling_avg_exclude_padding);

        private final int code;

        Kind(int code) {
            this.code = code;
        }
    }

    private Pooling() {}

    /**
     * {@code dst = pool(src)}.
     *
     * @param kind what becomes of the elements under the kernel
     * @param kernel its sizes
     * @param window how it slides
     * @param src source
     * @param dst destination
     * @return false if oneDNN has no implementation
     */
    public static boolean forward(Kind kind, long[] kernel, Window window, Tensor src, Tensor dst) {
        CpuContext context = CpuContext.current();
        key(context, Operation.POOLING, kind, kernel, window, src, dst);
        Plan plan = context.plan(builder -> {
            dnnl_primitive_desc descriptor =
                    descriptor(builder, dnnl_forward_inference, kind, kernel, window, src, dst);
            return builder.begin(descriptor)
                    .input(DNNL_ARG_SRC, builder.slot(0, Activations.canonical(src)))
                    .output(DNNL_ARG_DST, builder.slot(1, Activations.canonical(dst)))
                    .end()
                    .build();
        });
        return plan.slot(0, src).slot(1, dst).execute(context);
    }

    /**
     * Gradient with respect to the source. For {@link Kind#MAX} the gradient goes to the first of several largest
     * elements; which one that is comes from pooling the source once more into scratch memory.
     *
     * @param kind what becomes of the elements under the kernel
     * @param kernel its sizes
     * @param window how it slides
     * @param src source; only its values matter for {@link Kind#MAX}, only its shape for the others
     * @param diffDst gradient of the destination
     * @param diffSrc result: gradient of the source
     * @return false if oneDNN has no implementation
     */
    public static boolean backward(
            Kind kind, long[] kernel, Window window, Tensor src, Tensor diffDst, Tensor diffSrc) {
        CpuContext context = CpuContext.current();
        key(context, Operation.POOLING_BACKWARD, kind, kernel, window, src, diffDst)
                .add(diffSrc);
        Plan plan = context.plan(builder -> {
            dnnl_primitive_desc hint = descriptor(builder, dnnl_forward_training, kind, kernel, window, src, diffDst);
            PlanBuilder.Place workspace = null;
            if (kind == Kind.MAX) {
                workspace = builder.scratch(builder.wanted(hint, DNNL_ARG_WORKSPACE));
                builder.begin(hint)
                        .input(DNNL_ARG_SRC, builder.slot(0, Activations.canonical(src)))
                        .output(DNNL_ARG_DST, builder.scratch(builder.wanted(hint, DNNL_ARG_DST)))
                        .output(DNNL_ARG_WORKSPACE, workspace)
                        .end();
            }
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
            builder.begin(descriptor)
                    .input(DNNL_ARG_DIFF_DST, builder.slot(1, Activations.canonical(diffDst)))
                    .output(DNNL_ARG_DIFF_SRC, builder.slot(2, Activations.canonical(diffSrc)));
            if (workspace != null) {
                builder.input(DNNL_ARG_WORKSPACE, workspace);
            }
            return builder.end().build();
        });
        return plan.slot(0, src).slot(1, diffDst).slot(2, diffSrc).execute(context);
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

package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_MEAN;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_VARIANCE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;
import static org.bytedeco.dnnl.global.dnnl.dnnl_backward;
import static org.bytedeco.dnnl.global.dnnl.dnnl_batch_normalization_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_batch_normalization_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_fuse_norm_relu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_global_stats;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_scale;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_shift;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Batch normalisation of {@code [N, C]} or {@code [N, C, spatial…]}:
 * {@code y = scale (x - mean) / √(variance + ε) + shift} with one mean, variance, scale and shift per channel
 * (Ioffe and Szegedy 2015). Computed channels-last; memory of another layout is reordered through scratch memory.
 */
public final class BatchNorm {

    private BatchNorm() {}

    /**
     * Normalises. With {@code globalStatistics} mean and variance are read; without, they are computed from the batch
     * (the variance with divisor N) and written.
     *
     * @param src source
     * @param scale per channel
     * @param shift per channel
     * @param mean per channel, read or written
     * @param variance per channel, read or written
     * @param dst destination
     * @param mask with a following ReLU, {@code dst = max(0, y)}: written, the data that its gradient needs, of
     *     {@link #maskBytes}; null without a ReLU
     * @param epsilon added to the variance
     * @param globalStatistics whether mean and variance are given
     * @return false if oneDNN has no implementation
     */
    public static boolean forward(
            Tensor src,
            Tensor scale,
            Tensor shift,
            Tensor mean,
            Tensor variance,
            Tensor dst,
            Tensor mask,
            float epsilon,
            boolean globalStatistics) {
        CpuContext context = CpuContext.current();
        context.key(Operation.BATCH_NORM)
                .add(src)
                .add(scale)
                .add(shift)
                .add(mean)
                .add(variance)
                .add(dst)
                .add(mask)
                .add(epsilon)
                .add(globalStatistics ? 1 : 0);
        Plan plan = context.plan(builder -> {
            int propagation = globalStatistics && mask == null ? dnnl_forward_inference : dnnl_forward_training;
            dnnl_primitive_desc descriptor =
                    descriptor(builder, propagation, src, dst, epsilon, flags(globalStatistics, mask));
            PlanBuilder.Place meanPlace = builder.slot(3, mean);
            PlanBuilder.Place variancePlace = builder.slot(4, variance);
            builder.begin(descriptor)
                    .input(DNNL_ARG_SRC, builder.slot(0, Activations.canonical(src)))
                    .input(DNNL_ARG_SCALE, builder.slot(1, scale))
                    .input(DNNL_ARG_SHIFT, builder.slot(2, shift));
            if (globalStatistics) {
                builder.input(DNNL_ARG_MEAN, meanPlace).input(DNNL_ARG_VARIANCE, variancePlace);
            } else {
                builder.output(DNNL_ARG_MEAN, meanPlace).output(DNNL_ARG_VARIANCE, variancePlace);
            }
            if (mask != null) {
                builder.output(DNNL_ARG_WORKSPACE, builder.packed(6, builder.wanted(descriptor, DNNL_ARG_WORKSPACE)));
            }
            return builder.output(DNNL_ARG_DST, builder.slot(5, Activations.canonical(dst)))
                    .end()
                    .build();
        });
        return plan.slot(0, src)
                .slot(1, scale)
                .slot(2, shift)
                .slot(3, mean)
                .slot(4, variance)
                .slot(5, dst)
                .slot(6, mask)
                .execute(context);
    }

    /**
     * Gradients with respect to source, scale and shift.
     *
     * @param src source
     * @param scale per channel
     * @param mean per channel, as in the forward pass
     * @param variance per channel, as in the forward pass
     * @param diffDst gradient of the destination
     * @param diffSrc result: gradient of the source
     * @param diffScale result: gradient of the scale
     * @param diffShift result: gradient of the shift
     * @param mask the mask written by the forward pass with a ReLU; null without one
     * @param epsilon added to the variance
     * @param globalStatistics whether mean and variance are constants rather than functions of the source
     * @return false if oneDNN has no implementation
     */
    public static boolean backward(
            Tensor src,
            Tensor scale,
            Tensor mean,
            Tensor variance,
            Tensor diffDst,
            Tensor diffSrc,
            Tensor diffScale,
            Tensor diffShift,
            Tensor mask,
            float epsilon,
            boolean globalStatistics) {
        CpuContext context = CpuContext.current();
        context.key(Operation.BATCH_NORM_BACKWARD)
                .add(src)
                .add(scale)
                .add(mean)
                .add(variance)
                .add(diffDst)
                .add(diffSrc)
                .add(diffScale)
                .add(diffShift)
                .add(mask)
                .add(epsilon)
                .add(globalStatistics ? 1 : 0);
        Plan plan = context.plan(builder -> {
            int flags = flags(globalStatistics, mask);
            dnnl_primitive_desc hint = descriptor(builder, dnnl_forward_training, src, diffDst, epsilon, flags);
            dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
            int status = dnnl_batch_normalization_backward_primitive_desc_create(
                    descriptor,
                    builder.engine(),
                    dnnl_backward,
                    Activations.channelsLast(builder, diffSrc),
                    Activations.channelsLast(builder, diffDst),
                    Activations.channelsLast(builder, src),
                    epsilon,
                    flags,
                    hint,
                    builder.attributes(PostOps.NONE));
            builder.created("batch norm gradient", descriptor, status);
            builder.begin(descriptor);
            if (mask != null) {
                builder.input(DNNL_ARG_WORKSPACE, builder.packed(8, builder.wanted(descriptor, DNNL_ARG_WORKSPACE)));
            }
            return builder.input(DNNL_ARG_SRC, builder.slot(0, Activations.canonical(src)))
                    .input(DNNL_ARG_SCALE, builder.slot(1, scale))
                    .input(DNNL_ARG_MEAN, builder.slot(2, mean))
                    .input(DNNL_ARG_VARIANCE, builder.slot(3, variance))
                    .input(DNNL_ARG_DIFF_DST, builder.slot(4, Activations.canonical(diffDst)))
                    .output(DNNL_ARG_DIFF_SRC, builder.slot(5, Activations.canonical(diffSrc)))
                    .output(DNNL_ARG_DIFF_SCALE, builder.slot(6, diffScale))
                    .output(DNNL_ARG_DIFF_SHIFT, builder.slot(7, diffShift))
                    .end()
                    .build();
        });
        return plan.slot(0, src)
                .slot(1, scale)
                .slot(2, mean)
                .slot(3, variance)
                .slot(4, diffDst)
                .slot(5, diffSrc)
                .slot(6, diffScale)
                .slot(7, diffShift)
                .slot(8, mask)
                .execute(context);
    }

    /**
     * Size of the mask that a ReLU fused into batch normalisation keeps for its gradient.
     *
     * @param src a source, of which only dtype and sizes matter
     * @return bytes of the mask; -1 if oneDNN has no implementation with a ReLU
     */
    public static long maskBytes(Tensor src) {
        try (PlanBuilder builder = new PlanBuilder(CpuContext.current())) {
            int flags = dnnl_use_scale | dnnl_use_shift | dnnl_fuse_norm_relu;
            dnnl_primitive_desc descriptor = descriptor(builder, dnnl_forward_training, src, src, 1e-5f, flags);
            return dnnl_memory_desc_get_size(builder.wanted(descriptor, DNNL_ARG_WORKSPACE));
        } catch (OneDnnException e) {
            if (!e.isUnimplemented()) {
                throw e;
            }
            return -1;
        }
    }

    private static int flags(boolean globalStatistics, Tensor mask) {
        return dnnl_use_scale
                | dnnl_use_shift
                | (globalStatistics ? dnnl_use_global_stats : 0)
                | (mask == null ? 0 : dnnl_fuse_norm_relu);
    }

    private static dnnl_primitive_desc descriptor(
            PlanBuilder builder, int propagation, Tensor src, Tensor dst, float epsilon, int flags) {
        dnnl_memory_desc from = Activations.channelsLast(builder, src);
        dnnl_memory_desc to = Activations.channelsLast(builder, dst);
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        int status = dnnl_batch_normalization_forward_primitive_desc_create(
                descriptor, builder.engine(), propagation, from, to, epsilon, flags, builder.attributes(PostOps.NONE));
        return builder.created("batch norm of " + src, descriptor, status);
    }
}

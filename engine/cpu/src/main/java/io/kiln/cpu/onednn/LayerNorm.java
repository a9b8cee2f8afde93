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
import static org.bytedeco.dnnl.global.dnnl.dnnl_backward;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_layer_normalization_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_layer_normalization_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_scale;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_shift;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Layer normalisation over the last axis of {@code [rows…, C]}:
 * {@code y = scale (x - mean) / √(variance + ε) + shift} with one mean and variance (divisor C) per row, and scale and
 * shift of size C (Ba, Kiros and Hinton 2016).
 */
public final class LayerNorm {

    private LayerNorm() {}

    /**
     * Normalises, and writes mean and variance.
     *
     * @param src source
     * @param scale {@code [C]}
     * @param shift {@code [C]}
     * @param mean result, one per row
     * @param variance result, one per row
     * @param dst destination
     * @param epsilon added to the variance
     * @return false if oneDNN has no implementation
     */
    public static boolean forward(
            Tensor src, Tensor scale, Tensor shift, Tensor mean, Tensor variance, Tensor dst, float epsilon) {
        CpuContext context = CpuContext.current();
        context.key(Operation.LAYER_NORM)
                .add(src)
                .add(scale)
                .add(shift)
                .add(mean)
                .add(variance)
                .add(dst)
                .add(epsilon);
        Plan plan = context.plan(builder -> {
            dnnl_primitive_desc descriptor =
                    descriptor(builder, builder.layout(src), builder.layout(dst), builder.layout(mean), epsilon);
            return builder.begin(descriptor)
                    .input(DNNL_ARG_SRC, builder.slot(0, src))
                    .input(DNNL_ARG_SCALE, builder.slot(1, scale))
                    .input(DNNL_ARG_SHIFT, builder.slot(2, shift))
                    .output(DNNL_ARG_MEAN, builder.slot(3, mean))
                    .output(DNNL_ARG_VARIANCE, builder.slot(4, variance))
                    .output(DNNL_ARG_DST, builder.slot(5, dst))
                    .end()
                    .build();
        });
        return plan.slot(0, src)
                .slot(1, scale)
                .slot(2, shift)
                .slot(3, mean)
                .slot(4, variance)
                .slot(5, dst)
                .execute(context);
    }

    /**
     * Gradients with respect to source, scale and shift.
     *
     * @param src source
     * @param scale {@code [C]}
     * @param mean one per row, as in the forward pass
     * @param variance one per row, as in the forward pass
     * @param diffDst gradient of the destination
     * @param diffSrc result: gradient of the source
     * @param diffScale result: gradient of the scale
     * @param diffShift result: gradient of the shift
     * @param epsilon added to the variance
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
            float epsilon) {
        CpuContext context = CpuContext.current();
        context.key(Operation.LAYER_NORM_BACKWARD)
                .add(src)
                .add(scale)
                .add(mean)
                .add(variance)
                .add(diffDst)
                .add(diffSrc)
                .add(diffScale)
                .add(diffShift)
                .add(epsilon);
        Plan plan = context.plan(builder -> {
            dnnl_memory_desc from = builder.layout(src);
            dnnl_memory_desc gradient = builder.layout(diffDst);
            dnnl_memory_desc statistics = builder.layout(mean);
            dnnl_primitive_desc hint = descriptor(builder, from, gradient, statistics, epsilon);
            dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
            int status = dnnl_layer_normalization_backward_primitive_desc_create(
                    descriptor,
                    builder.engine(),
                    dnnl_backward,
                    builder.layout(diffSrc),
                    gradient,
                    from,
                    statistics,
                    epsilon,
                    dnnl_use_scale | dnnl_use_shift,
                    hint,
                    builder.attributes(PostOps.NONE));
            builder.created("layer norm gradient", descriptor, status);
            return builder.begin(descriptor)
                    .input(DNNL_ARG_SRC, builder.slot(0, src))
                    .input(DNNL_ARG_SCALE, builder.slot(1, scale))
                    .input(DNNL_ARG_MEAN, builder.slot(2, mean))
                    .input(DNNL_ARG_VARIANCE, builder.slot(3, variance))
                    .input(DNNL_ARG_DIFF_DST, builder.slot(4, diffDst))
                    .output(DNNL_ARG_DIFF_SRC, builder.slot(5, diffSrc))
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
                .execute(context);
    }

    private static dnnl_primitive_desc descriptor(
            PlanBuilder builder,
            dnnl_memory_desc src,
            dnnl_memory_desc dst,
            dnnl_memory_desc statistics,
            float epsilon) {
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        int status = dnnl_layer_normalization_forward_primitive_desc_create(
                descriptor,
                builder.engine(),
                dnnl_forward_training,
                src,
                dst,
                statistics,
                epsilon,
                dnnl_use_scale | dnnl_use_shift,
                builder.attributes(PostOps.NONE));
        return builder.created("layer norm", descriptor, status);
    }
}

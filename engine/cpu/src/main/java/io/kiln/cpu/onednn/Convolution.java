package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_data_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_weights_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;

import java.util.Arrays;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Convolution (cross-correlation, as in all deep-learning systems) over one to three spatial axes, and its two
 * gradients. Sources and destinations are {@code [N, C, spatial…]}, weights {@code [O, C / groups, kernel…]}, the bias
 * {@code [O]}.
 *
 * <p>Layouts: sources and destinations are computed channels-last; memory in another layout is reordered through
 * scratch memory. The caller's weights are row-major; in each call the primitive reorders them to its preferred layout.
 */
public final class Convolution {

    private static final String BY_BATCHED_PRODUCTS = "brg";
    private static final String DIRECT = "jit:avx512_core";

    private Convolution() {}

    /**
     * {@code dst = post(src * weights + bias)}.
     *
     * @param window how the kernel slides
     * @param groups number of groups of channels
     * @param src source
     * @param weights weights
     * @param bias bias, or null
     * @param dst destination
     * @param postOps what to do to each element of the result
     * @param operands further operands of the post-ops, which broadcast to the result
     * @return false if oneDNN has no implementation
     */
    public static boolean forward(
            Window window,
            long groups,
            Tensor src,
            Tensor weights,
            Tensor bias,
            Tensor dst,
            PostOps postOps,
            Tensor... operands) {
        return forward(window, groups, src, weights, null, bias, dst, postOps, operands);
    }

    /**
     * The same with weights that may be packed.
     *
     * @param window how the kernel slides
     * @param groups number of groups of channels
     * @param src source
     * @param weights weights; packed ones with the sizes of the unpacked ones
     * @param layout the layout of packed weights, from {@link #layout}; null if they are not packed
     * @param bias bias, or null
     * @param dst destination
     * @param postOps what to do to each element of the result
     * @param operands further operands of the post-ops, which broadcast to the result
     * @return false if oneDNN has no implementation
     */
    public static boolean forward(
            Window window,
            long groups,
            Tensor src,
            Tensor weights,
            PackedLayout layout,
            Tensor bias,
            Tensor dst,
            PostOps postOps,
            Tensor... operands) {
        CpuContext context = CpuContext.current(multiplications(weights, dst));
        CallKey key = key(context, Operation.CONVOLUTION, window, groups, src, weights, bias, dst)
                .add(postOps);
        for (Tensor operand : operands) {
            key.add(operand);
        }
        if (layout != null) {
            layout.addTo(key);
        }
        Plan plan = context.plan(builder -> {
            Tensor filter = Filters.grouped(weights, groups);
            PlanBuilder.Place shift = bias == null ? null : builder.slot(2, bias);
            PlanBuilder.Place result = builder.slot(3, Activations.canonical(dst));
            PlanBuilder.Place[] more = new PlanBuilder.Place[operands.length];
            Arrays.setAll(more, i -> builder.slot(4 + i, Activations.canonical(operands[i])));
            dnnl_primitive_desc descriptor =
                    forward(builder, window, src, filter, shift == null ? null : shift.layout(), dst, postOps, more);
            builder.begin(descriptor)
                    .input(DNNL_ARG_SRC, builder.slot(0, Activations.canonical(src)))
                    .input(DNNL_ARG_WEIGHTS, layout == null ? builder.slot(1, filter) : builder.slot(1, layout));
            if (shift != null) {
                builder.input(DNNL_ARG_BIAS, shift);
            }
            int[] arguments = postOps.arguments();
            for (int i = 0; i < arguments.length; i++) {
                builder.operand(arguments[i], more[i]);
            }
            return builder.output(DNNL_ARG_DST, result, postOps.readsDestination())
                    .end()
                    .build();
        });
        for (int i = 0; i < operands.length; i++) {
            plan.slot(4 + i, operands[i]);
        }
        return plan.slot(0, src).slot(1, weights).slot(2, bias).slot(3, dst).execute(context);
    }

    /**
     * The layout that a convolution prefers for its weights with the caller's number of threads; with other numbers it
     * reorders them.
     *
     * @param window how the kernel slides
     * @param groups number of groups of channels
     * @param src source; of this and the following, only dtypes and sizes matter
     * @param weights weights
     * @param dst destination
     * @param postOps what to do to each element of the result
     * @param operands further operands of the post-ops
     * @return the layout; null if oneDNN has no implementation
     */
    public static PackedLayout layout(
            Window window, long groups, Tensor src, Tensor weights, Tensor dst, PostOps postOps, Tensor... operands) {
        try (PlanBuilder builder = new PlanBuilder(CpuContext.current())) {
            PlanBuilder.Place[] more = new PlanBuilder.Place[operands.length];
            Arrays.setAll(more, i -> builder.slot(4 + i, operands[i]));
            dnnl_primitive_desc descriptor =
                    forward(builder, window, src, Filters.grouped(weights, groups), null, dst, postOps, more);
            return PackedLayout.of(builder.wanted(descriptor, DNNL_ARG_WEIGHTS));
        } catch (OneDnnException e) {
            if (!e.isUnimplemented()) {
                throw e;
            }
            return null;
        }
    }

    /**
     * Packs weights.
     *
     * @param groups number of groups of channels
     * @param weights unpacked weights
     * @param layout how to pack them
     * @param address the destination, of the layout's size
     * @return false if oneDNN has no implementation
     */
    public static boolean pack(long groups, Tensor weights, PackedLayout layout, long address) {
        CpuContext context = CpuContext.current();
        CallKey key = context.key(Operation.CONVOLUTION_PACK).add(groups).add(weights);
        layout.addTo(key);
        Plan plan = context.plan(builder -> {
            builder.reorder(builder.slot(0, Filters.grouped(weights, groups)), builder.slot(1, layout));
            return builder.build();
        });
        return plan.slot(0, weights).slot(1, address).execute(context);
    }

    /**
     * Gradient with respect to the source.
     *
     * @param window how the kernel slides
     * @param groups number of groups of channels
     * @param diffDst gradient of the destination
     * @param weights weights
     * @param diffSrc result: gradient of the source
     * @return false if oneDNN has no implementation
     */
    public static boolean backwardData(Window window, long groups, Tensor diffDst, Tensor weights, Tensor diffSrc) {
        CpuContext context = CpuContext.current(multiplications(weights, diffDst));
        key(context, Operation.CONVOLUTION_BACKWARD_DATA, window, groups, diffSrc, weights, null, diffDst);
        Plan plan = context.plan(builder -> {
            Tensor filter = Filters.grouped(weights, groups);
            dnnl_primitive_desc hint = forward(builder, window, diffSrc, filter, null, diffDst, PostOps.NONE);
            dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
            int status = dnnl_convolution_backward_data_primitive_desc_create(
                    descriptor,
                    builder.engine(),
                    dnnl_convolution_direct,
                    Activations.channelsLast(builder, diffSrc),
                    builder.any(filter.dtype(), filter.dims()),
                    Activations.channelsLast(builder, diffDst),
                    window.strides(),
                    window.holes(),
                    window.padBefore(),
                    window.padAfter(),
                    hint,
                    builder.attributes(PostOps.NONE));
            builder.created("convolution gradient of its source", descriptor, status);
            return builder.begin(descriptor)
                    .input(DNNL_ARG_DIFF_DST, builder.slot(0, Activations.canonical(diffDst)))
                    .input(DNNL_ARG_WEIGHTS, builder.slot(1, filter))
                    .output(DNNL_ARG_DIFF_SRC, builder.slot(2, Activations.canonical(diffSrc)))
                    .end()
                    .build();
        });
        return plan.slot(0, diffDst).slot(1, weights).slot(2, diffSrc).execute(context);
    }

    /**
     * Gradients with respect to weights and bias.
     *
     * @param window how the kernel slides
     * @param groups number of groups of channels
     * @param src source
     * @param diffDst gradient of the destination
     * @param diffWeights result: gradient of the weights
     * @param diffBias result: gradient of the bias, or null
     * @return false if oneDNN has no implementation
     */
    public static boolean backwardWeights(
            Window window, long groups, Tensor src, Tensor diffDst, Tensor diffWeights, Tensor diffBias) {
        CpuContext context = CpuContext.current(multiplications(diffWeights, diffDst));
        key(context, Operation.CONVOLUTION_BACKWARD_WEIGHTS, window, groups, src, diffWeights, diffBias, diffDst);
        Plan plan = context.plan(builder -> {
            Tensor filter = Filters.grouped(diffWeights, groups);
            PlanBuilder.Place shift = diffBias == null ? null : builder.slot(3, diffBias);
            dnnl_memory_desc bias = shift == null ? null : shift.layout();
            dnnl_primitive_desc hint = forward(builder, window, src, filter, bias, diffDst, PostOps.NONE);
            dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
            int status = dnnl_convolution_backward_weights_primitive_desc_create(
                    descriptor,
                    builder.engine(),
                    dnnl_convolution_direct,
                    Activations.channelsLast(builder, src),
                    builder.any(filter.dtype(), filter.dims()),
                    bias,
                    Activations.channelsLast(builder, diffDst),
                    window.strides(),
                    window.holes(),
                    window.padBefore(),
                    window.padAfter(),
                    hint,
                    builder.attributes(PostOps.NONE));
            builder.created("convolution gradient of its weights", descriptor, status);
            builder.begin(descriptor)
                    .input(DNNL_ARG_SRC, builder.slot(0, Activations.canonical(src)))
                    .input(DNNL_ARG_DIFF_DST, builder.slot(1, Activations.canonical(diffDst)))
                    .output(DNNL_ARG_DIFF_WEIGHTS, builder.slot(2, filter));
            if (shift != null) {
                builder.output(DNNL_ARG_DIFF_BIAS, shift);
            }
            return builder.end().build();
        });
        return plan.slot(0, src)
                .slot(1, diffDst)
                .slot(2, diffWeights)
                .slot(3, diffBias)
                .execute(context);
    }

    /** Each element of the destination takes as many multiplications as a filter has elements. */
    private static long multiplications(Tensor weights, Tensor dst) {
        return dst.size() * (weights.size() / Math.max(1, weights.dims()[0]));
    }

    private static CallKey key(
            CpuContext context,
            Operation operation,
            Window window,
            long groups,
            Tensor src,
            Tensor weights,
            Tensor bias,
            Tensor dst) {
        CallKey key = context.key(operation)
                .add(groups)
                .add(src)
                .add(weights)
                .add(bias)
                .add(dst);
        window.addTo(key);
        return key;
    }

    /**
     * The descriptor of a forward pass. oneDNN's first choice multiplies batches of matrices, which have one column if
     * the source has one channel; its direct kernel is faster there (0.36 ms against 0.51 ms for 32 kernels of 5×5 over
     * 64 images of 28×28, two threads).
     */
    private static dnnl_primitive_desc forward(
            PlanBuilder builder,
            Window window,
            Tensor src,
            Tensor filter,
            dnnl_memory_desc bias,
            Tensor dst,
            PostOps postOps,
            PlanBuilder.Place... more) {
        dnnl_primitive_desc first = implementation(builder, window, src, filter, bias, dst, postOps, more);
        if (src.dims()[1] > 1 || !PlanBuilder.implementation(first).startsWith(BY_BATCHED_PRODUCTS)) {
            return first;
        }
        dnnl_primitive_desc other = implementation(builder, window, src, filter, bias, dst, postOps, more);
        return PlanBuilder.advance(other, DIRECT) ? other : first;
    }

    private static dnnl_primitive_desc implementation(
            PlanBuilder builder,
            Window window,
            Tensor src,
            Tensor filter,
            dnnl_memory_desc bias,
            Tensor dst,
            PostOps postOps,
            PlanBuilder.Place... more) {
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        int status = dnnl_convolution_forward_primitive_desc_create(
                descriptor,
                builder.engine(),
                dnnl_forward_training,
                dnnl_convolution_direct,
                Activations.channelsLast(builder, src),
                builder.any(filter.dtype(), filter.dims()),
                bias,
                Activations.channelsLast(builder, dst),
                window.strides(),
                window.holes(),
                window.padBefore(),
                window.padAfter(),
                builder.attributes(
                        postOps,
                        Arrays.stream(more).map(PlanBuilder.Place::layout).toArray(dnnl_memory_desc[]::new)));
        return builder.created("convolution of " + src + " with " + filter, descriptor, status);
    }
}

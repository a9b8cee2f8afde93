package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Batched matrix product: {@code dst[…, m, n] = post(Σₖ a[…, m, k] b[…, k, n] + bias)}. A transposed matrix is one with
 * transposed strides. Axes before the last two are batch axes; one of size 1 in {@code a} or {@code b} is repeated.
 */
public final class MatMul {

    private MatMul() {}

    /**
     * Computes the product.
     *
     * @param a left matrices, {@code […, m, k]}
     * @param b right matrices, {@code […, k, n]}, of the same rank
     * @param bias broadcast against {@code dst} and of its rank, or null
     * @param dst result, {@code […, m, n]}; must not overlap the others
     * @param postOps what to do to each element of the result
     * @return false if oneDNN has no implementation for these types
     */
    public static boolean run(Tensor a, Tensor b, Tensor bias, Tensor dst, PostOps postOps) {
        if (dst.dims().length > 2 && bias == null) {
            boolean[] kept = BatchAxes.kept(dst);
            return product(BatchAxes.of(a, kept), BatchAxes.of(b, kept), null, BatchAxes.of(dst, kept), postOps);
        }
        return product(a, b, bias, dst, postOps);
    }

    private static boolean product(Tensor a, Tensor b, Tensor bias, Tensor dst, PostOps postOps) {
        CpuContext context = CpuContext.current();
        context.key(Operation.MATMUL).add(a).add(b).add(bias).add(dst).add(postOps);
        Plan plan = context.plan(builder -> build(builder, a, b, bias, dst, postOps));
        return plan.slot(0, a).slot(1, b).slot(2, bias).slot(3, dst).execute(context);
    }

    private static Plan build(PlanBuilder builder, Tensor a, Tensor b, Tensor bias, Tensor dst, PostOps postOps) {
        PlanBuilder.Place left = builder.slot(0, a);
        PlanBuilder.Place right = builder.slot(1, b);
        PlanBuilder.Place shift = bias == null ? null : builder.slot(2, bias);
        PlanBuilder.Place result = builder.slot(3, dst);
        dnnl_memory_desc biasLayout = shift == null ? null : shift.layout();
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        int status = dnnl_matmul_primitive_desc_create(
                descriptor,
                builder.engine(),
                left.layout(),
                right.layout(),
                biasLayout,
                result.layout(),
                builder.attributes(postOps));
        builder.created("matmul " + a + " x " + b, descriptor, status);
        builder.begin(descriptor).input(DNNL_ARG_SRC, left).input(DNNL_ARG_WEIGHTS, right);
        if (shift != null) {
            builder.input(DNNL_ARG_BIAS, shift);
        }
        return builder.output(DNNL_ARG_DST, result, postOps.readsDestination())
                .end()
                .build();
    }
}

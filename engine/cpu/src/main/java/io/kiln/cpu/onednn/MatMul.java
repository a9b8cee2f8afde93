package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;

import io.kiln.ndarray.DType;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Batched matrix product: {@code dst[…, m, n] = post(Σₖ a[…, m, k] b[…, k, n] + bias)}. A transposed matrix is one with
 * transposed strides. Axes before the last two are batch axes; one of size 1 in {@code a} or {@code b} is repeated.
 */
public final class MatMul {

    /**
     * Number of multiplications from which on a float32 product without AVX-512 uses oneDNN's general product, which
     * packs blocks of both matrices, instead of its batched one, which reads them in place as far as it can. (Measured
     * on Zen 3 with two threads, Gflop/s of the one and of the other: 1,024×3,072 by 3,072×768 155 and 77; 768×1,024 by
     * 1,024×3,072 155 and 65; 1,024×768 by 768×768 transposed 134 and 130; 4,096×128 by 128×64, which is below, 141 and
     * 146.)
     */
    private static final long LARGE = 1 << 25;

    private static final String GENERAL = "gemm:jit";

    /** In the names of implementations that use AMX. */
    private static final String TILES = "amx";

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
            return BatchAxes.each(a, b, dst, t -> product(t[0], t[1], null, t[2], postOps));
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
        dnnl_primitive_desc descriptor = descriptor(builder, a, b, biasLayout, dst, postOps);
        if (isLarge(a, b)) {
            dnnl_primitive_desc general = descriptor(builder, a, b, biasLayout, dst, postOps);
            descriptor = PlanBuilder.advance(general, GENERAL) ? general : descriptor;
        }
        if (readsBehindRows(a)) {
            dnnl_primitive_desc other = descriptor(builder, a, b, biasLayout, dst, postOps);
            descriptor = PlanBuilder.advancePast(other, TILES) ? other : descriptor;
        }
        builder.begin(descriptor).input(DNNL_ARG_SRC, left).input(DNNL_ARG_WEIGHTS, right);
        if (shift != null) {
            builder.input(DNNL_ARG_BIAS, shift);
        }
        return builder.output(DNNL_ARG_DST, result, postOps.readsDestination())
                .end()
                .build();
    }

    /**
     * With AMX oneDNN multiplies 16-bit elements of a row in pairs and, where their number is odd, the element behind the
     * row by 0: NaN there would reach the result.
     */
    private static boolean readsBehindRows(Tensor a) {
        return a.dtype() != DType.FLOAT32 && a.dims()[a.dims().length - 1] % 2 == 1;
    }

    private static boolean isLarge(Tensor a, Tensor b) {
        return a.dims().length == 2
                && a.dtype() == DType.FLOAT32
                && a.size() * b.dims()[1] > LARGE
                && !InstructionSet.hasAvx512();
    }

    private static dnnl_primitive_desc descriptor(
            PlanBuilder builder, Tensor a, Tensor b, dnnl_memory_desc bias, Tensor dst, PostOps postOps) {
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        int status = dnnl_matmul_primitive_desc_create(
                descriptor,
                builder.engine(),
                builder.layout(a),
                builder.layout(b),
                bias,
                builder.layout(dst),
                builder.attributes(postOps));
        return builder.created("matmul " + a + " x " + b, descriptor, status);
    }
}

package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;

import java.util.function.LongUnaryOperator;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Products of several left matrices with one right matrix, {@code dst[m, n] = post(Σₖ a[m, k] b[k, n] + bias)}: the
 * right matrix is packed into oneDNN's preferred layout once, whereas {@link MatMul} packs it in each call. Used by the
 * time steps of recurrent layers.
 *
 * <p>Concurrency: belongs to the thread that created it, for the duration of one kernel.
 */
public final class PackedMatMul {
    private final Plan plan;
    private final long packed;

    private PackedMatMul(Plan plan, long packed) {
        this.plan = plan;
        this.packed = packed;
    }

    /**
     * Packs a right matrix.
     *
     * @param a a left matrix {@code [m, k]}; those of the products have its sizes and strides
     * @param b the right matrix {@code [k, n]}
     * @param bias {@code [1, n]} or null; those of the products have its strides
     * @param dst a result {@code [m, n]}; those of the products have its strides
     * @param postOps what to do to each element of a result
     * @param memory returns the address of a number of bytes that stay allocated until the last product
     * @return the product, or null if oneDNN has no implementation
     */
    public static PackedMatMul of(
            Tensor a, Tensor b, Tensor bias, Tensor dst, PostOps postOps, LongUnaryOperator memory) {
        CpuContext context = CpuContext.current();
        Plan pack = packing(context, a, b, bias, dst, postOps);
        if (pack == Plan.UNSUPPORTED) {
            return null;
        }
        long packed = memory.applyAsLong(pack.packedBytes());
        pack.slot(0, b).slot(1, packed).execute(context);
        key(context, Operation.MATMUL_PACKED, a, b, bias, dst, postOps);
        Plan plan = context.plan(builder -> {
            dnnl_primitive_desc descriptor = descriptor(builder, a, b, bias, dst, postOps);
            builder.begin(descriptor)
                    .input(DNNL_ARG_SRC, builder.slot(0, a))
                    .input(DNNL_ARG_WEIGHTS, builder.packed(1, builder.wanted(descriptor, DNNL_ARG_WEIGHTS)));
            if (bias != null) {
                builder.input(DNNL_ARG_BIAS, builder.slot(2, bias));
            }
            return builder.output(DNNL_ARG_DST, builder.slot(3, dst), postOps.readsDestination())
                    .end()
                    .build();
        });
        return new PackedMatMul(plan, packed);
    }

    /**
     * The size of a packed right matrix.
     *
     * @param a a left matrix as for {@link #of}, wherever it lies
     * @param b the right matrix, wherever it lies
     * @param bias as for {@link #of}, or null
     * @param dst a result, wherever it lies
     * @param postOps what to do to each element of a result
     * @return bytes; 0 if oneDNN has no implementation
     */
    public static long bytes(Tensor a, Tensor b, Tensor bias, Tensor dst, PostOps postOps) {
        Plan pack = packing(CpuContext.current(), a, b, bias, dst, postOps);
        return pack == Plan.UNSUPPORTED ? 0 : pack.packedBytes();
    }

    private static Plan packing(CpuContext context, Tensor a, Tensor b, Tensor bias, Tensor dst, PostOps postOps) {
        key(context, Operation.MATMUL_PACK, a, b, bias, dst, postOps);
        return context.plan(builder -> {
            dnnl_primitive_desc descriptor = descriptor(builder, a, b, bias, dst, postOps);
            builder.reorder(builder.slot(0, b), builder.packed(1, builder.wanted(descriptor, DNNL_ARG_WEIGHTS)));
            return builder.build();
        });
    }

    /**
     * Computes one product.
     *
     * @param a address of the left matrix
     * @param bias address of the bias; arbitrary without one
     * @param dst address of the result, which must not overlap the others
     */
    public void run(long a, long bias, long dst) {
        plan.slot(0, a).slot(1, packed).slot(2, bias).slot(3, dst).execute(CpuContext.current());
    }

    private static CallKey key(
            CpuContext context, Operation operation, Tensor a, Tensor b, Tensor bias, Tensor dst, PostOps postOps) {
        return context.key(operation).add(a).add(b).add(bias).add(dst).add(postOps);
    }

    private static dnnl_primitive_desc descriptor(
            PlanBuilder builder, Tensor a, Tensor b, Tensor bias, Tensor dst, PostOps postOps) {
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        int status = dnnl_matmul_primitive_desc_create(
                descriptor,
                builder.engine(),
                builder.layout(a),
                builder.any(b.dtype(), b.dims()),
                bias == null ? null : builder.layout(bias),
                builder.layout(dst),
                builder.attributes(postOps));
        return builder.created("matmul " + a + " x packed " + b, descriptor, status);
    }
}

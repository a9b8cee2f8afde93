package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_0;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_primitive_desc_create;

import org.bytedeco.dnnl.dnnl_primitive_desc;

/** {@code dst = post(a + b)}, element by element. */
public final class Sum {

    private Sum() {}

    /**
     * Adds.
     *
     * @param a first summand
     * @param b second summand, of the same sizes
     * @param dst destination, of the same sizes; may be a summand's own memory
     * @param postOps what to do to each sum
     * @return false if oneDNN has no implementation
     */
    public static boolean run(Tensor a, Tensor b, Tensor dst, PostOps postOps) {
        CpuContext context = CpuContext.current();
        context.key(Operation.SUM).add(a).add(b).add(dst).add(postOps);
        Plan plan = context.plan(builder -> {
            PlanBuilder.Place first = builder.slot(0, a);
            PlanBuilder.Place second = builder.slot(1, b);
            PlanBuilder.Place to = builder.slot(2, dst);
            dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
            int status = dnnl_binary_primitive_desc_create(
                    descriptor,
                    builder.engine(),
                    dnnl_binary_add,
                    first.layout(),
                    second.layout(),
                    to.layout(),
                    builder.attributes(postOps));
            builder.created("sum of " + a, descriptor, status);
            return builder.begin(descriptor)
                    .input(DNNL_ARG_SRC_0, first)
                    .input(DNNL_ARG_SRC_1, second)
                    .output(DNNL_ARG_DST, to)
                    .end()
                    .build();
        });
        return plan.slot(0, a).slot(1, b).slot(2, dst).execute(context);
    }
}

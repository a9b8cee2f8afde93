package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reduction_max;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reduction_mean;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reduction_min;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reduction_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reduction_sum;

import org.bytedeco.dnnl.dnnl_primitive_desc;

/** Reduction of axes to size 1. */
public final class Reduction {

    /** How the elements are combined. */
    public enum Kind {
        /** Their sum. */
        SUM(dnnl_reduction_sum),
        /** Their mean. */
        MEAN(dnnl_reduction_mean),
        /** The largest. */
        MAX(dnnl_reduction_max),
        /** The smallest. */
        MIN(dnnl_reduction_min);

        private final int code;

        Kind(int code) {
            this.code = code;
        }
    }

    private Reduction() {}

    /**
     * Reduces each axis that has size 1 in the destination.
     *
     * @param kind how the elements are combined
     * @param src source
     * @param dst destination of the same rank
     * @return false if oneDNN has no implementation
     */
    public static boolean run(Kind kind, Tensor src, Tensor dst) {
        CpuContext context = CpuContext.current();
        context.key(Operation.REDUCTION).add(kind.ordinal()).add(src).add(dst);
        Plan plan = context.plan(builder -> {
            PlanBuilder.Place from = builder.slot(0, src);
            PlanBuilder.Place to = builder.slot(1, dst);
            dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
            int status = dnnl_reduction_primitive_desc_create(
                    descriptor,
                    builder.engine(),
                    kind.code,
                    from.layout(),
                    to.layout(),
                    0f,
                    0f,
                    builder.attributes(PostOps.NONE));
            builder.created("reduction " + kind + " of " + src, descriptor, status);
            return builder.begin(descriptor)
                    .input(DNNL_ARG_SRC, from)
                    .output(DNNL_ARG_DST, to)
                    .end()
                    .build();
        });
        return plan.slot(0, src).slot(1, dst).execute(context);
    }
}

package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_accurate;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_log;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Softmax {@code yᵢ = exp(xᵢ - max x) / Σⱼ exp(xⱼ - max x)} and its logarithm along one axis.
 */
public final class Softmax {

    private Softmax() {}

    /**
     * Computes softmax or its logarithm.
     *
     * @param log whether to compute the logarithm
     * @param axis the axis, at least 0
     * @param src source
     * @param dst destination; may be the source's own memory
     * @return false if oneDNN has no implementation; for an axis of one element it has none that writes all results
     */
    public static boolean forward(boolean log, int axis, Tensor src, Tensor dst) {
        if (src.dims()[axis] == 1) {
            return false;
        }
        CpuContext context = CpuContext.current();
        context.key(Operation.SOFTMAX).add(log ? 1 : 0).add(axis).add(src).add(dst);
        Plan plan = context.plan(builder -> {
            PlanBuilder.Place from = builder.slot(0, src);
            PlanBuilder.Place to = builder.slot(1, dst);
            return builder.begin(descriptor(builder, log, axis, from.layout(), to.layout()))
                    .input(DNNL_ARG_SRC, from)
                    .output(DNNL_ARG_DST, to)
                    .end()
                    .build();
        });
        return plan.slot(0, src).slot(1, dst).execute(context);
    }

    private static int algorithm(boolean log) {
        return log ? dnnl_softmax_log : dnnl_softmax_accurate;
    }

    private static dnnl_primitive_desc descriptor(
            PlanBuilder builder, boolean log, int axis, dnnl_memory_desc src, dnnl_memory_desc dst) {
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        int status = dnnl_softmax_forward_primitive_desc_create(
                descriptor,
                builder.engine(),
                dnnl_forward_training,
                algorithm(log),
                src,
                dst,
                axis,
                builder.attributes(PostOps.NONE));
        return builder.created("softmax along axis " + axis, descriptor, status);
    }
}

package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** An {@link Activation} of each element, and its gradient. */
public final class Elementwise {

    private Elementwise() {}

    /**
     * {@code dst = f(src)}.
     *
     * @param function the function
     * @param alpha its first parameter
     * @param beta its second parameter
     * @param src source
     * @param dst destination; may be the source's own memory
     * @return false if oneDNN has no implementation
     */
    public static boolean forward(Activation function, float alpha, float beta, Tensor src, Tensor dst) {
        CpuContext context = CpuContext.current();
        context.key(Operation.ACTIVATION)
                .add(function.ordinal())
                .add(alpha)
                .add(beta)
                .add(src)
                .add(dst);
        Plan plan = context.plan(builder -> {
            PlanBuilder.Place from = builder.slot(0, src);
            PlanBuilder.Place to = builder.slot(1, dst);
            return builder.begin(descriptor(builder, function, alpha, beta, from.layout(), to.layout()))
                    .input(DNNL_ARG_SRC, from)
                    .output(DNNL_ARG_DST, to)
                    .end()
                    .build();
        });
        return plan.slot(0, src).slot(1, dst).execute(context);
    }

    /**
     * {@code diffSrc = f'(src) diffDst}.
     *
     * @param function the function
     * @param alpha its first parameter
     * @param beta its second parameter
     * @param src source of the forward pass; its result for functions that say so
     * @param diffDst gradient of the destination
     * @param diffSrc result: gradient of the source
     * @return false if oneDNN has no implementation
     */
    public static boolean backward(
            Activation function, float alpha, float beta, Tensor src, Tensor diffDst, Tensor diffSrc) {
        CpuContext context = CpuContext.current();
        context.key(Operation.ACTIVATION_BACKWARD)
                .add(function.ordinal())
                .add(alpha)
                .add(beta)
                .add(src)
                .add(diffDst)
                .add(diffSrc);
        Plan plan = context.plan(builder -> {
            PlanBuilder.Place from = builder.slot(0, src);
            PlanBuilder.Place gradient = builder.slot(1, diffDst);
            PlanBuilder.Place out = builder.slot(2, diffSrc);
            dnnl_primitive_desc hint = descriptor(builder, function, alpha, beta, from.layout(), gradient.layout());
            dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
            int status = dnnl_eltwise_backward_primitive_desc_create(
                    descriptor,
                    builder.engine(),
                    function.code(),
                    out.layout(),
                    gradient.layout(),
                    from.layout(),
                    alpha,
                    beta,
                    hint,
                    builder.attributes(PostOps.NONE));
            builder.created("gradient of " + function, descriptor, status);
            return builder.begin(descriptor)
                    .input(function.gradientArgument(), from)
                    .input(DNNL_ARG_DIFF_DST, gradient)
                    .output(DNNL_ARG_DIFF_SRC, out)
                    .end()
                    .build();
        });
        return plan.slot(0, src).slot(1, diffDst).slot(2, diffSrc).execute(context);
    }

    private static dnnl_primitive_desc descriptor(
            PlanBuilder builder,
            Activation function,
            float alpha,
            float beta,
            dnnl_memory_desc src,
            dnnl_memory_desc dst) {
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        int status = dnnl_eltwise_forward_primitive_desc_create(
                descriptor,
                builder.engine(),
                dnnl_forward_training,
                function.code(),
                src,
                dst,
                alpha,
                beta,
                builder.attributes(PostOps.NONE));
        return builder.created(function + " of elements", descriptor, status);
    }
}

package io.kiln.cpu.onednn;

/** Copies between strides (transposes, channels-last to row-major) and element types. */
public final class Reorder {

    private Reorder() {}

    /**
     * Copies each element, converting its dtype if it differs (to the nearest value).
     *
     * @param src source
     * @param dst destination of the same shape; must not overlap the source
     * @return false if oneDNN has no implementation
     */
    public static boolean run(Tensor src, Tensor dst) {
        CpuContext context = CpuContext.current();
        context.key(Operation.REORDER).add(src).add(dst);
        Plan plan = context.plan(builder -> {
            builder.reorder(builder.slot(0, src), builder.slot(1, dst));
            return builder.build();
        });
        return plan.slot(0, src).slot(1, dst).execute(context);
    }
}

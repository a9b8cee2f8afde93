package io.kiln.kernels;

import io.kiln.backend.Backend;
import io.kiln.backend.Kernel;
import io.kiln.backend.KernelPlan;
import io.kiln.compile.Target;
import io.kiln.compile.internal.FusedConvolution;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Cast;
import io.kiln.op.Copy;
import io.kiln.op.Operator;
import io.kiln.op.Pointwise;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Which kernels run which operators on a device, for eager calls and for the compiler. Immutable once the device is open. */
public final class KernelTable implements Target {
    private static final int MOST_OPERATORS = 2048;
    private static final String COMPOSE = "compose";

    private final Kernels kernels;
    private final Map<Class<?>, Planner> planners = new HashMap<>();
    private final Map<Class<?>, Residuals> residuals = new HashMap<>();
    private final Set<Class<?>> channelsLast = new HashSet<>();
    private final PointwiseProgram copy = PointwiseProgram.of(Expr.input(0));
    private final Map<Operator, PointwiseProgram> pointwise = new ConcurrentHashMap<>();

    KernelTable(Kernels kernels) {
        this.kernels = kernels;
        add(Copy.class, (operator, inputs, outputs) -> KernelPlan.rowMajor(kernel(copy)));
        add(Cast.class, (operator, inputs, outputs) -> pointwise(copy, inputs, outputs));
        new ReductionKernels(kernels).contribute(this);
        new RowKernels(kernels).contribute(this);
        new ProductKernels(kernels).contribute(this);
        new WindowKernels(kernels).contribute(this);
        IndexKernels indices = new IndexKernels(kernels);
        indices.contribute(this);
        new CrossEntropyKernels(kernels, indices).contribute(this);
        new RandomKernels(kernels).contribute(this);
        new AttentionKernels(kernels).contribute(this);
    }

    /** Plans kernels for operators of one class. */
    public interface Planner {
        /**
         * Plans a kernel.
         *
         * @param operator the operator
         * @param inputs layouts of its inputs
         * @param outputs shapes and dtypes of its results
         * @return the plan; null to decline
         */
        KernelPlan plan(Operator operator, Layout[] inputs, Spec... outputs);
    }

    /** Tells what the kernels of an operator keep for that of its gradient. */
    public interface Residuals {
        /**
         * The residuals of an operator.
         *
         * @param operator the operator
         * @param inputs shape and dtype of its inputs
         * @return shape and dtype of each; empty if nothing is kept
         */
        Spec[] of(Operator operator, Spec... inputs);
    }

    /**
     * Adds what the kernels of an operator keep, before the device is used; kernels for {@link io.kiln.op.internal.Keeping} and
     * {@link io.kiln.op.internal.FromResiduals} of it are added as well, and take whatever layouts.
     *
     * @param operator class of the operator
     * @param kept tells the residuals
     */
    public void addResiduals(Class<? extends Operator> operator, Residuals kept) {
        residuals.put(operator, kept);
    }

    Spec[] residuals(Operator operator, Spec... inputs) {
        Residuals kept = residuals.get(operator.getClass());
        return kept == null ? Backend.NO_RESIDUALS : kept.of(operator, inputs);
    }

    /**
     * Adds kernels of an operator, before the device is used. They are tried before those that the operator has; where they decline, those
     * serve.
     *
     * @param operator class of the operator
     * @param planner plans the kernels
     */
    public void add(Class<? extends Operator> operator, Planner planner) {
        planners.merge(operator, planner, (before, now) -> (o, in, out) -> {
            KernelPlan plan = now.plan(o, in, out);
            return plan != null ? plan : before.plan(o, in, out);
        });
    }

    /**
     * Says that the kernels of an operator copy arrays of 16 bits that do not have their channels last, before the device is used.
     *
     * @param operator class of the operator
     */
    public void addChannelsLast(Class<? extends Operator> operator) {
        channelsLast.add(operator);
    }

    @Override
    public long[] inputLayout(Operator operator, Spec input) {
        return channelsLast.contains(operator.getClass()) ? ChannelsLast.wanted(input) : null;
    }

    KernelPlan plan(Operator operator, Layout[] inputs, Spec... outputs) {
        Planner planner = planners.get(operator.getClass());
        KernelPlan plan =
                planner == null || !isComputable(inputs, outputs) ? null : planner.plan(operator, inputs, outputs);
        return plan == null && operator instanceof Pointwise p ? pointwise(program(p), inputs, outputs) : plan;
    }

    private boolean isComputable(Layout[] inputs, Spec... outputs) {
        return kernels.device().hasDoubles()
                || Arrays.stream(inputs).noneMatch(x -> x.dtype() == DType.FLOAT64)
                        && Arrays.stream(outputs).noneMatch(y -> y.dtype() == DType.FLOAT64);
    }

    private KernelPlan pointwise(PointwiseProgram program, Layout[] inputs, Spec... outputs) {
        long[] strides = ChannelsLast.like(inputs, outputs[0]);
        return new KernelPlan(strides == null ? null : new long[][] {strides}, 0, kernel(program));
    }

    private Kernel kernel(PointwiseProgram program) {
        return (in, out, workspace) -> kernels.run(program, in, out);
    }

    @Override
    public long[] layout(Layout[] inputs, Spec output) {
        long[] strides = ChannelsLast.like(inputs, output);
        return strides == null ? output.shape().contiguousStrides() : strides;
    }

    private PointwiseProgram program(Pointwise operator) {
        if (pointwise.size() >= MOST_OPERATORS) {
            pointwise.clear();
        }
        return pointwise.computeIfAbsent(operator, o -> {
            Expr[] x = new Expr[operator.arity()];
            Arrays.setAll(x, Expr::input);
            return PointwiseProgram.of(operator.expression(x));
        });
    }

    /**
     * Whether an operator is not composed of others: its class and interfaces leave {@link Operator#compose} as it is. Those that passes of
     * the compiler make for kernels of the CPU do not count.
     */
    static boolean isPrimitive(Operator operator) {
        if (operator.getClass().getPackage() == FusedConvolution.class.getPackage()) {
            return false;
        }
        try {
            return operator.getClass().getMethod(COMPOSE, NDArray[].class).getDeclaringClass() == Operator.class;
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(e);
        }
    }

    /** In predict mode a batch normalization is arithmetic, which is part of the program of what surrounds it. */
    @Override
    public boolean takesApart(Operator operator, boolean training) {
        return operator instanceof BatchNormOp && !training;
    }

    @Override
    public boolean hasKernel(Operator operator) {
        return planners.containsKey(operator.getClass()) || isPrimitive(operator);
    }
}

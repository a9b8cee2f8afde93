package io.kiln.opencl;

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
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Which kernels run which operators on a device, for eager calls and for the compiler. Immutable once made. */
final class KernelTable implements Target {
    private static final int MOST_OPERATORS = 2048;
    private static final String COMPOSE = "compose";

    private final OpenClBackend backend;
    private final Map<Class<?>, Planner> planners = new HashMap<>();
    private final PointwiseProgram copy = PointwiseProgram.of(Expr.input(0));
    private final Map<Operator, PointwiseProgram> pointwise = new ConcurrentHashMap<>();

    KernelTable(OpenClBackend backend) {
        this.backend = backend;
        add(Copy.class, (operator, inputs, outputs) -> pointwise(copy));
        add(Cast.class, (operator, inputs, outputs) -> pointwise(copy));
        new ReductionKernels(backend).contribute(this);
        new RowKernels(backend).contribute(this);
        new ProductKernels(backend).contribute(this);
        new WindowKernels(backend).contribute(this);
        new IndexKernels(backend).contribute(this);
        new RandomKernels(backend).contribute(this);
    }

    /** Plans kernels for operators of one class. */
    interface Planner {
        /** The plan; null to decline. */
        KernelPlan plan(Operator operator, Layout[] inputs, Spec... outputs);
    }

    /** Adds the kernels of an operator; for groups of kernels only, while the table is made. */
    void add(Class<? extends Operator> operator, Planner planner) {
        planners.put(operator, planner);
    }

    KernelPlan plan(Operator operator, Layout[] inputs, Spec... outputs) {
        Planner planner = planners.get(operator.getClass());
        KernelPlan plan =
                planner == null || !isComputable(inputs, outputs) ? null : planner.plan(operator, inputs, outputs);
        return plan == null && operator instanceof Pointwise p ? pointwise(program(p)) : plan;
    }

    private boolean isComputable(Layout[] inputs, Spec... outputs) {
        return backend.openClDevice().hasDoubles()
                || Arrays.stream(inputs).noneMatch(x -> x.dtype() == DType.FLOAT64)
                        && Arrays.stream(outputs).noneMatch(y -> y.dtype() == DType.FLOAT64);
    }

    private KernelPlan pointwise(PointwiseProgram program) {
        return KernelPlan.rowMajor((in, out, workspace) -> backend.run(program, in, out));
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

    @Override
    public boolean hasKernel(Operator operator) {
        return planners.containsKey(operator.getClass()) || isPrimitive(operator);
    }
}

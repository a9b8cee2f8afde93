package io.kiln.cpu.tile;

import io.kiln.backend.Backend;
import io.kiln.backend.KernelPlan;
import io.kiln.backend.Span;
import io.kiln.cpu.KernelTable;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Overlap;
import io.kiln.op.Cast;
import io.kiln.op.Copy;
import io.kiln.op.Operator;
import io.kiln.op.Pointwise;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs pointwise operators and programs, copies and casts. Programs compiled from operators are cached by equality.
 *
 * <p>Concurrency: thread-safe.
 */
public final class PointwiseKernels {
    /** Limits the cache: operators contain numbers such as a learning rate, so there may be infinitely many. */
    private static final int MAX_PROGRAMS = 2048;

    private final Map<Operator, TileProgram> operators = new ConcurrentHashMap<>();
    private final Map<PointwiseProgram, TileProgram> programs = new ConcurrentHashMap<>();
    private final TileProgram identity = new TileProgram(PointwiseProgram.of(Expr.input(0)));
    private final KernelPlan copy = KernelPlan.rowMajor(this::convert);

    /**
     * Adds the kernels of the table: copy and cast.
     *
     * @param table the table
     */
    public void contribute(KernelTable table) {
        table.add(Copy.class, (operator, inputs, outputs, fallback) -> copy);
        table.add(Cast.class, (operator, inputs, outputs, fallback) -> planned(copy, inputs, outputs[0].shape()));
    }

    /**
     * Plans a pointwise operator.
     *
     * @param operator the operator
     * @param inputs layouts that broadcast to the output's shape
     * @param output shape and dtype of the output
     * @return the plan, with the layout of the first input of that shape
     */
    public KernelPlan plan(Pointwise operator, Layout[] inputs, Spec output) {
        TileProgram program = operators.get(operator);
        if (program == null) {
            program = compile(operator);
        }
        return planned(program.rowMajor, inputs, output.shape());
    }

    private static KernelPlan planned(KernelPlan rowMajor, Layout[] inputs, Shape shape) {
        long[] strides = AxisOrder.like(inputs, shape);
        return strides == null ? rowMajor : new KernelPlan(new long[][] {strides}, 0, rowMajor.kernel());
    }

    /**
     * The layout of the results of pointwise programs: that of the first input with the full shape.
     *
     * @param inputs layouts that broadcast to the shape
     * @param shape the shape
     * @return dense strides
     */
    public static long[] layout(Layout[] inputs, Shape shape) {
        long[] strides = AxisOrder.like(inputs, shape);
        return strides == null ? shape.contiguousStrides() : strides;
    }

    private TileProgram compile(Pointwise operator) {
        if (operators.size() >= MAX_PROGRAMS) {
            operators.clear();
        }
        Expr[] x = new Expr[operator.arity()];
        Arrays.setAll(x, Expr::input);
        TileProgram program = new TileProgram(PointwiseProgram.of(operator.expression(x)));
        operators.put(operator, program);
        return program;
    }

    /** Copies and casts. */
    private void convert(NDArray[] inputs, NDArray[] outputs, Span workspace) {
        identity.run(exact(inputs[0].dtype(), outputs[0].dtype()), inputs, outputs);
    }

    private NDArray copyOf(NDArray x) {
        NDArray y = NDArray.empty(x.backend(), Layout.rowMajor(x.spec()));
        identity.run(exact(x.dtype(), x.dtype()), new NDArray[] {x}, new NDArray[] {y});
        return y;
    }

    /** The compute type that converts directly: int64 to float16 rounds twice in any case. */
    private static DType exact(DType from, DType to) {
        if (from == DType.FLOAT64 || to == DType.FLOAT64) {
            return DType.FLOAT64;
        }
        return from.isFloating() ? DType.FLOAT32 : DType.INT64;
    }

    /**
     * Runs a program on existing arrays.
     *
     * @param program the program
     * @param inputs arrays that broadcast to the outputs' shape
     * @param outputs arrays of one shape, overwritten
     * @param scalars the program's scalars
     */
    public void run(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs, double... scalars) {
        check(program, inputs, outputs, scalars);
        NDArray[] safe = inputs.clone();
        try {
            DType type = outputs[0].dtype();
            for (NDArray y : outputs) {
                type = type.promote(y.dtype());
            }
            for (int i = 0; i < safe.length; i++) {
                if (Overlap.isHarmful(safe[i], outputs)) {
                    safe[i] = copyOf(safe[i]);
                }
            }
            compiled(program).run(TileProgram.type(inputs, type), safe, outputs, scalars);
        } finally {
            for (int i = 0; i < safe.length; i++) {
                if (safe[i] != inputs[i]) {
                    safe[i].close();
                }
            }
        }
    }

    /**
     * Prepares a program for arrays of these shapes and strides.
     *
     * @param program the program
     * @param inputs arrays as for {@link #run}
     * @param outputs arrays as for {@link #run}
     * @return the program; for other arrays it does what {@link #run} does
     */
    public Backend.Prepared prepare(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs) {
        boolean safe = outputs[0].size() > 0;
        DType promoted = outputs[0].dtype();
        for (NDArray y : outputs) {
            promoted = promoted.promote(y.dtype());
        }
        for (NDArray x : inputs) {
            safe &= !Overlap.isHarmful(x, outputs);
        }
        if (!safe) {
            return (in, out, scalars) -> run(program, in, out, scalars);
        }
        check(program, inputs, outputs, new double[program.scalarCount()]);
        TileProgram tiles = compiled(program);
        DType type = TileProgram.type(inputs, promoted);
        TileRun ready = new TileRun(tiles, inputs, outputs);
        return (in, out, scalars) -> {
            if (!ready.take(in, out)) {
                run(program, in, out, scalars);
                return;
            }
            ready.run(tiles.computeType(type, scalars), scalars);
        };
    }

    private TileProgram compiled(PointwiseProgram program) {
        TileProgram known = programs.get(program);
        if (known != null) {
            return known;
        }
        if (programs.size() >= MAX_PROGRAMS) {
            programs.clear();
        }
        return programs.computeIfAbsent(program, TileProgram::new);
    }

    private static void check(PointwiseProgram p, NDArray[] inputs, NDArray[] outputs, double[] scalars) {
        if (inputs.length < p.inputCount() || outputs.length != p.outputCount() || scalars.length < p.scalarCount()) {
            throw new IllegalArgumentException("run: program needs " + p.inputCount() + " inputs, " + p.outputCount()
                    + " outputs, " + p.scalarCount() + " scalars; got " + inputs.length + ", " + outputs.length + ", "
                    + scalars.length);
        }
        Shape shape = outputs[0].shape();
        for (NDArray y : outputs) {
            if (!y.shape().equals(shape)) {
                throw new ShapeException("run: outputs need one shape, got " + shape + " and " + y.shape());
            }
        }
    }
}

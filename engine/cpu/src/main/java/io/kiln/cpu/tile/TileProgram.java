package io.kiln.cpu.tile;

import io.kiln.backend.KernelPlan;
import io.kiln.backend.Span;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.pointwise.Code;
import io.kiln.pointwise.PointwiseProgram;
import io.kiln.pointwise.PointwiseProgram.Instruction;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A pointwise program prepared to run on tiles, with one cached plan per set of uniform inputs (those with one value for all
 * elements).
 *
 * <p>Concurrency: thread-safe.
 */
final class TileProgram {
    /** Elements below which a second thread costs more than it saves. */
    static final long GRAIN = 32 * Lanes.TILE;

    /** A generated loop is interpreted by the JVM at first; many programs run once or twice. */
    private static final long WORTH_COMPILING = 256 * Lanes.TILE;

    private final PointwiseProgram program;
    private final boolean wholeNumbers;
    private final long worth;
    private final Map<Long, TieredPlan> plans = new ConcurrentHashMap<>();
    private final TieredPlan plain;
    /** The plan of an operator with one output that has this program. */
    final KernelPlan rowMajor = KernelPlan.rowMajor(this::run);

    TileProgram(PointwiseProgram program) {
        this(program, WORTH_COMPILING);
    }

    /**
     * Prepares a program.
     *
     * @param program the program
     * @param worth number of elements after which loops are generated for it
     */
    TileProgram(PointwiseProgram program, long worth) {
        this.program = program;
        this.worth = worth;
        wholeNumbers = program.instructions().stream()
                .filter(i -> i.code() == Code.CONSTANT)
                .mapToDouble(Instruction::constant)
                .allMatch(c -> c == Math.rint(c));
        plain = new TieredPlan(program, 0, worth);
        if (program.inputCount() > Long.SIZE) {
            throw new IllegalArgumentException(
                    "pointwise: at most " + Long.SIZE + " inputs, got " + program.inputCount());
        }
    }

    /**
     * Runs the program.
     *
     * @param type the type to compute in
     * @param inputs arrays that broadcast to the outputs' shape
     * @param outputs arrays of one shape; an output may have exactly the same memory as an input
     * @param scalars the program's scalars
     */
    void run(DType type, NDArray[] inputs, NDArray[] outputs, double... scalars) {
        Shape shape = outputs[0].shape();
        long size = shape.size();
        if (size == 0) {
            return;
        }
        DType compute = computeType(type, scalars);
        if (size <= Lanes.TILE && runSmall(compute, inputs, outputs, scalars, shape, (int) size)) {
            return;
        }
        new TileRun(this, inputs, outputs).run(compute, scalars);
    }

    private void run(NDArray[] inputs, NDArray[] outputs, Span workspace) {
        run(type(inputs, outputs[0].dtype()), inputs, outputs);
    }

    /** The promoted dtype of inputs and outputs, as used in computation. */
    static DType type(NDArray[] inputs, DType outputs) {
        DType t = outputs;
        for (NDArray x : inputs) {
            t = t.promote(x.dtype());
        }
        if (t == DType.FLOAT64) {
            return t;
        }
        return t.isFloating() ? DType.FLOAT32 : DType.INT64;
    }

    /** The dtype to compute in, given the promoted dtype of all arrays. */
    DType computeType(DType type, double... scalars) {
        return type == DType.INT64 && !(wholeNumbers && areWhole(scalars)) ? DType.FLOAT64 : type;
    }

    static void runRange(TilePlan plan, FusedPlan fused, Lanes lanes, Walk[] in, Walk[] out, long from, long to) {
        lanes.reserve(fused == null ? 0 : fused.tiles);
        for (long start = from; start < to; start += Lanes.TILE) {
            int count = (int) Math.min(Lanes.TILE, to - start);
            int[] results = plan.outputs;
            if (fused == null) {
                interpret(plan, lanes, in, start, count);
            } else if (fused.isTrusted()) {
                compute(fused, lanes, in, start, count);
                results = fused.outputs;
            } else if (fused.isTrial()) {
                long began = System.nanoTime();
                compute(fused, lanes, in, start, count);
                long between = System.nanoTime();
                interpret(plan, lanes, in, start, count);
                fused.compared(between - began, System.nanoTime() - between);
            } else {
                interpret(plan, lanes, in, start, count);
            }
            for (int i = 0; i < out.length; i++) {
                out[i].store(lanes, results[i], start, count);
            }
        }
    }

    private static void compute(FusedPlan plan, Lanes lanes, Walk[] in, long start, int count) {
        for (Stage stage : plan.stages) {
            TileStep s = stage.step();
            if (s == null) {
                lanes.run(stage.loop(), count);
            } else if (s.code() == Code.INPUT) {
                in[s.a()].load(lanes, s.target(), start, count);
            } else {
                lanes.run(s, count);
            }
        }
    }

    private static void interpret(TilePlan plan, Lanes lanes, Walk[] in, long start, int count) {
        for (TileStep s : plan.steps) {
            if (s.code() == Code.INPUT) {
                in[s.a()].load(lanes, s.target(), start, count);
            } else {
                lanes.run(s, count);
            }
        }
    }

    static void runPreamble(TileStep[] preamble, Lanes lanes, Walk[] in, double[] scalars) {
        for (TileStep s : preamble) {
            switch (s.code()) {
                case CONSTANT -> lanes.uniform(s.target(), s.constant());
                case SCALAR -> lanes.uniform(s.target(), scalars[s.a()]);
                case INPUT -> lanes.loadUniform(s.target(), in[s.a()].dtype(), in[s.a()].address());
                default -> lanes.run(s, 1);
            }
        }
    }

    /** Runs small arrays with the same dense layout without any preparation; false if they do not have this form. */
    private boolean runSmall(
            DType compute, NDArray[] inputs, NDArray[] outputs, double[] scalars, Shape shape, int size) {
        long uniform = 0;
        for (int i = 0; i < inputs.length; i++) {
            NDArray x = inputs[i];
            if (!x.isContiguous()) {
                return false;
            }
            if (!x.shape().equals(shape)) {
                if (x.size() != 1) {
                    return false;
                }
                uniform |= 1L << i;
            }
        }
        for (NDArray y : outputs) {
            if (!y.isContiguous()) {
                return false;
            }
        }
        TilePlan plan = plan(uniform).tiles;
        Lanes lanes = Scratch.current().lanes(compute);
        for (TileStep s : plan.preamble) {
            switch (s.code()) {
                case CONSTANT -> lanes.uniform(s.target(), s.constant());
                case SCALAR -> lanes.uniform(s.target(), scalars[s.a()]);
                case INPUT -> lanes.loadUniform(s.target(), inputs[s.a()].dtype(), inputs[s.a()].address());
                default -> lanes.run(s, 1);
            }
        }
        for (TileStep s : plan.steps) {
            if (s.code() == Code.INPUT) {
                lanes.load(inputs[s.a()].dtype(), inputs[s.a()].address(), 1, s.target(), 0, size);
            } else {
                lanes.run(s, size);
            }
        }
        for (int i = 0; i < outputs.length; i++) {
            lanes.store(outputs[i].dtype(), outputs[i].address(), 1, plan.outputs[i], 0, size);
        }
        return true;
    }

    TieredPlan plan(long uniform) {
        return uniform == 0 ? plain : plans.computeIfAbsent(uniform, u -> new TieredPlan(program, u, worth));
    }

    private static boolean areWhole(double[] scalars) {
        for (double s : scalars) {
            if (s != Math.rint(s)) {
                return false;
            }
        }
        return true;
    }
}

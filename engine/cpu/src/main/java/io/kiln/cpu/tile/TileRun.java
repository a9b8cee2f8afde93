package io.kiln.cpu.tile;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Parallel;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.shape.BroadcastTo;
import java.util.Arrays;

/**
 * A program on arrays of certain shapes and strides: how each of them is traversed. It can be run repeatedly, also on
 * other arrays with the same layouts, and allocates no objects.
 *
 * <p>Concurrency: one thread at a time.
 */
final class TileRun implements Parallel.PartBody {
    private final long size;
    private final Walk[] in;
    private final Walk[] out;
    private final Shape[] shapes;
    private final long[][] strides;
    private final DType[] dtypes;
    private final TieredPlan plan;
    private double[] scalars;
    private FusedPlan fused;
    private Lanes[] lanes;
    private int parts;

    /**
     * Plans a run.
     *
     * @param program the program
     * @param inputs arrays that broadcast to the outputs' shape
     * @param outputs arrays of one shape, not empty
     */
    TileRun(TileProgram program, NDArray[] inputs, NDArray[] outputs) {
        Shape shape = outputs[0].shape();
        size = shape.size();
        int[] order = AxisOrder.of(outputs[0].layout());
        in = new Walk[inputs.length];
        out = new Walk[outputs.length];
        shapes = new Shape[in.length + out.length];
        strides = new long[shapes.length][];
        dtypes = new DType[shapes.length];
        long uniform = 0;
        for (int i = 0; i < in.length; i++) {
            in[i] = walk(inputs[i], shape, order);
            uniform |= in[i].isUniform() ? 1L << i : 0;
            remember(i, inputs[i]);
        }
        for (int i = 0; i < out.length; i++) {
            out[i] = walk(outputs[i], shape, order);
            remember(in.length + i, outputs[i]);
        }
        plan = program.plan(uniform);
    }

    private static Walk walk(NDArray x, Shape shape, int... order) {
        return new Walk(x.dtype(), x.address(), shape, BroadcastTo.strides(x.layout(), shape), order);
    }

    private void remember(int i, NDArray array) {
        shapes[i] = array.shape();
        strides[i] = array.strides();
        dtypes[i] = array.dtype();
    }

    /** Switches to other arrays; false if their layouts differ. */
    boolean take(NDArray[] inputs, NDArray[] outputs) {
        if (inputs.length < in.length || outputs.length != out.length) {
            return false;
        }
        for (int i = 0; i < shapes.length; i++) {
            NDArray x = i < in.length ? inputs[i] : outputs[i - in.length];
            if (x.dtype() != dtypes[i]
                    || x.shape() != shapes[i] && !x.shape().equals(shapes[i])
                    || x.strides() != strides[i] && !Arrays.equals(x.strides(), strides[i])) {
                return false;
            }
            (i < in.length ? in[i] : out[i - in.length]).at(x.address());
        }
        return true;
    }

    /**
     * Runs the program.
     *
     * @param compute the type to compute in
     * @param numbers the program's scalars
     */
    void run(DType compute, double... numbers) {
        scalars = numbers;
        Parallel parallel = EngineThreads.parallel();
        parts = parallel.partsFor(size, TileProgram.GRAIN);
        lanes = Scratch.current().lanes(compute, parts);
        TileProgram.runPreamble(plan.tiles.preamble, lanes[0], in, scalars);
        fused = plan.fused(compute, size, lanes[0]);
        parallel.run(parts, this);
    }

    @Override
    public void run(int part) {
        if (part > 0) {
            TileProgram.runPreamble(plan.tiles.preamble, lanes[part], in, scalars);
        }
        long from = Parallel.split(size, parts, part);
        long to = Parallel.split(size, parts, part + 1);
        TileProgram.runRange(plan.tiles, fused, lanes[part], in, out, from, to);
    }
}

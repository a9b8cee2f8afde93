package io.kiln.compile;

import io.kiln.backend.Allocator;
import io.kiln.backend.Backend;
import io.kiln.backend.Device;
import io.kiln.backend.KernelPlan;
import io.kiln.backend.Queue;
import io.kiln.backend.Storage;
import io.kiln.backend.Traits;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Placement;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.ViewOperator;
import io.kiln.pointwise.PointwiseProgram;

/**
 * A device without memory, on which views and layouts are tried before any memory exists. Whatever would touch an element
 * fails.
 */
final class Phantom implements Backend {
    private static final long ADDRESS = 64;

    private final Placement placement = new Placement();

    /** An operator asked for elements. */
    private static final class Touched extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Touched() {
            super("compile: an array without memory was touched", null, false, false);
        }
    }

    /** An array of this kind. */
    NDArray array(Spec spec, long... strides) {
        long bytes = Math.multiplyExact(spec.shape().size(), spec.dtype().bytes());
        return placement.array(Storage.of(this, ADDRESS, bytes, () -> {}), 0, spec, strides);
    }

    /** What a view operator makes of an array; null when it cannot do without a copy. */
    NDArray view(ViewOperator operator, NDArray x, Spec output) {
        try {
            return operator.view(x, output);
        } catch (Touched e) {
            return null;
        }
    }

    /** Where an array begins in its memory. */
    static long start(NDArray x) {
        return x.address() - ADDRESS;
    }

    @Override
    public Device device() {
        return Device.cpu();
    }

    @Override
    public Traits traits() {
        return new Traits(false);
    }

    @Override
    public Allocator allocator() {
        throw new Touched();
    }

    @Override
    public Allocator hostMemory() {
        throw new Touched();
    }

    @Override
    public Queue queue() {
        throw new Touched();
    }

    @Override
    public Queue newQueue(String name) {
        throw new Touched();
    }

    @Override
    public KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs) {
        throw new Touched();
    }

    @Override
    public NDArray[] execute(Operator operator, NDArray[] inputs, Spec[] outputs) {
        throw new Touched();
    }

    @Override
    public void run(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs, double... scalars) {
        throw new Touched();
    }

    @Override
    public void setThreads(int threads) {
        throw new Touched();
    }

    @Override
    public int threads() {
        return 1;
    }

    @Override
    public String describe() {
        return "phantom";
    }
}

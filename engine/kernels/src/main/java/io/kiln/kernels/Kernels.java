package io.kiln.kernels;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Overlap;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The kernels of one device: those of its table, pointwise programs, and {@link HostFallback} for what has neither kernel nor composition.
 *
 * <p>Concurrency: thread-safe.
 */
public final class Kernels {
    private static final int MOST_PROGRAMS = 2048;
    private static final int GROUP = 64;

    private final KernelDevice device;
    private final Counters counters = new Counters();
    private final Programs programs;
    private final KernelTable table;
    private final HostFallback fallback;
    private final Map<PointwiseProgram, DevicePointwise> pointwise = new ConcurrentHashMap<>();

    /**
     * Prepares the kernels of a device; each is built when it is first used.
     *
     * @param device the device
     */
    public Kernels(KernelDevice device) {
        this.device = device;
        programs = new Programs(device);
        table = new KernelTable(this);
        fallback = new HostFallback(device);
    }

    KernelDevice device() {
        return device;
    }

    Programs programs() {
        return programs;
    }

    /**
     * Which kernels run which operators.
     *
     * @return the table, to which a device adds its own planners before it is used
     */
    public KernelTable table() {
        return table;
    }

    /**
     * What the device was asked for.
     *
     * @return its counters
     */
    public Counters counters() {
        return counters;
    }

    /**
     * How many kernels were built so far.
     *
     * @return the number of kernels
     */
    public long builds() {
        return programs.builds();
    }

    /** Enough work items to keep the device busy, in groups of 64; each takes its share of the elements in even steps. */
    long[] items(long size) {
        return new long[] {GROUP * Math.min(device.groups(), (size + GROUP - 1) / GROUP)};
    }

    KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs) {
        KernelPlan plan = table.plan(operator, inputs, outputs);
        return plan != null || !KernelTable.isPrimitive(operator) ? plan : fallback.plan(operator, inputs, outputs);
    }

    void run(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs, double... scalars) {
        check(program, inputs, outputs, scalars);
        if (pointwise.size() >= MOST_PROGRAMS) {
            pointwise.clear();
        }
        DevicePointwise own = pointwise.computeIfAbsent(program, p -> new DevicePointwise(this, p));
        NDArray[] safe = inputs.clone();
        for (int i = 0; i < safe.length; i++) {
            if (Overlap.isHarmful(safe[i], outputs)) {
                safe[i] = Dispatch.withoutGradient(new Copy(), safe[i]);
            }
        }
        try {
            if (!own.run(safe, outputs, scalars)) {
                fallback.run(own.unsupported(), program, inputs, outputs, scalars);
            }
        } finally {
            for (int i = 0; i < safe.length; i++) {
                if (safe[i] != inputs[i]) {
                    safe[i].close();
                }
            }
        }
    }

    private static void check(PointwiseProgram p, NDArray[] inputs, NDArray[] outputs, double... scalars) {
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

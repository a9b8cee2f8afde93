package io.kiln.kernels;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.backend.KernelPlan;
import io.kiln.backend.NotCapturableException;
import io.kiln.backend.Queue;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.pointwise.PointwiseProgram;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way through the CPU, for what the device has no kernel for: inputs are copied to the host, the CPU computes,
 * results are copied back. The calling thread waits meanwhile. Each is counted ({@link Counters#fallbacks}) and the
 * first of each operator is logged.
 */
public final class HostFallback {
    private static final Logger LOG = LoggerFactory.getLogger(HostFallback.class);
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final KernelDevice backend;

    HostFallback(KernelDevice backend) {
        this.backend = backend;
    }

    static Backend processor() {
        return Backends.get(Device.cpu());
    }

    /** A plan that runs the CPU's kernel; null when it has none. */
    KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs) {
        KernelPlan plan = processor().plan(operator, inputs, outputs);
        return plan == null
                ? null
                : new KernelPlan(
                        plan.strides(),
                        0,
                        (in, out, workspace) ->
                                run(operator.name(), in, out, false, (x, y) -> plan.run(processor(), x, y)));
    }

    /** Runs a pointwise program. */
    void run(String name, PointwiseProgram program, NDArray[] inputs, NDArray[] outputs, double... scalars) {
        run(name, inputs, outputs, true, (x, y) -> processor().run(program, x, y, scalars));
    }

    /** What the CPU does with copies. */
    private interface Work {
        void run(NDArray[] inputs, NDArray[] outputs);
    }

    private void run(String name, NDArray[] inputs, NDArray[] outputs, boolean keepsGaps, Work work) {
        Queue queue = Context.current().queue(backend);
        if (queue.isCapturing()) {
            throw new NotCapturableException(
                    name + " has no kernel on " + backend.device() + " and goes through the CPU");
        }
        if (backend.kernels().counters().countFallback(name)) {
            LOG.info("{}: {} has no kernel here and goes through the CPU and host memory", backend.device(), name);
        }
        try (Context.Switch there = Context.switchTo(processor());
                Scope scope = Scope.open();
                Autograd.Mode mode = Autograd.pauseKeepingMode()) {
            Copy[] in = new Copy[inputs.length];
            Copy[] out = new Copy[outputs.length];
            for (int i = 0; i < in.length; i++) {
                in[i] = new Copy(inputs[i]);
                in[i].fetch(queue);
            }
            for (int i = 0; i < out.length; i++) {
                out[i] = new Copy(outputs[i]);
                if (keepsGaps) {
                    out[i].fetch(queue);
                }
            }
            queue.synchronize(PATIENCE);
            work.run(arrays(in), arrays(out));
            for (Copy copy : out) {
                copy.send(queue);
            }
            queue.synchronize(PATIENCE);
        }
    }

    private static NDArray[] arrays(Copy... copies) {
        NDArray[] arrays = new NDArray[copies.length];
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = copies[i].array;
        }
        return arrays;
    }

    /** An array's stretch of memory, from its lowest to its highest element, on the host. */
    private static final class Copy {
        private final Span device;
        private final Span host;
        final NDArray array;

        Copy(NDArray x) {
            long low = 0;
            long high = x.size() == 0 ? 0 : 1;
            long[] strides = x.strides();
            for (int i = 0; i < strides.length && x.size() > 0; i++) {
                long far = (x.shape().dim(i) - 1) * strides[i];
                low += Math.min(0, far);
                high += Math.max(0, far);
            }
            int bytes = x.dtype().bytes();
            long count = high - low;
            Storage block = x.storage();
            device = new Span(block, x.address() - block.address() + low * bytes, count * bytes);
            NDArray stretch = NDArray.empty(processor(), Layout.rowMajor(new Spec(Shape.of(count), x.dtype())));
            host = Span.of(stretch.storage());
            array = stretch.view(x.shape(), strides, -low);
        }

        void fetch(Queue queue) {
            if (device.bytes() > 0) {
                queue.copy(host, device);
            }
        }

        void send(Queue queue) {
            if (device.bytes() > 0) {
                queue.copy(device, host);
            }
        }
    }
}

package io.kiln.cpu;

import io.kiln.backend.Kernel;
import io.kiln.backend.Span;
import io.kiln.cpu.onednn.CallLog;
import io.kiln.cpu.onednn.RecordedCalls;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Operator;
import java.util.Arrays;

/** A kernel that consists of oneDNN calls on its inputs and outputs only, or gives up. */
record CallsKernel(Operator operator, Attempt attempt, Fallback fallback) implements Kernel {
    @Override
    public void run(NDArray[] inputs, NDArray[] outputs, Span workspace) {
        if (!attempt.run(inputs, outputs, workspace)) {
            fallback.run(operator, inputs, outputs);
        }
    }

    @Override
    public Kernel repeated() {
        return new Recorded(this);
    }

    /** Replays the calls of an earlier run with other addresses. Belongs to one thread at a time. */
    private static final class Recorded implements Kernel {
        /** It may serve several threads in turn, each with its own primitives; it then falls back to a lookup. */
        private static final int MAX_TRIES = 4;

        private final CallsKernel kernel;
        private Operands operands;
        private RecordedCalls calls;
        private int tries;

        Recorded(CallsKernel kernel) {
            this.kernel = kernel;
        }

        @Override
        public void run(NDArray[] inputs, NDArray[] outputs, Span workspace) {
            if (calls != null && operands.take(inputs, outputs) && calls.run(operands.starts)) {
                return;
            }
            if (tries == MAX_TRIES) {
                kernel.run(inputs, outputs, workspace);
                return;
            }
            tries++;
            operands = new Operands(inputs, outputs);
            CallLog log = new CallLog();
            boolean done = log.record(() -> kernel.attempt.run(inputs, outputs, workspace));
            calls = done ? log.calls(operands.starts, operands.bytes) : null;
            if (!done) {
                kernel.fallback.run(kernel.operator, inputs, outputs);
            }
        }
    }

    /** The arrays of a recorded call. */
    private static final class Operands {
        private final long[][] strides;
        private final long[] bytes;
        private final long[] starts;
        /** Arrays i and j of n that share memory, as i·n + j, and the start of i minus that of j in bytes. */
        private int[] pairs = {};

        private long[] distances = {};

        Operands(NDArray[] inputs, NDArray[] outputs) {
            strides = new long[inputs.length + outputs.length][];
            bytes = new long[strides.length];
            starts = new long[strides.length];
            for (int i = 0; i < strides.length; i++) {
                NDArray x = at(i, inputs, outputs);
                strides[i] = x.strides();
                starts[i] = x.address();
                long last = x.size() == 0 ? -1 : 0;
                for (int k = 0; k < strides[i].length && last >= 0; k++) {
                    last += (x.shape().dim(k) - 1) * Math.max(0, strides[i][k]);
                }
                bytes[i] = (last + 1) * x.dtype().bytes();
                for (int j = 0; j < i; j++) {
                    if (starts[i] < starts[j] + bytes[j] && starts[j] < starts[i] + bytes[i]) {
                        pairs = Arrays.copyOf(pairs, pairs.length + 1);
                        distances = Arrays.copyOf(distances, pairs.length);
                        pairs[pairs.length - 1] = i * strides.length + j;
                        distances[pairs.length - 1] = starts[i] - starts[j];
                    }
                }
            }
        }

        private static NDArray at(int i, NDArray[] inputs, NDArray[] outputs) {
            return i < inputs.length ? inputs[i] : outputs[i - inputs.length];
        }

        /**
         * Switches to the addresses of other arrays, if their strides are the same (shapes and types always are) and
         * those that shared memory still share it, because a recorded call does not say which of them it read.
         */
        boolean take(NDArray[] inputs, NDArray[] outputs) {
            for (int i = 0; i < strides.length; i++) {
                NDArray x = at(i, inputs, outputs);
                if (x.strides() != strides[i] && !Arrays.equals(x.strides(), strides[i])) {
                    return false;
                }
                starts[i] = x.address();
            }
            for (int k = 0; k < pairs.length; k++) {
                if (starts[pairs[k] / starts.length] - starts[pairs[k] % starts.length] != distances[k]) {
                    return false;
                }
            }
            return true;
        }
    }
}

package io.kiln.compile;

import io.kiln.backend.Backend;
import io.kiln.backend.Kernel;
import io.kiln.backend.Span;
import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.PointwiseProgram;

/** Runs the program of a {@link FusedPointwise} on the backend. */
record PointwiseKernel(Backend backend, PointwiseProgram program) implements Kernel {
    private static final double[] NO_SCALARS = {};

    @Override
    public void run(NDArray[] inputs, NDArray[] outputs, Span workspace) {
        backend.run(program, inputs, outputs, NO_SCALARS);
    }

    @Override
    public Kernel repeated() {
        return new Kernel() {
            private Backend.Prepared prepared;

            @Override
            public void run(NDArray[] inputs, NDArray[] outputs, Span workspace) {
                if (prepared == null) {
                    prepared = backend.prepare(program, inputs, outputs);
                }
                prepared.run(inputs, outputs, NO_SCALARS);
            }
        };
    }
}

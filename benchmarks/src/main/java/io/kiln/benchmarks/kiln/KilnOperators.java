package io.kiln.benchmarks.kiln;

import io.kiln.backend.Backends;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Operators;
import io.kiln.benchmarks.Setup;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.nn.Neural;

/**
 * Kiln's eager operators on small arrays: what a call costs. Each result is closed at once, as with its peers. The image lies
 * channels last, as convolutions hand it on.
 */
public final class KilnOperators implements Contender {

    private NDArray a;
    private NDArray b;
    private NDArray image;
    private NDArray filter;

    @Override
    public Facts setup(Setup setup) {
        Backends.current().setThreads(setup.threads());
        a = NDArray.of(Shape.of(Operators.SIDE, Operators.SIDE), Operators.left());
        b = NDArray.of(Shape.of(Operators.SIDE, Operators.SIDE), Operators.right());
        long n = Operators.SIDE;
        try (Scope scope = Scope.open()) {
            image = NDArray.of(Shape.of(1, n, n, n), Operators.channelsLast(Operators.image()))
                    .transpose(0, 3, 1, 2)
                    .detach();
        }
        filter = NDArray.of(Shape.of(n, n, Operators.KERNEL, Operators.KERNEL), Operators.filter());
        return new Facts("Kiln, " + Backends.current().describe(), 0);
    }

    @Override
    public double step(String caseName) {
        try (Scope scope = Scope.open()) {
            for (int i = 1; i < Operators.CALLS; i++) {
                call(caseName).close();
            }
            return Operators.check(call(caseName).toFloatArray());
        }
    }

    private NDArray call(String caseName) {
        return switch (caseName) {
            case Operators.ADD -> a.add(b);
            case Operators.MATMUL -> a.matmul(b);
            default -> Neural.convolution(image, filter, null, 1, 1);
        };
    }

    @Override
    public void close() {
        a.close();
        b.close();
        image.close();
        filter.close();
    }
}

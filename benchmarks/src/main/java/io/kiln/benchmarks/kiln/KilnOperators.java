package io.kiln.benchmarks.kiln;

import io.kiln.backend.Backends;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Operators;
import io.kiln.benchmarks.Setup;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;

/** Kiln's eager operators on small arrays: what a call costs. Each result is closed at once, as with its peers. */
public final class KilnOperators implements Contender {

    private NDArray a;
    private NDArray b;

    @Override
    public Facts setup(Setup setup) {
        Backends.current().setThreads(setup.threads());
        a = NDArray.of(Shape.of(Operators.SIDE, Operators.SIDE), Operators.left());
        b = NDArray.of(Shape.of(Operators.SIDE, Operators.SIDE), Operators.right());
        return new Facts("Kiln, " + Backends.current().describe(), 0);
    }

    @Override
    public double step(String caseName) {
        boolean add = caseName.equals(Operators.ADD);
        try (Scope scope = Scope.open()) {
            for (int i = 1; i < Operators.CALLS; i++) {
                call(add).close();
            }
            return Operators.check(call(add).toFloatArray());
        }
    }

    private NDArray call(boolean add) {
        return add ? a.add(b) : a.matmul(b);
    }

    @Override
    public void close() {
        a.close();
        b.close();
    }
}

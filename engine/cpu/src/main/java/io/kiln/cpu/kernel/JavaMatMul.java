package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.shape.BroadcastTo;

/**
 * Matrix products in plain Java, for cases that oneDNN does not support: float64, mixed dtypes, machines without it.
 */
final class JavaMatMul {

    /** Minimum number of multiplications for a thread. */
    private static final long GRAIN = 1 << 15;

    private JavaMatMul() {}

    static void run(Operator operator, NDArray[] inputs, NDArray[] outputs) {
        Shape y = outputs[0].shape();
        HeapMath math = HeapMath.of(outputs[0].dtype());
        try (Scope temporaries = Scope.open()) {
            Shape batch = y.without(-1).without(-1);
            int m = Math.toIntExact(y.dim(-2));
            int n = Math.toIntExact(y.dim(-1));
            int k = Math.toIntExact(inputs[0].shape().dim(-1));
            Object a = math.read(spread(inputs[0], batch.insert(-1, m).insert(-1, k)));
            Object b = math.read(spread(inputs[1], batch.insert(-1, k).insert(-1, n)));
            Object c = math.zeros(Math.toIntExact(y.size()));
            long rows = n == 0 ? 0 : y.size() / n;
            long perRow = Math.max(1, (long) n * k);
            EngineThreads.parallel().forRange(rows, Math.max(1, GRAIN / perRow), (from, to) -> {
                for (long row = from; row < to; ) {
                    int matrix = (int) (row / m);
                    int count = (int) Math.min(to - row, m - row % m);
                    math.multiply(a, (int) row * k, b, matrix * k * n, c, (int) row * n, count, n, k);
                    row += count;
                }
            });
            math.write(c, outputs[0]);
        }
    }

    private static NDArray spread(NDArray x, Shape shape) {
        return x.shape().equals(shape) ? x : x.view(shape, BroadcastTo.strides(x.layout(), shape), 0);
    }
}

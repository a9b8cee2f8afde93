package io.kiln.cpu;

import io.kiln.backend.Backend;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Memory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.BroadcastTo;
import io.kiln.op.Cast;
import io.kiln.op.Dispatch;
import io.kiln.op.MatMul;
import io.kiln.op.Operator;
import java.util.Arrays;

/** Matrix product in plain Java, for what oneDNN does not take: float64, and machines without it. */
final class JavaMatMul {
    private JavaMatMul() {}

    static void contribute(KernelTable table) {
        table.add(MatMul.class, JavaMatMul::run);
    }

    private static NDArray[] run(Operator operator, NDArray[] inputs, Spec[] outputs) {
        Shape y = outputs[0].shape();
        Backend backend = inputs[0].backend();
        NDArray result = NDArray.empty(backend, y, DType.FLOAT64, y.contiguousStrides());
        try (Scope temporaries = Scope.open()) {
            Shape batch = y.without(-1).without(-1);
            int m = Math.toIntExact(y.dim(-2));
            int n = Math.toIntExact(y.dim(-1));
            int k = Math.toIntExact(inputs[0].shape().dim(-1));
            long count = batch.size();
            double[] a = rows(inputs[0], batch, m, k);
            double[] b = rows(inputs[1], batch, k, n);
            double[] row = new double[n];
            for (int i = 0; i < count * m; i++) {
                Arrays.fill(row, 0);
                int first = i / Math.max(1, m) * k;
                for (int j = 0; j < k; j++) {
                    addScaled(row, a[i * k + j], b, (first + j) * n);
                }
                Memory.put(row, 0, result.address() + 8L * i * n, n);
            }
        }
        return new NDArray[] {
            outputs[0].dtype() == DType.FLOAT64
                    ? result
                    : Dispatch.withoutGradient(new Cast(outputs[0].dtype()), result)
        };
    }

    private static double[] rows(NDArray x, Shape batch, long rows, long columns) {
        Shape full = batch.insert(-1, rows).insert(-1, columns);
        return x.view(full, BroadcastTo.strides(x, full), 0).toDoubleArray();
    }

    private static void addScaled(double[] row, double factor, double[] b, int start) {
        for (int i = 0; i < row.length; i++) {
            row[i] += factor * b[start + i];
        }
    }
}

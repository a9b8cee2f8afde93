package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Operator;
import io.kiln.op.math.Fft;
import java.util.Arrays;

/** Fourier transforms, each row on one thread, in float64. */
final class FourierKernels {
    private FourierKernels() {}

    static void fft(Operator operator, NDArray[] in, NDArray[] outputs) {
        boolean inverse = ((Fft) operator).inverse();
        int n = Math.toIntExact(in[0].shape().dim(-2));
        double[] x = in[0].toDoubleArray();
        FourierPlan plan = new FourierPlan(n);
        EngineThreads.parallel().forRange(x.length / (2 * n), Math.max(1, 4096 / n), (from, to) -> {
            for (int r = (int) from; r < to; r++) {
                double[] row = Arrays.copyOfRange(x, 2 * n * r, 2 * n * (r + 1));
                System.arraycopy(inverse ? plan.inverse(row) : plan.forward(row), 0, x, 2 * n * r, 2 * n);
            }
        });
        DoubleMath.INSTANCE.write(x, outputs[0]);
    }
}

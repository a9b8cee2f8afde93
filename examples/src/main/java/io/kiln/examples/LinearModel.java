package io.kiln.examples;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.loss.Huber;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.SquaredHinge;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.io.PrintStream;
import java.util.Locale;

/**
 * Two basic models: classification of points of the plane as -1 or 1, and linear regression. Both are {@code w·x + b},
 * trained imperatively: record, differentiate, step.
 */
public final class LinearModel {
    private static final int EPOCHS = 100;
    private static final int SAMPLES = 1000;
    private static final int BATCH = 50;

    private final NDArray w = Autograd.attachGradient(NDArray.zeros(Shape.of(2, 1), DType.FLOAT32));
    private final NDArray b = Autograd.attachGradient(NDArray.zeros(Shape.of(1), DType.FLOAT32));
    private final Loss loss;
    private final double learningRate;

    private LinearModel(Loss loss, double learningRate) {
        this.loss = loss;
        this.learningRate = learningRate;
    }

    /**
     * Trains both models and prints their losses.
     *
     * @param args not used
     */
    public static void main(String[] args) {
        classify(System.out);
        regress(System.out);
    }

    /**
     * Learns on which side of the line 2 x₀ - 3.4 x₁ + 0.5 = 0 points lie, with squared hinge loss. No point lies near
     * the line.
     *
     * @param out receives one line per epoch
     * @return the mean loss of the last epoch
     */
    static double classify(PrintStream out) {
        try (Scope scope = Scope.open()) {
            RandomGenerator.seed(1);
            NDArray points = RandomOps.normal(Shape.of(SAMPLES, 2), 0, 1, DType.FLOAT32);
            NDArray side = line(points, 2, -3.4, 0.5).sign();
            // Moving each point away from the line leaves a gap.
            NDArray away = side.matmul(NDArray.of(Shape.of(1, 2), 0.2f, -0.34f));
            out.println("Classification of two features as -1 or 1");
            return new LinearModel(new SquaredHinge(), 0.05).train(points.add(away), side, out);
        }
    }

    /**
     * Learns y = 2 x₀ - 3.4 x₁ + 4.2 from noisy samples, with smooth L1 loss.
     *
     * @param out receives one line per epoch
     * @return the mean loss of the last epoch
     */
    static double regress(PrintStream out) {
        try (Scope scope = Scope.open()) {
            RandomGenerator.seed(2);
            NDArray points = RandomOps.normal(Shape.of(SAMPLES, 2), 0, 1, DType.FLOAT32);
            NDArray noise = RandomOps.normal(Shape.of(SAMPLES, 1), 0, 0.01, DType.FLOAT32);
            out.println("Linear regression with smooth L1 loss");
            return new LinearModel(new Huber(), 0.1)
                    .train(points, line(points, 2, -3.4, 4.2).add(noise), out);
        }
    }

    private static NDArray line(NDArray points, double w0, double w1, double b) {
        return points.matmul(NDArray.of(Shape.of(2, 1), (float) w0, (float) w1)).add(b);
    }

    private double train(NDArray x, NDArray y, PrintStream out) {
        double mean = Double.NaN;
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            double sum = 0;
            for (int start = 0; start < SAMPLES; start += BATCH) {
                sum += step(x.slice(0, start, start + BATCH), y.slice(0, start, start + BATCH));
            }
            mean = sum * BATCH / SAMPLES;
            out.printf(Locale.ROOT, "Epoch %d: Loss = %.6f%n", epoch, mean);
        }
        out.printf(Locale.ROOT, "w = [%.3f, %.3f], b = %.3f%n", w.get(0, 0), w.get(1, 0), b.get(0));
        return mean;
    }

    private double step(NDArray x, NDArray y) {
        try (Scope scope = Scope.open()) {
            NDArray l;
            try (Autograd.Mode record = Autograd.record()) {
                l = loss.mean(x.matmul(w).add(b), y);
            }
            Autograd.backward(l);
            for (NDArray p : new NDArray[] {w, b}) {
                p.assign(p.sub(Autograd.gradient(p).mul(learningRate)));
            }
            return l.item();
        }
    }
}

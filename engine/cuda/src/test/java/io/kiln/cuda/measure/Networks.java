package io.kiln.cuda.measure;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Parameter;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Autocast;
import io.kiln.op.Precision;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;

/**
 * Times training steps and predictions of a network, compiled, on the device of {@code kiln.device}: SGD with momentum, the loss read each
 * step; a prediction is the mean loss of a batch in predict mode. Arguments: the file of figures, network, precision, seconds for each
 * measurement, {@code tiny} or {@code full}.
 */
final class Networks {
    private static final int LEAST = 5;

    private final Path file;
    private final String name;
    private final String precision;
    private final double seconds;
    private final boolean tiny;

    private Networks(String... arguments) {
        file = Path.of(arguments[0]);
        name = arguments[1];
        precision = arguments[2];
        seconds = Double.parseDouble(arguments[3]);
        tiny = arguments[4].equals("tiny");
    }

    public static void main(String[] arguments) throws IOException {
        new Networks(arguments).measure();
    }

    private void measure() throws IOException {
        Backend backend = Backends.current();
        Precision casts = precision.equals("bfloat16") ? Precision.BFLOAT16 : Precision.FLOAT32;
        Workload w = Workload.of(name, tiny);
        SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy();
        w.network().inferShapes(w.input());
        long parameters = w.network().parameters().values().stream()
                .filter(Parameter::isTrained)
                .mapToLong(p -> p.shape().size())
                .sum();
        UpdateRule rule = new UpdateRule(new Sgd(0.9), 1e-3);
        try (Scope scope = Scope.open();
                TrainStep step = new TrainStep(w.network(), loss, rule)) {
            NDArray batch = w.batch();
            NDArray label = w.label();
            time("train", w, parameters, backend, () -> {
                try (Autocast.Mode mode = Autocast.open(casts)) {
                    return step.run(batch, label);
                }
            });
            w.network().hybridize();
            time("predict", w, parameters, backend, () -> {
                try (Scope inner = Scope.open();
                        Autograd.Mode mode = Autograd.predictMode();
                        Autocast.Mode narrow = Autocast.open(casts)) {
                    return loss.mean(w.network().call(batch), label).item();
                }
            });
        }
    }

    /** Warms up for as long as it measures, and at least a few steps of each. */
    private void time(String work, Workload w, long parameters, Backend backend, DoubleSupplier step)
            throws IOException {
        run(step, seconds);
        backend.allocator().resetPeak();
        List<Double> losses = new ArrayList<>();
        double[] millis = run(
                () -> {
                    losses.add(step.getAsDouble());
                    return losses.get(losses.size() - 1);
                },
                seconds);
        double last = losses.get(losses.size() - 1);
        if (!Double.isFinite(last)) {
            throw new IllegalStateException(name + ", " + work + " in " + precision + ": the loss is " + last);
        }
        String details = String.format(
                Locale.ROOT,
                "%d %d %d %d %.4f",
                w.input().dim(0),
                millis.length,
                parameters,
                backend.allocator().peakBytes() >> 20,
                last);
        Figure.of(name, work, precision, millis, details).write(file);
    }

    private static double[] run(DoubleSupplier step, double seconds) {
        List<Double> millis = new ArrayList<>();
        long begin = System.nanoTime();
        while (millis.size() < LEAST || System.nanoTime() - begin < seconds * 1e9) {
            long start = System.nanoTime();
            step.getAsDouble();
            millis.add((System.nanoTime() - start) * 1e-6);
        }
        return millis.stream().mapToDouble(Double::doubleValue).toArray();
    }
}

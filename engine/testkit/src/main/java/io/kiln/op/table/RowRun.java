package io.kiln.op.table;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.Dispatch;
import io.kiln.op.random.RandomGenerator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Runs a row of the table on a device, which need not be the one of the thread. */
public final class RowRun {
    /** Every run of a row draws the same numbers. */
    static final long SEED = 5;

    private final Row row;
    private final Row.Case call;
    private final ArrayFactory device;
    private final UnaryOperator<NDArray[]> code;

    /**
     * Prepares a run on this thread's device.
     *
     * @param row the row
     * @param call the arguments
     */
    public RowRun(Row row, Row.Case call) {
        this(row, call, ArrayFactory.current(), x -> Dispatch.run(row.operator(), x));
    }

    /**
     * Prepares a run of code that should compute the same.
     *
     * @param row the row
     * @param call the arguments
     * @param device where the inputs lie
     * @param code from inputs to outputs
     */
    RowRun(Row row, Row.Case call, ArrayFactory device, UnaryOperator<NDArray[]> code) {
        this.row = row;
        this.call = call;
        this.device = device;
        this.code = code;
    }

    /**
     * Runs the operator.
     *
     * @param inputs its inputs
     * @return its outputs, in the current scope
     */
    public NDArray[] forward(NDArray... inputs) {
        RandomGenerator.seed(SEED);
        try (Autograd.Mode mode = row.isTraining() ? Autograd.trainMode() : Autograd.predictMode()) {
            return code.apply(inputs);
        }
    }

    /**
     * Runs the operator on samples.
     *
     * @param inputs its inputs
     * @return its outputs
     */
    public List<Sample> forward(List<Sample> inputs) {
        try (Scope scope = Scope.open()) {
            List<Sample> results = new ArrayList<>();
            for (NDArray y : forward(arrays(inputs))) {
                results.add(Sample.of(y));
            }
            return results;
        }
    }

    NDArray[] arrays(List<Sample> samples) {
        return samples.stream().map(s -> s.array(device)).toArray(NDArray[]::new);
    }

    private boolean isVaried(int input, NDArray x) {
        return call.arguments().get(input).varied() && x.dtype().isFloating();
    }

    /** The weighted sum of the outputs; null when no output is floating. */
    private NDArray weighted(NDArray... outputs) {
        NDArray sum = null;
        for (int i = 0; i < outputs.length; i++) {
            if (row.flowsFrom(i) && outputs[i].dtype().isFloating()) {
                NDArray y = outputs[i];
                NDArray part = y.mul(Row.weights(y, i).array(y.factory())).sum();
                sum = sum == null ? part : sum.add(part);
            }
        }
        return sum;
    }

    private double weightedValue(List<Sample> inputs) {
        try (Scope scope = Scope.open()) {
            return weighted(forward(arrays(inputs))).item();
        }
    }

    /**
     * The gradients of the weighted sum of the outputs by autograd.
     *
     * @param inputs the inputs
     * @return one per input; null for inputs that are not differentiated
     */
    public List<Sample> gradient(List<Sample> inputs) {
        try (Scope scope = Scope.open()) {
            NDArray[] x = variables(inputs);
            return samples(gradients(x, false));
        }
    }

    private NDArray[] variables(List<Sample> inputs) {
        NDArray[] x = arrays(inputs);
        for (int i = 0; i < x.length; i++) {
            if (isVaried(i, x[i])) {
                Autograd.attachGradient(x[i]);
            }
        }
        return x;
    }

    private NDArray[] gradients(NDArray[] x, boolean createGraph) {
        List<NDArray> varied = new ArrayList<>();
        for (NDArray v : x) {
            if (v.gradientState() != null) {
                varied.add(v);
            }
        }
        NDArray loss;
        RandomGenerator.seed(SEED);
        try (Autograd.Mode record = Autograd.record();
                Autograd.Mode mode = row.isTraining() ? Autograd.trainMode() : Autograd.predictMode()) {
            loss = weighted(code.apply(x));
        }
        NDArray[] g = new NDArray[x.length];
        if (loss == null || loss.gradientState() == null) {
            return g;
        }
        List<NDArray> found = Autograd.grad(List.of(loss), varied, null, createGraph, createGraph);
        for (int i = 0, k = 0; i < x.length; i++) {
            g[i] = x[i].gradientState() == null ? null : found.get(k++);
        }
        return g;
    }

    private static List<Sample> samples(NDArray... arrays) {
        List<Sample> list = new ArrayList<>();
        for (NDArray a : arrays) {
            list.add(a == null ? null : Sample.of(a));
        }
        return list;
    }

    /**
     * The gradients of the weighted sum of the outputs by central differences.
     *
     * @param inputs the inputs
     * @return one per input; null for inputs that are not differentiated
     */
    public List<Sample> numericGradient(List<Sample> inputs) {
        return differences(inputs, this::weightedValue);
    }

    /** A number that depends on the inputs. */
    private interface Scalar {
        double of(List<Sample> inputs);
    }

    private List<Sample> differences(List<Sample> inputs, Scalar f) {
        List<Sample> result = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            Sample x = inputs.get(i);
            if (!call.arguments().get(i).varied()) {
                result.add(null);
                continue;
            }
            Sample g = Row.zeros(x.shape(), x.dtype());
            for (int k = 0; k < g.values().length; k++) {
                double at = x.values()[k];
                List<Sample> moved = new ArrayList<>(inputs);
                moved.set(i, x.with(k, at + row.step()));
                double above = f.of(moved);
                moved.set(i, x.with(k, at - row.step()));
                g.values()[k] = (above - f.of(moved)) / (2 * row.step());
            }
            result.add(g);
        }
        return result;
    }

    /**
     * The gradients of a weighted sum of the gradients, by autograd: second derivatives.
     *
     * @param inputs the inputs
     * @return one per input; null for inputs that are not differentiated
     */
    public List<Sample> secondGradient(List<Sample> inputs) {
        try (Scope scope = Scope.open()) {
            NDArray[] x = variables(inputs);
            NDArray[] g = gradients(x, true);
            NDArray sum;
            try (Autograd.Mode record = Autograd.record()) {
                sum = weightedGradients(g);
            }
            NDArray[] second = new NDArray[x.length];
            for (int i = 0; i < x.length; i++) {
                if (x[i].gradientState() != null) {
                    boolean depends = sum != null && sum.gradientState() != null;
                    second[i] = depends
                            ? Autograd.grad(List.of(sum), List.of(x[i]), null, true, false)
                                    .get(0)
                            : x[i].factory().zeros(x[i].shape(), x[i].dtype());
                }
            }
            return samples(second);
        }
    }

    private static NDArray weightedGradients(NDArray... g) {
        NDArray sum = null;
        for (int i = 0; i < g.length; i++) {
            if (g[i] != null) {
                NDArray part = g[i].mul(Row.weights(g[i], 13 + i).array(g[i].factory()))
                        .sum();
                sum = sum == null ? part : sum.add(part);
            }
        }
        return sum;
    }

    /**
     * The same by central differences of first derivatives by autograd.
     *
     * @param inputs the inputs
     * @return one per input; null for inputs that are not differentiated
     */
    public List<Sample> numericSecondGradient(List<Sample> inputs) {
        return differences(inputs, moved -> {
            try (Scope scope = Scope.open()) {
                NDArray sum = weightedGradients(gradients(variables(moved), false));
                return sum == null ? 0 : sum.item();
            }
        });
    }

    /** The type in which differences are taken. */
    DType differenceType() {
        return row.dtypes().contains(DType.FLOAT64) ? DType.FLOAT64 : DType.FLOAT32;
    }
}

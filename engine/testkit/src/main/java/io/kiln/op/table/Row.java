package io.kiln.op.table;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import java.util.ArrayList;
import java.util.List;

/** One row of the operator table: an operator with its attributes, arguments to try it on, and what must hold. */
public final class Row {
    /**
     * Arguments for one call.
     *
     * @param arguments one per input
     * @param differentiable whether gradients are checked on them
     */
    public record Case(List<Argument> arguments, boolean differentiable) {
        /** {@return the shapes of the inputs} */
        @Override
        public String toString() {
            return arguments.stream().map(a -> a.shape().toString()).toList().toString();
        }

        long size() {
            return arguments.stream().mapToLong(a -> a.shape().size()).sum();
        }
    }

    private final Operator operator;
    private final List<Case> cases = new ArrayList<>();
    private List<String> torch = List.of();
    private String ownOracle;
    private int order = 2;
    private List<DType> dtypes = List.of(DType.FLOAT32, DType.FLOAT64);
    private double slack = 1;
    private double step = 1e-5;
    private boolean training;
    private boolean keptResults;
    private int comparedOutputs = Integer.MAX_VALUE;

    private Row(Operator operator) {
        this.operator = operator;
    }

    /**
     * Begins a row.
     *
     * @param operator the operator with its attributes
     * @return the row
     */
    public static Row of(Operator operator) {
        return new Row(operator);
    }

    /**
     * Adds a call to try.
     *
     * @param arguments one per input
     * @return this row
     */
    public Row on(Argument... arguments) {
        cases.add(new Case(List.of(arguments), true));
        return this;
    }

    /**
     * Adds a call to try, whose gradient is not checked: values at which it has none, or where engines differ.
     *
     * @param arguments one per input
     * @return this row
     */
    public Row forwardOn(Argument... arguments) {
        cases.add(new Case(List.of(arguments), false));
        return this;
    }

    /**
     * The same formula in libtorch: TorchScript expressions of the inputs x0, x1, …, one per output.
     *
     * @param expressions the expressions; fewer than outputs leave the last ones unchecked
     * @return this row
     */
    public Row torch(String... expressions) {
        torch = List.of(expressions);
        return this;
    }

    /**
     * Says that libtorch has no counterpart.
     *
     * @param where the test with another oracle
     * @return this row
     */
    public Row checkedIn(String where) {
        ownOracle = where;
        return this;
    }

    /**
     * How often it can be differentiated; 2 unless said.
     *
     * @param times 0, 1 or 2
     * @return this row
     */
    public Row order(int times) {
        order = times;
        return this;
    }

    /**
     * The floating types to check; float32 and float64 unless said.
     *
     * @param types the types
     * @return this row
     */
    public Row dtypes(DType... types) {
        dtypes = List.of(types);
        return this;
    }

    /**
     * Float32 only, for kernels without float64; its gradients are then differences over a step of 1/8.
     *
     * @return this row
     */
    public Row singleOnly() {
        step = 0.125;
        return dtypes(DType.FLOAT32);
    }

    /**
     * Multiplies the tolerance.
     *
     * @param factor how much more than rounding of each operation is allowed
     * @return this row
     */
    public Row slack(double factor) {
        slack = factor;
        return this;
    }

    /**
     * Runs in train mode.
     *
     * @return this row
     */
    public Row training() {
        training = true;
        return this;
    }

    /**
     * Says that inputs are what another call has kept for this one. Those of a row are made up, so that a kernel that reads
     * them and a composition that computes them anew differ: narrow types, which have no kernel, are not checked.
     *
     * @return this row
     */
    public Row keptResults() {
        keptResults = true;
        return this;
    }

    /**
     * Checks gradients of the first outputs only.
     *
     * @param count how many outputs a gradient flows from
     * @return this row
     */
    public Row gradientOf(int count) {
        comparedOutputs = count;
        return this;
    }

    /**
     * The operator.
     *
     * @return the operator with its attributes
     */
    public Operator operator() {
        return operator;
    }

    /**
     * The calls to try.
     *
     * @return arguments of each call
     */
    public List<Case> cases() {
        return cases;
    }

    /**
     * The formula in libtorch.
     *
     * @return one expression per output; empty when there is none
     */
    public List<String> torch() {
        return torch;
    }

    /**
     * Where else the operator is checked.
     *
     * @return a test's name; null when libtorch is the oracle
     */
    public String ownOracle() {
        return ownOracle;
    }

    /**
     * How often it can be differentiated.
     *
     * @return 0, 1 or 2
     */
    public int order() {
        return order;
    }

    /**
     * The floating types to check.
     *
     * @return the types
     */
    public List<DType> dtypes() {
        return dtypes;
    }

    /**
     * The step of numeric differences.
     *
     * @return the step
     */
    double step() {
        return step;
    }

    double slack() {
        return slack;
    }

    /**
     * Whether inputs are what another call has kept.
     *
     * @return true if so
     */
    public boolean hasKeptResults() {
        return keptResults;
    }

    /**
     * Whether the operator runs in train mode.
     *
     * @return false for predict mode
     */
    public boolean isTraining() {
        return training;
    }

    /**
     * Whether a gradient flows from an output.
     *
     * @param i which output
     * @return true if so
     */
    public boolean flowsFrom(int i) {
        return i < comparedOutputs;
    }

    /**
     * The inputs of a call.
     *
     * @param c the call
     * @param type the floating type
     * @return one sample per input
     */
    public List<Sample> samples(Case c, DType type) {
        List<Sample> list = new ArrayList<>();
        for (int i = 0; i < c.arguments().size(); i++) {
            list.add(c.arguments().get(i).sample(type, i));
        }
        return list;
    }

    /**
     * The weights with which outputs are summed before they are differentiated.
     *
     * @param output what they are for
     * @param position which output it is
     * @return numbers between -1 and 1
     */
    public static Sample weights(NDArray output, int position) {
        return Argument.real(-1, 1, output.shape().dims()).sample(output.dtype(), 7 + position);
    }

    /**
     * The difference that is allowed between a value and a reference.
     *
     * @param type the type in which it was computed
     * @param reference the reference
     * @param elements how many numbers went into it, at most
     * @return the tolerance
     */
    public double tolerance(DType type, double reference, long elements) {
        double unit = type == DType.FLOAT64 ? 1e-13 : 1e-6;
        return slack * unit * (4 + Math.sqrt(elements)) * Math.max(1, Math.abs(reference));
    }

    /**
     * Zeros of a shape, for gradients that do not flow.
     *
     * @param shape the shape
     * @param type the type
     * @return zeros
     */
    static Sample zeros(Shape shape, DType type) {
        return new Sample(shape, type, new double[Math.toIntExact(shape.size())]);
    }

    /** {@return the operator with its attributes} */
    @Override
    public String toString() {
        return operator.toString();
    }
}

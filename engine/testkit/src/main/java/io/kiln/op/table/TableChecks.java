package io.kiln.op.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.kiln.autograd.Autograd;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.op.Dispatch;
import io.kiln.op.random.RandomGenerator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What must hold of every row of the operator table, whatever the backend. */
public final class TableChecks {
    /** Beyond this many elements differences take too long and show nothing more. */
    private static final long FEW = 150;

    private final Row row;
    private final Row.Case call;
    private final ArrayFactory device;
    private final RowRun run;

    /**
     * Prepares the checks on this thread's device.
     *
     * @param row the row
     * @param call the arguments
     */
    public TableChecks(Row row, Row.Case call) {
        this(row, call, ArrayFactory.current());
    }

    /**
     * Prepares the checks on any device.
     *
     * @param row the row
     * @param call the arguments
     * @param device where the inputs lie
     */
    public TableChecks(Row row, Row.Case call, ArrayFactory device) {
        this.row = row;
        this.call = call;
        this.device = device;
        this.run = new RowRun(row, call, device, x -> Dispatch.run(row.operator(), x));
    }

    /** Another engine that computes a row. */
    public interface Peer {
        /**
         * Computes outputs, then gradients of their weighted sum.
         *
         * @param row the row
         * @param call the arguments
         * @param inputs their values
         * @param weights one per output
         * @param gradients whether to compute gradients
         * @return outputs, then one gradient per input (null for those that are not differentiated)
         */
        List<Sample> compute(Row row, Row.Case call, List<Sample> inputs, List<Sample> weights, boolean gradients);
    }

    /**
     * Outputs and first gradients equal those of another engine, in every floating type.
     *
     * @param peer the other engine
     */
    public void equalsPeer(Peer peer) {
        for (DType type : row.dtypes()) {
            List<Sample> inputs = row.samples(call, type);
            List<Sample> y = run.forward(inputs);
            List<Sample> weights = new ArrayList<>();
            try (Scope scope = Scope.open()) {
                for (int i = 0; i < y.size(); i++) {
                    weights.add(Row.weights(y.get(i).array(), i));
                }
            }
            boolean gradients = call.differentiable() && row.order() > 0;
            List<Sample> expected = peer.compute(row, call, inputs, weights, gradients);
            int outputs = row.torch().size();
            for (int i = 0; i < outputs; i++) {
                compare("output " + i + " in " + type, type, expected.get(i), y.get(i));
            }
            if (gradients) {
                List<Sample> g = run.gradient(inputs);
                for (int i = 0; i < g.size(); i++) {
                    Sample e = expected.get(outputs + i);
                    if (e != null) {
                        Sample got = g.get(i) == null ? Row.zeros(e.shape(), type) : g.get(i);
                        compare("gradient of input " + i + " in " + type, type, e, got);
                    }
                }
            }
        }
    }

    private void compare(String what, DType type, Sample expected, Sample got) {
        assertEquals(expected.shape(), got.shape(), () -> what + ": shape");
        long elements = call.size();
        for (int i = 0; i < expected.values().length; i++) {
            double e = expected.values()[i];
            double g = got.values()[i];
            // functions of integers give float32, whatever type the floating inputs have
            double tolerance = row.tolerance(got.dtype() == DType.FLOAT32 ? got.dtype() : type, e, elements);
            boolean same = Double.isNaN(e) ? Double.isNaN(g) : e == g || Math.abs(e - g) <= tolerance;
            if (!same) {
                fail(row + " on " + call + ", " + what + ", element " + i + ": expected " + e + ", got " + g
                        + " (difference " + (g - e) + ", allowed " + tolerance + ")");
            }
        }
    }

    /** First derivatives equal differences of values. */
    public void firstDerivatives() {
        if (row.order() >= 1 && isSmall()) {
            List<Sample> inputs = row.samples(call, run.differenceType());
            if (yieldsFloating(inputs)) {
                nearly("first derivative", run.numericGradient(inputs), run.gradient(inputs));
            }
        }
    }

    /** Second derivatives equal differences of first derivatives. */
    public void secondDerivatives() {
        if (row.order() >= 2 && isSmall()) {
            List<Sample> inputs = row.samples(call, run.differenceType());
            nearly("second derivative", run.numericSecondGradient(inputs), run.secondGradient(inputs));
        }
    }

    private boolean isSmall() {
        boolean tie = call.arguments().stream().anyMatch(a -> a.fixed() != null);
        return call.differentiable() && !tie && call.size() <= FEW;
    }

    private boolean yieldsFloating(List<Sample> inputs) {
        return run.forward(inputs).stream().anyMatch(s -> s.dtype().isFloating());
    }

    private void nearly(String what, List<Sample> numeric, List<Sample> exact) {
        nearly(what, numeric, exact, run.differenceType() == DType.FLOAT64 ? 2e-6 : 2e-3);
    }

    private void nearly(String what, List<Sample> numeric, List<Sample> exact, double unit) {
        for (int i = 0; i < numeric.size(); i++) {
            Sample n = numeric.get(i);
            if (n == null) {
                continue;
            }
            Sample e = exact.get(i) == null ? Row.zeros(n.shape(), n.dtype()) : exact.get(i);
            double scale =
                    Math.max(1, Arrays.stream(n.values()).map(Math::abs).max().orElse(0));
            for (int k = 0; k < n.values().length; k++) {
                boolean both = Double.compare(n.values()[k], e.values()[k]) == 0; // NaN and infinities too
                if (!both && !(Math.abs(n.values()[k] - e.values()[k]) <= unit * scale)) {
                    fail(row + " on " + call + ", " + what + ", number " + i + ", element " + k + ": expected "
                            + n.values()[k] + ", got " + e.values()[k]);
                }
            }
        }
    }

    /** What the shape rule says is what comes out, also when sizes are unknown at first. */
    public void shapeRule() {
        List<Sample> inputs = row.samples(call, row.dtypes().get(0));
        Spec[] specs = inputs.stream().map(s -> new Spec(s.shape(), s.dtype())).toArray(Spec[]::new);
        Spec[] rule = row.operator().infer(specs);
        try (Scope scope = Scope.open()) {
            NDArray[] y = run.forward(run.arrays(inputs));
            assertEquals(
                    List.of(rule), Arrays.stream(y).map(NDArray::spec).toList(), () -> row + " on " + call + ": rule");
        }
    }

    /** Strides of the inputs change nothing. */
    public void anyLayout() {
        DType type = row.dtypes().get(0);
        List<Sample> inputs = row.samples(call, type);
        List<Sample> expected = run.forward(inputs);
        try (Scope scope = Scope.open()) {
            NDArray[] y =
                    run.forward(inputs.stream().map(s -> s.strided(device)).toArray(NDArray[]::new));
            for (int i = 0; i < y.length; i++) {
                compare("output " + i + " of strided inputs", type, expected.get(i), Sample.of(y[i]));
            }
        }
    }

    /** On 16-bit floating inputs the result is that of float32 on the same numbers, up to the rounding of the 16 bits. */
    public void narrowTypes() {
        if (!hasNarrowTypes()) {
            return;
        }
        for (DType type : List.of(DType.FLOAT16, DType.BFLOAT16)) {
            List<Sample> wide = new ArrayList<>();
            List<Sample> narrow = new ArrayList<>();
            try (Scope scope = Scope.open()) {
                for (Sample s : row.samples(call, DType.FLOAT32)) {
                    NDArray x = s.array(device);
                    NDArray n = s.dtype().isFloating() ? x.cast(type) : x;
                    narrow.add(Sample.of(n));
                    wide.add(s.dtype().isFloating() ? Sample.of(n.cast(DType.FLOAT32)) : s);
                }
            }
            List<Sample> expected = run.forward(wide);
            List<Sample> got = run.forward(narrow);
            double unit = type == DType.FLOAT16 ? 0x1p-10 : 0x1p-7;
            for (int i = 0; i < got.size(); i++) {
                nearly(type + " output " + i, List.of(expected.get(i)), List.of(got.get(i)), 4 * unit * row.slack());
            }
        }
    }

    /** Traced, written to JSON, read and interpreted it gives the bits of the eager call. */
    public void tracedEqualsEager() {
        List<Sample> inputs = row.samples(call, row.dtypes().get(0));
        tracedEqualsEager(inputs, traced(inputs, false));
    }

    /** The same for a graph whose first input has a first axis of unknown size. */
    public void tracedWithUnknownBatch() {
        List<Sample> inputs = row.samples(call, row.dtypes().get(0));
        if (!inputs.isEmpty() && inputs.get(0).shape().rank() > 0) {
            tracedEqualsEager(inputs, traced(inputs, true));
        }
    }

    /** Compiled it gives what the eager call gives, and so do its gradients. */
    public void compiledEqualsEager() {
        DType type = row.dtypes().get(0);
        List<Sample> inputs = row.samples(call, type);
        if (inputs.isEmpty()) {
            return;
        }
        try (Block block = new RowBits.OneOperator(row.operator())) {
            block.hybridize();
            RowRun compiled = new RowRun(row, call, device, block::callAll);
            List<Sample> y = run.forward(inputs);
            List<Sample> got = compiled.forward(inputs);
            assertEquals(y.size(), got.size());
            for (int i = 0; i < y.size(); i++) {
                assertEquals(y.get(i).dtype(), got.get(i).dtype());
                compare("compiled output " + i, type, y.get(i), got.get(i));
            }
            if (call.differentiable() && row.order() > 0) {
                List<Sample> g = run.gradient(inputs);
                List<Sample> made = compiled.gradient(inputs);
                for (int i = 0; i < g.size(); i++) {
                    if (g.get(i) != null) {
                        Sample e = g.get(i);
                        Sample m = made.get(i) == null ? Row.zeros(e.shape(), e.dtype()) : made.get(i);
                        compare("compiled gradient of input " + i, type, e, m);
                    }
                }
            }
        }
    }

    /**
     * Whether the operator computes in a type in which its row is not checked.
     *
     * @param type the type
     * @return true if a call of it succeeds
     */
    public boolean computesBesides(DType type) {
        boolean takes = call.arguments().stream().anyMatch(a -> a.dtype() == null);
        if (!takes || row.dtypes().contains(type)) {
            return false;
        }
        try {
            run.forward(row.samples(call, type));
            return true;
        } catch (IllegalArgumentException | UnsupportedOperationException e) {
            return false;
        }
    }

    /**
     * Whether {@link #narrowTypes} checks this call.
     *
     * @return true if it has floating inputs, not all of given values
     */
    public boolean hasNarrowTypes() {
        return !row.hasKeptResults() && call.arguments().stream().anyMatch(a -> a.dtype() == null && a.fixed() == null);
    }

    private Graph traced(List<Sample> inputs, boolean unknownBatch) {
        try (GraphBuilder builder = GraphBuilder.open()) {
            NDArray[] x = new NDArray[inputs.size()];
            for (int i = 0; i < x.length; i++) {
                Shape s = inputs.get(i).shape();
                boolean open = unknownBatch && i == 0;
                Spec spec = new Spec(
                        open ? s.with(0, Shape.UNKNOWN) : s, inputs.get(i).dtype());
                x[i] = builder.input("x" + i, spec);
            }
            Graph graph = builder.build(Dispatch.run(row.operator(), x));
            Graph read = Graph.fromJson(graph.toJson());
            assertEquals(graph, read, () -> row + ": JSON round trip");
            return read;
        }
    }

    private void tracedEqualsEager(List<Sample> inputs, Graph graph) {
        List<Sample> eager = run.forward(inputs);
        RandomGenerator.seed(RowRun.SEED);
        try (Scope scope = Scope.open();
                Autograd.Mode mode = row.isTraining() ? Autograd.trainMode() : Autograd.predictMode()) {
            NDArray[] y = graph.run(Map.of(), run.arrays(inputs));
            assertEquals(eager.size(), y.length);
            for (int i = 0; i < y.length; i++) {
                Spec said = graph.spec(graph.outputs().get(i));
                fits(said, y[i].spec());
                Sample got = Sample.of(y[i]);
                int output = i;
                assertEquals(
                        Arrays.toString(eager.get(i).values()),
                        Arrays.toString(got.values()),
                        () -> row + " on " + call + ": output " + output + " of the graph");
            }
        }
    }

    private void fits(Spec said, Spec got) {
        boolean fits = said.dtype() == got.dtype()
                && said.shape().rank() == got.shape().rank();
        for (int i = 0; fits && i < said.shape().rank(); i++) {
            long d = said.shape().dim(i);
            fits = d == Shape.UNKNOWN || d == got.shape().dim(i);
        }
        if (!fits) {
            fail(row + " on " + call + ": the rule for unknown sizes says " + said + ", it gave " + got);
        }
    }
}

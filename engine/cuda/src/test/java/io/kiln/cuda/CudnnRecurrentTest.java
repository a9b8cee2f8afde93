package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Function;
import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.rnn.Gru;
import io.kiln.nn.rnn.Lstm;
import io.kiln.nn.rnn.RecurrentLayer;
import io.kiln.nn.rnn.Rnn;
import io.kiln.nn.rnn.SequenceLayout;
import io.kiln.nn.rnn.Unrolled;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.recurrent.GruOp;
import io.kiln.op.recurrent.LstmOp;
import io.kiln.op.recurrent.RnnOp;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Recurrent layers are cuDNN's where it computes what the operators say, and equal the processor's everywhere. */
class CudnnRecurrentTest extends CudnnTest {
    private static final long T = 4;
    private static final long N = 3;
    private static final long I = 5;
    private static final long H = 6;
    private static final double TOLERANCE = 2e-6;

    @AfterEach
    void restore() {
        driver.set("recurrent", 1);
        driver.set("cudnn_version", 90_500);
        System.clearProperty(Products.TF32_PROPERTY);
    }

    private long forward() {
        return driver.count("cudnnRNNForward_training") + driver.count("cudnnRNNForward_inference");
    }

    /**
     * A stack of layers.
     *
     * @param name what it is
     * @param layer makes it
     * @param sequences the layers and directions that it runs
     * @param states kinds of states
     * @param lengths whether rows have lengths, which cuDNN is not given
     */
    record Case(String name, Supplier<RecurrentLayer> layer, int sequences, int states, boolean lengths) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> layers() {
        return Stream.of(
                new Case("lstm", () -> Lstm.builder().hidden(H).build(), 1, 2, false),
                new Case(
                        "lstm, two layers",
                        () -> Lstm.builder().hidden(H).layers(2).build(),
                        2,
                        2,
                        false),
                new Case(
                        "lstm, two layers in both directions",
                        () -> Lstm.builder()
                                .hidden(H)
                                .layers(2)
                                .bidirectional(true)
                                .build(),
                        4,
                        2,
                        false),
                new Case(
                        "lstm with a projection in both directions",
                        () -> Lstm.builder()
                                .hidden(H)
                                .projection(2)
                                .bidirectional(true)
                                .build(),
                        2,
                        2,
                        false),
                new Case(
                        "lstm, batch first",
                        () -> Lstm.builder()
                                .hidden(H)
                                .layout(SequenceLayout.NTC)
                                .build(),
                        1,
                        2,
                        false),
                new Case(
                        "gru, two layers in both directions",
                        () -> Gru.builder()
                                .hidden(H)
                                .layers(2)
                                .bidirectional(true)
                                .build(),
                        4,
                        1,
                        false),
                new Case(
                        "gru, batch first",
                        () -> Gru.builder().hidden(H).layout(SequenceLayout.NTC).build(),
                        1,
                        1,
                        false),
                new Case(
                        "rnn with tanh in both directions",
                        () -> Rnn.builder().hidden(H).bidirectional(true).build(),
                        2,
                        1,
                        false),
                new Case(
                        "rnn with relu",
                        () -> Rnn.builder()
                                .hidden(H)
                                .activation(Activation.RELU)
                                .build(),
                        1,
                        1,
                        false),
                new Case(
                        "gru of the paper",
                        () -> Gru.builder().hidden(H).linearBeforeReset(false).build(),
                        0,
                        1,
                        false),
                new Case(
                        "rnn with a sigmoid",
                        () -> Rnn.builder()
                                .hidden(H)
                                .activation(Activation.SIGMOID)
                                .build(),
                        0,
                        1,
                        false),
                new Case(
                        "lstm with lengths in both directions",
                        () -> Lstm.builder().hidden(H).bidirectional(true).build(),
                        0,
                        2,
                        true),
                new Case("gru with lengths", () -> Gru.builder().hidden(H).build(), 0, 1, true));
    }

    /** The result, the final states if first ones are given, and all gradients, of a weighted sum of those. */
    private static List<double[]> run(Device on, Case c, boolean states) {
        List<double[]> results = new ArrayList<>();
        try (Scope own = Scope.open();
                Context here = Context.open(on);
                RecurrentLayer net = c.layer.get()) {
            boolean batchFirst = c.name.contains("batch first");
            NDArray x = batchFirst ? numbers(on, DType.FLOAT32, 1, N, T, I) : numbers(on, DType.FLOAT32, 1, T, N, I);
            Autograd.attachGradient(x);
            net.initialize(5);
            net.call(x);
            NDArray[] first = states ? net.beginState(x) : null;
            for (int k = 0; states && k < first.length; k++) {
                first[k] = numbers(on, DType.FLOAT32, 7 + k, first[k].shape().dims());
                Autograd.attachGradient(first[k]);
            }
            NDArray lengths = c.lengths ? ArrayFactory.on(on).of(Shape.of(N), T, 1L, 3L) : null;
            NDArray loss;
            try (Autograd.Mode record = Autograd.record()) {
                Unrolled all = net.run(x, first, lengths);
                results.add(all.outputs().toDoubleArray());
                loss = weighed(all.outputs());
                for (NDArray last : all.states()) {
                    results.add(last.toDoubleArray());
                    loss = states ? loss.add(weighed(last)) : loss;
                }
            }
            Autograd.backward(loss);
            results.add(Autograd.gradient(x).toDoubleArray());
            net.parameters().forEach((name, p) -> results.add(p.gradient().toDoubleArray()));
            for (int k = 0; states && k < first.length; k++) {
                results.add(Autograd.gradient(first[k]).toDoubleArray());
            }
        }
        return results;
    }

    private static NDArray weighed(NDArray x) {
        return x.mul(numbers(x.backend().device(), x.dtype(), 11, x.shape().dims()))
                .sum();
    }

    private static void assertClose(List<double[]> expected, List<double[]> got, double tolerance) {
        assertEquals(expected.size(), got.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), got.get(i), tolerance, "result " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("layers")
    void resultsAndGradientsAreTheProcessors(Case c) {
        for (boolean states : new boolean[] {false, true}) {
            List<double[]> expected = run(Device.cpu(), c, states);
            driver.reset();
            assertClose(expected, run(device, c, states), 10 * TOLERANCE);
            assertEquals(c.sequences, driver.count("cudnnRNNForward_training"), "recorded");
            assertEquals(c.sequences, driver.count("cudnnRNNBackwardData_v8"));
            assertEquals(c.sequences, driver.count("cudnnRNNBackwardWeights_v8"));
        }
    }

    /** Inputs of an operator. */
    private static NDArray[] inputs(DType dtype, long gates, int states, long hidden) {
        List<NDArray> all = new ArrayList<>();
        long[][] shapes = {{T, N, I}, {gates * hidden, I}, {gates * hidden, hidden}, {gates * hidden}, {gates * hidden}
        };
        for (long[] shape : shapes) {
            all.add(numbers(Device.cpu(), dtype, all.size() + 1, shape));
        }
        for (int i = 0; i < states; i++) {
            all.add(numbers(Device.cpu(), dtype, 20 + i, N, hidden));
        }
        return all.toArray(new NDArray[0]);
    }

    @Test
    void eachTypeThatCudnnTakes() {
        for (boolean reverse : new boolean[] {false, true}) {
            for (int states = 0; states < 2; states++) {
                boolean first = states == 1;
                Activation relu = Activation.RELU;
                compareAll(new LstmOp(reverse, false, first, false, false), 4, 2 * states);
                compareAll(new GruOp(reverse, first, false, true, false), 3, states);
                compareAll(new RnnOp(relu, reverse, first, false), 1, states);
                compareAll(new RnnOp(Activation.TANH, reverse, first, false), 1, states);
            }
        }
        assertEquals(48, driver.count("cudnnRNNForward_inference"));
        assertEquals(0, driver.count("cudnnRNNForward_training"), "nothing is kept where no gradient is taken");
    }

    private void compareAll(Operator operator, long gates, int states) {
        compare(TOLERANCE, operator, inputs(DType.FLOAT32, gates, states, H));
        compare(1e-14, operator, inputs(DType.FLOAT64, gates, states, H));
        compare(2e-2, operator, inputs(DType.FLOAT16, gates, states, H));
    }

    @Test
    void bfloat16TakesALaterVersion() {
        LstmOp lstm = new LstmOp(false, false, false, false, false);
        compare(6e-2, lstm, inputs(DType.BFLOAT16, 4, 0, 7));
        assertEquals(0, forward());
        driver.set("cudnn_version", 91_300);
        compare(6e-2, lstm, inputs(DType.BFLOAT16, 4, 0, 8));
        assertEquals(1, forward());
    }

    @Test
    void whatCudnnDoesNotReturnIsComposed() {
        compare(TOLERANCE, new LstmOp(false, false, false, false), inputs(DType.FLOAT32, 4, 0, H));
        compare(TOLERANCE, new GruOp(false, false, false), inputs(DType.FLOAT32, 3, 0, H));
        assertEquals(0, forward());
    }

    @Test
    void aProjectionThatIsNotSmallerThanTheStateIsComposed() {
        NDArray[] plain = inputs(DType.FLOAT32, 4, 0, H);
        NDArray[] projected = Arrays.copyOf(plain, plain.length + 1);
        projected[plain.length] = numbers(Device.cpu(), DType.FLOAT32, 9, H, H);
        compare(TOLERANCE, new LstmOp(false, true, false, false, false), projected);
        assertEquals(0, forward());
    }

    @Test
    void whatCudnnRefusesIsComposed() {
        driver.set("recurrent", 0);
        NDArray[] odd = inputs(DType.FLOAT32, 3, 1, H + 3);
        compare(TOLERANCE, new GruOp(false, true, false, true, false), odd);
        assertEquals(1, driver.count("cudnnSetRNNDescriptor_v8"));
        compare(TOLERANCE, new GruOp(false, true, false, true, false), odd);
        assertEquals(1, driver.count("cudnnSetRNNDescriptor_v8"), "cuDNN is not asked again");
        assertEquals(0, forward());
        driver.set("recurrent", 1);
        compare(TOLERANCE, new GruOp(true, true, false, true, false), inputs(DType.FLOAT32, 3, 1, H + 4));
        assertEquals(1, forward());
    }

    /** An error that says nothing of the layer is thrown, and cuDNN is asked again. */
    @Test
    void whatCudnnFailsAtIsNotTakenForARefusal() {
        GruOp gru = new GruOp(false, true, false, true, false);
        driver.set("recurrent", 2);
        NDArray[] odd = inputs(DType.FLOAT32, 3, 1, H + 9);
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> compare(TOLERANCE, gru, odd));
        assertTrue(e.getMessage().contains("cudnnSetRNNDescriptor_v8"), e.getMessage());
        driver.set("recurrent", 1);
        compare(TOLERANCE, gru, odd);
        assertEquals(1, forward());
    }

    @Test
    void float32IsMultipliedAsTf32OnlyWhereThatIsAllowed() {
        GruOp gru = new GruOp(false, false, false, true, false);
        compare(TOLERANCE, gru, inputs(DType.FLOAT32, 3, 0, 11));
        assertEquals(1, driver.count("cudnn_rnn_fma"));
        assertEquals(0, driver.count("cudnn_rnn_tensor_cores"));
        System.setProperty(Products.TF32_PROPERTY, "true");
        compare(TOLERANCE, gru, inputs(DType.FLOAT32, 3, 0, 12));
        assertEquals(1, driver.count("cudnn_rnn_tensor_cores"));
    }

    /** cuDNN writes to what the result has reserved, which the second call needs as it was. */
    @Test
    void aGradientCanBeTakenTwice() {
        for (boolean reverse : new boolean[] {false, true}) {
            NDArray[] there = Arrays.stream(inputs(DType.FLOAT32, 4, 2, H))
                    .map(x -> x.to(device))
                    .toArray(NDArray[]::new);
            Arrays.stream(there).forEach(Autograd::attachGradient);
            NDArray loss;
            try (Autograd.Mode record = Autograd.record()) {
                loss = weighed(Dispatch.one(new LstmOp(reverse, false, true, false, false), there));
            }
            List<NDArray> first = Autograd.grad(List.of(loss), List.of(there), null, true, false);
            List<NDArray> second = Autograd.grad(List.of(loss), List.of(there), null, false, false);
            for (int i = 0; i < there.length; i++) {
                assertArrayEquals(first.get(i).toDoubleArray(), second.get(i).toDoubleArray(), "input " + i);
            }
        }
        assertEquals(4, driver.count("cudnnRNNBackwardData_v8"));
    }

    /** As cells have it, which would keep the weights once for each step. */
    @Test
    void aSingleStepKeepsNothing() {
        NDArray[] there = Arrays.stream(inputs(DType.FLOAT32, 1, 1, H))
                .map(x -> x.to(device))
                .toArray(NDArray[]::new);
        there[0] = there[0].slice(0, 0, 1).copy();
        Arrays.stream(there).forEach(Autograd::attachGradient);
        RnnOp rnn = new RnnOp(Activation.TANH, false, true, false);
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            loss = weighed(Dispatch.one(rnn, there));
        }
        Autograd.backward(loss);
        assertEquals(1, driver.count("cudnnRNNForward_inference"));
        assertEquals(0, driver.count("cudnnRNNForward_training"));
        assertEquals(0, driver.count("cudnnRNNBackwardData_v8"), "the gradient is composed");
        NDArray[] here =
                Arrays.stream(there).map(x -> x.to(Device.cpu()).copy()).toArray(NDArray[]::new);
        Arrays.stream(here).forEach(Autograd::attachGradient);
        try (Autograd.Mode record = Autograd.record()) {
            loss = weighed(Dispatch.one(rnn, here));
        }
        Autograd.backward(loss);
        for (int i = 0; i < here.length; i++) {
            assertArrayEquals(
                    Autograd.gradient(here[i]).toDoubleArray(),
                    Autograd.gradient(there[i]).toDoubleArray(),
                    TOLERANCE,
                    "input " + i);
        }
    }

    @Test
    void arraysWithGapsAreCopiedFirst() {
        NDArray[] there = Arrays.stream(inputs(DType.FLOAT32, 4, 2, H))
                .map(x -> x.to(device))
                .toArray(NDArray[]::new);
        LstmOp lstm = new LstmOp(false, false, true, false, false);
        NDArray[] expected = Dispatch.run(lstm, there);
        NDArray[] gaps = Arrays.stream(there)
                .map(x -> Movement.transpose(Movement.transpose(x).copy()))
                .toArray(NDArray[]::new);
        assertFalse(gaps[0].isContiguous());
        NDArray[] got = Dispatch.run(lstm, gaps);
        assertArrayEquals(expected[0].toDoubleArray(), got[0].toDoubleArray());
        assertArrayEquals(expected[1].toDoubleArray(), got[1].toDoubleArray());
        assertEquals(2, forward());
    }

    /** What cuBLAS within cuDNN reads. */
    @Test
    void workspacesOfProductsAreFixed() {
        String own = System.getenv(FixedWorkspaces.VARIABLE);
        Object value = Function.getFunction("c", "getenv").invokeString(new Object[] {FixedWorkspaces.VARIABLE}, false);
        assertEquals(own == null ? ":4096:2" : own, value);
    }
}

package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.cpu.kernel.NetworkKernels;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Cast;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.activation.Softmax;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.internal.GeluGradient;
import io.kiln.op.internal.LayerNormGradient;
import io.kiln.op.internal.SiluGradient;
import io.kiln.op.internal.SoftmaxCrossEntropyGradient;
import io.kiln.op.math.Tanh;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.LayerNormOp;
import io.kiln.op.nn.SoftmaxCrossEntropyOp;
import io.kiln.op.reduce.Mean;
import io.kiln.op.reduce.Sum;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each kernel of oneDNN agrees with the operator run in float64, which no kernel of oneDNN takes. */
class NetworkKernelsTest {

    private static final KernelTable TABLE = new KernelTable((o, in, out) -> null, List.of(NetworkKernels::contribute));

    private final Random random = new Random(11);
    private Scope scope;

    @BeforeEach
    void open() {
        EngineThreads.set(2);
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"9,5", "4,3,7", "3,19,6,5", "1,4,1,1", "2,2,3,4,5"})
    void batchNormAndItsGradientAgree(String shape) {
        NDArray x = array(shape);
        NDArray[] c = new NDArray[4];
        for (int i = 0; i < 4; i++) {
            c[i] = array(Shape.of(x.shape().dim(1)));
        }
        c[3] = c[3].mul(c[3]).add(0.1);
        BatchNormOp norm = new BatchNormOp(1e-3, 0.9);
        for (boolean training : new boolean[] {false, true}) {
            try (Autograd.Mode mode = training ? Autograd.trainMode() : Autograd.predictMode()) {
                NDArray[] y = check(norm, 2e-4, x, c[0], c[1], c[2], c[3]);
                check(new BatchNormGradient(1e-3, training), 2e-3, array(shape), x, c[0], y[3], y[4]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "5,13", "3,2,16", "1,1"})
    void layerNormAndItsGradientAgree(String shape) {
        NDArray x = array(shape);
        NDArray gamma = array(Shape.of(x.shape().dim(-1)));
        NDArray beta = array(Shape.of(x.shape().dim(-1)));
        NDArray[] y = check(new LayerNormOp(1e-3), 2e-4, x, gamma, beta);
        check(new LayerNormGradient(1e-3), 2e-3, array(shape), x, gamma, y[1], y[2]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10", "7,10", "3,5,9", "2,3,4,5"})
    void softmaxAgreesAlongEachAxisAndOnTransposedArrays(String shape) {
        NDArray x = array(shape);
        for (int axis = -x.shape().rank(); axis < x.shape().rank(); axis++) {
            check(new Softmax(axis), 1e-5, x);
            check(new LogSoftmax(axis), 1e-5, x);
            check(new Softmax(axis), 1e-5, x.mul(80));
        }
        if (x.shape().rank() == 2) {
            check(new Softmax(0), 1e-5, x.view(Shape.of(10, 7), new long[] {1, 10}, 0));
            check(new Softmax(0), 1e-5, x.view(Shape.of(7, 10), new long[] {0, 1}, 0));
        }
    }

    @Test
    void crossEntropyAndItsGradientAgree() {
        for (double scale : new double[] {1, 300}) {
            NDArray x = array("6,10").mul(scale);
            NDArray labels = NDArray.of(Shape.of(6), 0, 9, 3, 3, 7, 1);
            NDArray[] y = check(new SoftmaxCrossEntropyOp(), 1e-5, x, labels);
            check(new SoftmaxCrossEntropyGradient(), 1e-5, array("6"), y[1], labels);
            NDArray repeated = array("1").view(Shape.of(6), new long[] {0}, 0);
            check(new SoftmaxCrossEntropyGradient(), 1e-5, repeated, y[1], labels);
        }
    }

    @Test
    void crossEntropyOfNaNIsNaN() {
        NDArray x = NDArray.of(Shape.of(2, 3), 1f, Float.NaN, 2f, 1f, 2f, 3f);
        NDArray labels = NDArray.of(Shape.of(2), 0, 0);
        float[] loss = run(new SoftmaxCrossEntropyOp(), x, labels)[0].toFloatArray();
        assertTrue(Float.isNaN(loss[0]));
        assertEquals(2.4076059f, loss[1], 1e-6f);
    }

    @Test
    void crossEntropyNamesALabelOutOfRange() {
        NDArray labels = NDArray.of(Shape.of(2), 1, 3);
        Exception e = assertThrows(
                IndexOutOfBoundsException.class, () -> run(new SoftmaxCrossEntropyOp(), array("2,3"), labels));
        assertTrue(e.getMessage().contains("labels must be from 0 to 2, got 3 at [1]"), e.getMessage());
    }

    @Test
    void functionsOfElementsAgree() {
        for (String shape : new String[] {"64", "13,17", "2,5,7,3"}) {
            NDArray x = array(shape).mul(4);
            NDArray dy = array(shape);
            check(new Tanh(), 1e-6, x);
            check(new Sigmoid(), 1e-6, x);
            check(new SiluGradient(), 1e-5, dy, x);
            check(new GeluGradient(false), 1e-5, dy, x);
            check(new GeluGradient(true), 1e-5, dy, x);
        }
    }

    @Test
    void functionsOfElementsKeepChannelsLast() {
        NDArray x = array("2,4,4,5").view(Shape.of(2, 5, 4, 4), new long[] {80, 1, 20, 5}, 0);
        NDArray y = check(new Tanh(), 1e-6, x)[0];
        assertArrayEquals(x.strides(), y.strides());
    }

    @Test
    void copiesAreRowMajorAndCastsRoundToNearestEven() {
        NDArray x = array("2,4,4,5").view(Shape.of(2, 5, 4, 4), new long[] {80, 1, 20, 5}, 0);
        NDArray y = check(new Copy(), 0, x)[0];
        assertTrue(y.isContiguous());
        float[] values = new float[100];
        java.util.Arrays.fill(values, 1 + 1f / 256); // half way between two bfloat16
        NDArray wide = NDArray.of(Shape.of(100), values);
        assertEquals(
                1, Dispatch.one(new Cast(DType.BFLOAT16), wide).get(70)); // not every processor has a kernel for it
        NDArray bytes = NDArray.of(Shape.of(100), DType.UINT8, new byte[100]).add(200);
        assertEquals(200, run(new Cast(DType.FLOAT32), bytes.cast(DType.UINT8))[0].get(99));
    }

    @Test
    void sumsOverTheFirstAndTheLastAxesAgree() {
        NDArray x = array("7,6,5,11");
        check(new Sum(List.of(0L), false), 1e-5, array("133,2311"));
        for (List<Long> axes :
                List.of(List.of(0L), List.of(0L, 1L), List.of(3L), List.of(2L, 3L), List.of(0L, 1L, 2L, 3L))) {
            check(new Sum(axes, false), 1e-5, x);
            check(new Sum(axes, true), 1e-5, x);
            check(new Mean(axes, true), 1e-6, x);
        }
    }

    private NDArray[] check(Operator operator, double tolerance, NDArray... inputs) {
        NDArray[] wide = new NDArray[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            wide[i] = inputs[i].dtype() == DType.FLOAT32 ? inputs[i].cast(DType.FLOAT64) : inputs[i];
        }
        NDArray[] expected = Dispatch.run(operator, wide);
        NDArray[] fast = run(operator, inputs);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i].shape(), fast[i].shape());
            double[] wanted = expected[i].toDoubleArray();
            double[] got = fast[i].toDoubleArray();
            for (int j = 0; j < wanted.length; j++) {
                double allowed = tolerance * Math.max(1, Math.abs(wanted[j]));
                String where = operator + ": output " + i + " at " + j + ": " + wanted[j] + " but " + got[j];
                assertTrue(Math.abs(wanted[j] - got[j]) <= allowed, where);
            }
        }
        return fast;
    }

    /** Runs the first kernel of the table and insists that it does not decline. */
    private static NDArray[] run(Operator operator, NDArray... inputs) {
        List<KernelTable.Entry> kernels = TABLE.of(operator);
        NDArray[] outputs = KernelRuns.run(kernels.get(kernels.size() - 1).planner(), operator, inputs);
        assertNotNull(outputs, operator::name);
        return outputs;
    }

    private NDArray array(String shape) {
        String[] sizes = shape.split(",");
        long[] dims = new long[sizes.length];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = Long.parseLong(sizes[i]);
        }
        return array(Shape.of(dims));
    }

    private NDArray array(Shape shape) {
        float[] values = new float[(int) shape.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() * 2 - 1;
        }
        return NDArray.of(shape, values);
    }
}

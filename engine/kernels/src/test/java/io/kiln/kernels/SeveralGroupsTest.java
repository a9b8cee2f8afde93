package io.kiln.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Device;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.activation.Softmax;
import io.kiln.op.attention.Attention;
import io.kiln.op.index.ArgSort;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.reduce.ArgMax;
import io.kiln.op.reduce.CumulativeMax;
import io.kiln.op.reduce.CumulativeSum;
import io.kiln.op.reduce.Max;
import io.kiln.op.reduce.Sum;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Kernels whose groups share work, on just more than what one group or one tile takes. Small enough for a device that is interpreted
 * instruction by instruction.
 */
class SeveralGroupsTest {
    private static final float TOLERANCE = 2e-5f;

    private final Device device = DeviceUnderTest.get().device();
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static NDArray numbers(Device on, long seed, Shape shape) {
        double[] x = new Random(seed).doubles(shape.size(), -1, 1).toArray();
        return ArrayFactory.on(on).of(shape, x).cast(DType.FLOAT32);
    }

    private void compare(Operator operator, Shape... shapes) {
        compare(operator.name(), in -> Dispatch.run(operator, in)[0], shapes);
    }

    private void compare(String what, Function<NDArray[], NDArray> work, Shape... shapes) {
        float[][] results = new float[2][];
        for (int i = 0; i < 2; i++) {
            NDArray[] in = new NDArray[shapes.length];
            for (int k = 0; k < in.length; k++) {
                in[k] = numbers(i == 0 ? Device.cpu() : device, k, shapes[k]);
            }
            results[i] = work.apply(in).cast(DType.FLOAT32).toFloatArray();
        }
        assertArrayEquals(results[0], results[1], TOLERANCE, what);
    }

    @Test
    void productsOfFourTiles() {
        compare(new MatMul(), Shape.of(2, 17, 18), Shape.of(18, 19));
        compare("of two dtypes", in -> in[0].cast(DType.FLOAT64).matmul(in[1]), Shape.of(17, 18), Shape.of(18, 19));
    }

    @Test
    void reductionsByAGroup() {
        compare(new Sum(List.of(1L), false), Shape.of(2, 150));
        compare(new Sum(List.of(0L), false), Shape.of(130, 3));
        compare(new Max(List.of(1L), false), Shape.of(2, 150));
        compare(new ArgMax(1, false), Shape.of(2, 150));
    }

    @Test
    void rowsThatAGroupShares() {
        compare(new Softmax(1), Shape.of(2, 150));
        compare(new LogSoftmax(0), Shape.of(150, 2));
        compare(new CumulativeSum(1, false, true), Shape.of(2, 70));
        compare(new CumulativeMax(1), Shape.of(2, 70));
        compare(new ArgSort(1, true), Shape.of(2, 70));
    }

    @Test
    void crossEntropyOfManyClassesWithItsGradient() {
        compare(
                "cross-entropy",
                in -> {
                    NDArray labels = ArrayFactory.on(in[0].device()).of(Shape.of(3), 149L, 0, 70);
                    Autograd.attachGradient(in[0]);
                    NDArray loss;
                    try (Autograd.Mode record = Autograd.record()) {
                        loss = new SoftmaxCrossEntropy().mean(in[0], labels);
                    }
                    Autograd.backward(loss);
                    return Autograd.gradient(in[0]);
                },
                Shape.of(3, 150));
    }

    @Test
    void windows() {
        List<Long> two = List.of(2L, 2L);
        List<Long> none = List.of(0L, 0L);
        List<Long> one = List.of(1L, 1L);
        Convolution convolution = new Convolution(one, none, one, 1, Activation.NONE);
        compare(convolution, Shape.of(2, 3, 9, 9), Shape.of(4, 3, 3, 3), Shape.of(4));
        compare(new MaxPool(two, two, none), Shape.of(2, 3, 9, 9));
        compare(new AvgPool(two, one, none, true), Shape.of(2, 3, 9, 9));
    }

    @Test
    void attentionOfSeveralTilesWithItsGradients() {
        Shape x = Shape.of(2, 35, 8);
        for (int wanted = 0; wanted < 3; wanted++) {
            int k = wanted;
            compare(
                    "gradient of input " + k + " of attention",
                    in -> {
                        Autograd.attachGradient(in[k]);
                        NDArray sum;
                        try (Autograd.Mode record = Autograd.record()) {
                            sum = Attention.scaledDotProduct(in[0], in[1], in[2], null, true)
                                    .square()
                                    .sum();
                        }
                        Autograd.backward(sum);
                        return Autograd.gradient(in[k]);
                    },
                    x,
                    x,
                    x);
        }
    }
}

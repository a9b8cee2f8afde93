package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.compile.CompileOptions;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Flatten;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.zoo.ResNet;
import io.kiln.op.Autocast;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.Precision;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.internal.MaxPoolGather;
import io.kiln.op.internal.MaxPoolGradient;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.MaxPool;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Arrays of 16-bit types have their channels last between convolutions, pooling and batch normalization, with the numbers of row-major
 * ones, and are not copied there.
 */
class ChannelsLastTest extends CudnnTest {
    private static final Convolution CONVOLUTION = new Convolution(all(2), all(1), all(1), 1, Activation.NONE);

    /** In cuDNN 9; JCuda has the number of earlier versions. */
    private static final int NOT_SUPPORTED = 3000;

    private static List<Long> all(long value) {
        return Collections.nCopies(2, value);
    }

    @AfterEach
    void allowGroups() {
        driver.set("grouped_channels_last", 1);
    }

    private static NDArray channelsLast(NDArray x) {
        NDArray turned = x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2);
        assertArrayEquals(x.shape().channelsLastStrides(), turned.strides());
        return turned;
    }

    /** The convolutions that ran; they are counted when they run, and streams run late. */
    private long convolutions() {
        Context.current().queue(Backends.get(device)).synchronize(Duration.ofMinutes(1));
        return driver.count("convolutions");
    }

    private static void assertChannelsLast(NDArray x) {
        assertTrue(x.layout().places(x.shape().channelsLastStrides()), Arrays.toString(x.strides()));
    }

    /** Runs an operator on arrays in either order; the first result has the order of the arrays, and the same bits. */
    private NDArray[] compareOrders(Operator operator, NDArray... inputs) {
        NDArray[] turned = Arrays.stream(inputs)
                .map(x -> x.shape().rank() == 4 ? channelsLast(x) : x)
                .toArray(NDArray[]::new);
        NDArray[] expected = Dispatch.run(operator, inputs);
        NDArray[] got = Dispatch.run(operator, turned);
        assertTrue(expected[0].isContiguous());
        assertChannelsLast(got[0]);
        for (int i = 0; i < got.length; i++) {
            assertArrayEquals(expected[i].toDoubleArray(), got[i].toDoubleArray(), operator + ", output " + i);
        }
        return expected;
    }

    @Test
    void convolutionsOfNarrowTypesHaveThem() {
        for (DType dtype : new DType[] {DType.FLOAT16, DType.BFLOAT16}) {
            NDArray x = numbers(device, dtype, 1, 2, 3, 9, 8);
            NDArray w = numbers(device, dtype, 2, 4, 3, 3, 3);
            NDArray y = Dispatch.one(CONVOLUTION, x, w);
            assertChannelsLast(y);
            assertArrayEquals(
                    y.toDoubleArray(),
                    Dispatch.one(CONVOLUTION, channelsLast(x), channelsLast(w)).toDoubleArray());
            Operator data = new ConvolutionTranspose(all(2), all(1), List.of(0L, 1L), all(1), 1);
            assertChannelsLast(Dispatch.one(data, y, w));
            Operator weights = new ConvolutionWeightGradient(all(2), all(1), all(1), 1, all(3), true);
            NDArray[] gradients = Dispatch.run(weights, x, y);
            assertChannelsLast(gradients[0]);
            assertEquals(Shape.of(4), gradients[1].shape());
        }
        assertEquals(8, convolutions());
        assertEquals(8, driver.count("channels_last"));
    }

    @Test
    void soDoLinesAndVolumes() {
        Operator line = new Convolution(List.of(1L), List.of(1L), List.of(1L), 1, Activation.RELU);
        compare(2e-2, DType.FLOAT16, line, dims(2, 3, 7), dims(4, 3, 3), dims(4));
        List<Long> one = Collections.nCopies(3, 1L);
        Operator volume = new Convolution(one, one, one, 1, Activation.NONE);
        compare(2e-1, DType.BFLOAT16, volume, dims(2, 3, 4, 5, 3), dims(2, 3, 3, 2, 3));
        assertEquals(2, driver.count("channels_last"));
    }

    @Test
    void widerOnesStayRowMajor() {
        for (DType dtype : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
            NDArray x = channelsLast(numbers(device, dtype, 1, 2, 3, 9, 8));
            NDArray y = Dispatch.one(CONVOLUTION, x, numbers(device, dtype, 2, 4, 3, 3, 3));
            assertTrue(y.isContiguous());
        }
        assertEquals(0, driver.count("channels_last"));
    }

    @Test
    void whereCudnnHasNoneTheyAreConvolvedRowMajor() {
        driver.set("grouped_channels_last", 0);
        Operator grouped = new Convolution(all(1), all(1), all(1), 3, Activation.RELU);
        compare(2e-2, DType.FLOAT16, grouped, dims(2, 3, 9, 8), dims(6, 1, 3, 3), dims(6));
        compare(2e-2, DType.FLOAT16, grouped, dims(2, 3, 9, 8), dims(6, 1, 3, 3), dims(6));
        Operator weights = new ConvolutionWeightGradient(all(1), all(1), all(1), 3, all(3), true);
        compare(1e-1, DType.FLOAT16, weights, dims(2, 3, 5, 4), dims(2, 6, 5, 4));
        NDArray x = numbers(device, DType.FLOAT16, 1, 2, 3, 9, 8);
        assertChannelsLast(Dispatch.one(grouped, x, numbers(device, DType.FLOAT16, 2, 6, 1, 3, 3)));
        assertEquals(4, convolutions());
        assertEquals(0, driver.count("channels_last"));
    }

    @Test
    void whereMemoryIsShortTheyAreConvolvedRowMajorForTheMoment() {
        Operator grouped = new Convolution(all(1), all(1), all(1), 2, Activation.NONE);
        NDArray x = numbers(device, DType.FLOAT16, 1, 1, 2, 7, 5);
        NDArray w = numbers(device, DType.FLOAT16, 2, 2, 1, 3, 3);
        String before = System.getProperty(ConvolutionChoices.WORKSPACE_PROPERTY);
        driver.set("grouped_channels_last", 0);
        System.setProperty(ConvolutionChoices.WORKSPACE_PROPERTY, String.valueOf(1 << 20)); // more than there is
        try {
            Dispatch.one(grouped, x, w);
        } finally {
            if (before == null) {
                System.clearProperty(ConvolutionChoices.WORKSPACE_PROPERTY);
            } else {
                System.setProperty(ConvolutionChoices.WORKSPACE_PROPERTY, before);
            }
        }
        assertEquals(0, driver.count("channels_last"));
        driver.set("grouped_channels_last", 1);
        Dispatch.one(grouped, x, w);
        assertEquals(1, driver.count("channels_last"));
    }

    @Test
    void theTestDriverRefusesMixedOrdersAsCudnnDoes() {
        List<Integer> x = List.of(2, 3, 4, 4);
        ConvolutionProblem last = new ConvolutionProblem(
                ConvolutionProblem.Direction.FORWARD,
                cudnnDataType.CUDNN_DATA_HALF,
                x,
                List.of(5, 3, 1, 1),
                List.of(2, 5, 4, 4),
                List.of(1, 1),
                List.of(0, 0),
                List.of(1, 1),
                1,
                true);
        ConvolutionDescriptors nhwc = new ConvolutionDescriptors(last);
        ConvolutionDescriptors nchw = new ConvolutionDescriptors(last.rowMajor());
        assertEquals(cudnnStatus.CUDNN_STATUS_SUCCESS, found(nhwc, nhwc));
        assertEquals(cudnnStatus.CUDNN_STATUS_SUCCESS, found(nchw, nchw));
        assertEquals(NOT_SUPPORTED, found(nchw, nhwc));
        assertEquals(NOT_SUPPORTED, found(nhwc, nchw));
        nhwc.close();
        nchw.close();
    }

    /** What becomes of cuDNN's algorithm that needs no workspace, with the arrays of one set of descriptors and the weights of another. */
    private static int found(ConvolutionDescriptors arrays, ConvolutionDescriptors weights) {
        cudnnConvolutionFwdAlgoPerf[] all = new cudnnConvolutionFwdAlgoPerf[3];
        Arrays.setAll(all, i -> new cudnnConvolutionFwdAlgoPerf());
        int[] count = new int[1];
        int status = JCudnn.cudnnGetConvolutionForwardAlgorithm_v7(
                new cudnnHandle(), arrays.x(), weights.w(), arrays.convolution(), arrays.y(), all.length, count, all);
        assertEquals(cudnnStatus.CUDNN_STATUS_SUCCESS, status);
        assertEquals(all.length, count[0]);
        return all[2].status;
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void poolsKeepTheOrder(DType dtype) {
        NDArray x = numbers(device, dtype, 1, 2, 3, 9, 7);
        MaxPool max = new MaxPool(all(3), all(2), all(1));
        NDArray[] largest = compareOrders(max, x);
        NDArray dy = numbers(device, dtype, 2, 2, 3, 5, 4);
        compareOrders(new MaxPoolGradient(all(3), all(2), all(1), List.of(9L, 7L)), dy, largest[1]);
        compareOrders(new MaxPoolGather(all(3), all(2), all(1)), x, largest[1]);
        compareOrders(new AvgPool(all(3), all(2), all(1), false), x);
        compareOrders(new AvgPoolGradient(all(3), all(2), all(1), false, List.of(9L, 7L)), dy);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void batchNormalizationKeepsTheOrder(DType dtype) {
        NDArray[] in = {
            numbers(device, dtype, 1, 4, 3, 5, 2),
            numbers(device, DType.FLOAT32, 2, 3),
            numbers(device, DType.FLOAT32, 3, 3),
            numbers(device, DType.FLOAT32, 4, 3),
            numbers(device, DType.FLOAT32, 5, 3).add(2)
        };
        BatchNormOp norm = new BatchNormOp(1e-3, 0.8);
        compareOrders(norm, in);
        NDArray[] out;
        try (Autograd.Mode mode = Autograd.trainMode()) {
            out = compareOrders(norm, in);
        }
        NDArray dy = numbers(device, dtype, 9, 4, 3, 5, 2);
        compareOrders(new BatchNormGradient(1e-3, true), dy, in[0], in[1], out[3], out[4]);
        boolean persistent = dtype == DType.FLOAT16;
        assertEquals(persistent ? 2 : 0, driver.count("channels_last_persistent"), "that of float16 alone");
        assertEquals(persistent ? 0 : 2, driver.count("channels_last_spatial"));
    }

    /** A copy of numbers that begins 2 bytes behind the start of its memory, in the order of the numbers. */
    private static NDArray shifted(NDArray x) {
        NDArray room = NDArray.zeros(Shape.of(x.size() + 1), x.dtype());
        NDArray view = room.view(x.shape(), x.strides(), 1);
        view.assign(x);
        assertEquals(2, view.address() & 15);
        return view;
    }

    /** The driver refuses arrays of 16 bits that tensor cores do not load from. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void whatBeginsBetweenMultiplesOf16BytesIsCopied(DType dtype) {
        try (Context here = Context.open(device)) {
            NDArray x = numbers(device, dtype, 1, 2, 3, 9, 7);
            NDArray w = numbers(device, dtype, 2, 4, 3, 3, 3);
            for (NDArray from : new NDArray[] {x, channelsLast(x)}) {
                NDArray y = Dispatch.one(CONVOLUTION, from, w);
                assertArrayEquals(
                        y.toDoubleArray(),
                        Dispatch.one(CONVOLUTION, shifted(from), shifted(w)).toDoubleArray());
                NDArray into = shifted(y);
                into.fill(0);
                Dispatch.into(CONVOLUTION, new NDArray[] {from, w}, into);
                assertArrayEquals(y.toDoubleArray(), into.toDoubleArray());
                AvgPool pool = new AvgPool(all(3), all(2), all(1), false);
                assertArrayEquals(
                        Dispatch.one(pool, from).toDoubleArray(),
                        Dispatch.one(pool, shifted(from)).toDoubleArray());
                NDArray[] in = {
                    from,
                    numbers(device, DType.FLOAT32, 2, 3),
                    numbers(device, DType.FLOAT32, 3, 3),
                    numbers(device, DType.FLOAT32, 4, 3),
                    numbers(device, DType.FLOAT32, 5, 3).add(2)
                };
                NDArray[] moved = in.clone();
                moved[0] = shifted(from);
                BatchNormOp norm = new BatchNormOp(1e-3, 0.8);
                assertArrayEquals(
                        Dispatch.run(norm, in)[0].toDoubleArray(), Dispatch.run(norm, moved)[0].toDoubleArray());
            }
        }
    }

    @Test
    void pointwiseOperatorsKeepTheOrderOfNarrowTypes() {
        NDArray x = channelsLast(numbers(device, DType.BFLOAT16, 1, 2, 3, 4, 5));
        NDArray plain = numbers(device, DType.BFLOAT16, 2, 2, 3, 4, 5);
        assertChannelsLast(x.relu());
        assertChannelsLast(plain.add(x));
        assertArrayEquals(x.copy().add(plain).toDoubleArray(), x.add(plain).toDoubleArray());
        assertTrue(x.copy().isContiguous());
        NDArray wide = x.cast(DType.FLOAT32);
        assertTrue(wide.isContiguous());
        assertArrayEquals(x.toDoubleArray(), wide.toDoubleArray());
    }

    private static Block convolutional() {
        Block net = new Sequential(
                Conv2D.builder().channels(4).kernel(3).build(),
                Conv2D.builder().channels(5).kernel(3).build(),
                new Flatten(),
                new Dense(3));
        net.initialize(1);
        net.inferShapes(Shape.of(2, 3, 9, 8));
        return net;
    }

    private static void doubleWeights(Block net) {
        net.parameters().values().forEach(p -> p.data().assign(p.data().mul(2)));
    }

    @Test
    void predictionsInBfloat16KeepTheOrderOfWeightsUntilTheseChange() {
        try (Context own = Context.open(device);
                Scope inner = Scope.open();
                Block net = convolutional();
                Block same = convolutional();
                Autocast.Mode mode = Autocast.open(Precision.BFLOAT16)) {
            NDArray x = numbers(device, DType.FLOAT32, 3, 2, 3, 9, 8);
            net.hybridize(new CompileOptions());
            for (int change = 0; change < 2; change++) {
                double[] expected = same.call(x).toDoubleArray();
                for (int i = 0; i < 4; i++) {
                    convolutions();
                    driver.reset();
                    assertArrayEquals(expected, net.call(x).toDoubleArray(), 3e-2, "call " + i);
                }
                assertEquals(2, convolutions());
                assertEquals(
                        1, driver.count("reorder"), "kernels that only change the order: before rows are flattened");
                doubleWeights(net);
                doubleWeights(same);
            }
        }
    }

    @Test
    void aResNet50StepInBfloat16ReordersNothing() {
        try (Context own = Context.open(device);
                Scope inner = Scope.open();
                Block net = ResNet.v1(50).classes(10).build();
                Autocast.Mode mode = Autocast.open(Precision.BFLOAT16)) {
            NDArray x = numbers(device, DType.FLOAT32, 3, 2, 3, 32, 32);
            NDArray y = NDArray.of(Shape.of(2), new long[] {3, 7});
            net.initialize(1);
            net.inferShapes(x.shape());
            try (TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Sgd(0.9), 0.01))) {
                for (int i = 0; i < 3; i++) {
                    driver.reset();
                    step.run(x, y);
                }
                long convolutions = 3 * 53 - 1;
                assertEquals(convolutions, driver.count("channels_last"), "convolutions that are captured");
                assertEquals(2 * (53 - 9), driver.count("channels_last_spatial"), "norms but those of one element");
                driver.reset();
                step.run(x, y);
                assertEquals(1, driver.count("cuGraphLaunch"));
                assertEquals(convolutions, driver.count("convolutions"));
                // Casts write images and weights in the order that convolutions want.
                assertEquals(0, driver.count("reorder"), "kernels that only change the order");
            }
        }
    }
}

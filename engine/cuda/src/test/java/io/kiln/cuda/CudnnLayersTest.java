package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Flatten;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.MaxPool;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pooling and batch normalization are cuDNN's where it computes what the operators say, and equal the processor's everywhere. */
class CudnnLayersTest extends CudnnTest {
    private static List<Long> all(int axes, long value) {
        return Collections.nCopies(axes, value);
    }

    private long poolings() {
        return driver.count("cudnnPoolingForward") + driver.count("cudnnPoolingBackward");
    }

    private static AvgPool average(int axes, long kernel, long stride, long pad, boolean countPad) {
        return new AvgPool(all(axes, kernel), all(axes, stride), all(axes, pad), countPad);
    }

    @Test
    void averagesAreCudnns() {
        for (boolean countPad : new boolean[] {false, true}) {
            compare(1e-6, DType.FLOAT32, average(2, 3, 2, 1, countPad), dims(2, 3, 9, 7));
            compare(1e-14, DType.FLOAT64, average(2, 3, 1, 1, countPad), dims(2, 3, 6, 5));
            compare(1e-3, DType.FLOAT16, average(2, 2, 2, 0, countPad), dims(2, 3, 6, 4));
            compare(1e-6, DType.FLOAT32, average(1, 3, 2, 1, countPad), dims(2, 3, 9));
            compare(1e-6, DType.FLOAT32, average(3, 2, 1, 1, countPad), dims(1, 2, 3, 4, 5));
        }
        assertEquals(10, driver.count("cudnnPoolingForward"));
    }

    @Test
    void theirGradientsToo() {
        for (boolean countPad : new boolean[] {false, true}) {
            Operator flat = new AvgPoolGradient(all(2, 3), all(2, 2), all(2, 1), countPad, List.of(9L, 7L));
            compare(1e-6, DType.FLOAT32, flat, dims(2, 3, 5, 4));
            Operator line = new AvgPoolGradient(all(1, 3), all(1, 2), all(1, 0), countPad, List.of(10L));
            compare(1e-6, DType.FLOAT32, line, dims(2, 3, 4));
        }
        assertEquals(4, driver.count("cudnnPoolingBackward"));
    }

    @Test
    void whatCudnnDoesNotKnowIsKilns() {
        List<Long> plain = all(2, 1);
        compare(
                1e-6,
                DType.FLOAT32,
                new AvgPool(all(2, 2), all(2, 1), all(2, 1), true, all(2, 2), false, 0),
                dims(1, 2, 5, 4));
        compare(
                1e-6,
                DType.FLOAT32,
                new AvgPool(all(2, 3), all(2, 2), all(2, 1), false, plain, true, 0),
                dims(1, 2, 6, 5));
        compare(
                1e-6,
                DType.FLOAT32,
                new AvgPool(all(2, 3), all(2, 2), all(2, 1), true, plain, false, 7),
                dims(1, 2, 6, 5));
        compare(1e-2, DType.BFLOAT16, average(2, 2, 2, 0, true), dims(1, 2, 6, 4));
        compare(0, DType.FLOAT32, new MaxPool(all(2, 3), all(2, 2), all(2, 1)), dims(1, 2, 6, 4));
        assertEquals(0, poolings());
    }

    @Test
    void ceilModeThatCutsNothingIsCudnns() {
        AvgPool pool = new AvgPool(all(2, 2), all(2, 2), all(2, 0), false, all(2, 1), true, 0);
        compare(1e-6, DType.FLOAT32, pool, dims(1, 2, 6, 4));
        assertEquals(1, driver.count("cudnnPoolingForward"));
    }

    private static NDArray[] normed(DType dtype, long... dims) {
        DType statistics = dtype == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
        NDArray variance = numbers(Device.cpu(), statistics, 5, dims[1]).add(2);
        return new NDArray[] {
            numbers(Device.cpu(), dtype, 1, dims),
            numbers(Device.cpu(), statistics, 2, dims[1]),
            numbers(Device.cpu(), statistics, 3, dims[1]),
            numbers(Device.cpu(), statistics, 4, dims[1]),
            variance
        };
    }

    @Test
    void batchesAreNormalizedByCudnn() {
        for (boolean population : new boolean[] {false, true}) {
            BatchNormOp norm = new BatchNormOp(1e-3, 0.8, population);
            compareTraining(2e-6, norm, normed(DType.FLOAT32, 4, 3, 5, 2));
            compareTraining(2e-6, norm, normed(DType.FLOAT32, 6, 5));
            compareTraining(2e-6, norm, normed(DType.FLOAT32, 2, 3, 2, 3, 2));
            compareTraining(1e-13, norm, normed(DType.FLOAT64, 4, 3, 7));
            compareTraining(4e-3, norm, normed(DType.FLOAT16, 4, 3, 5, 2));
            compareTraining(3e-2, norm, normed(DType.BFLOAT16, 4, 3, 5, 2));
        }
        assertEquals(12, driver.count("cudnnBatchNormalizationForwardTraining"));
        assertEquals(0, driver.count("cudnnBatchNormalizationForwardInference"));
    }

    @Test
    void predictionTakesTheRunningStatistics() {
        BatchNormOp norm = new BatchNormOp(1e-3, 0.8);
        compare(2e-6, norm, normed(DType.FLOAT32, 4, 3, 5, 2));
        compare(4e-3, norm, normed(DType.FLOAT16, 1, 3));
        assertEquals(1, driver.count("cudnnBatchNormalizationForwardInference"), "one element per channel is composed");
        assertEquals(0, driver.count("cudnnBatchNormalizationForwardTraining"));
    }

    @Test
    void theGradientTakesWhatCudnnSaved() {
        NDArray[] in = normed(DType.FLOAT32, 4, 3, 5, 2);
        NDArray[] out;
        try (Autograd.Mode mode = Autograd.trainMode()) {
            out = Dispatch.run(new BatchNormOp(1e-3, 0.8), in);
        }
        NDArray dy = numbers(Device.cpu(), DType.FLOAT32, 9, 4, 3, 5, 2);
        compare(4e-6, new BatchNormGradient(1e-3, true), dy, in[0], in[1], out[3], out[4]);
        assertEquals(1, driver.count("cudnnBatchNormalizationBackward"));
        compare(4e-6, new BatchNormGradient(1e-3, false), dy, in[0], in[1], out[3], out[4]);
        assertEquals(1, driver.count("cudnnBatchNormalizationBackward"), "that of predict mode is composed");
    }

    @Test
    void statisticsOfATypeOfTheirOwnAreComposed() {
        NDArray[] narrow = normed(DType.FLOAT16, 4, 3, 5);
        for (int i = 1; i < 5; i++) {
            narrow[i] = narrow[i].cast(DType.FLOAT16);
        }
        compareTraining(1e-2, new BatchNormOp(1e-3, 0.8), narrow);
        assertEquals(0, driver.count("cudnnBatchNormalizationForwardTraining"));
    }

    /** A compiled step calls each once, with the same bits each time. */
    @Test
    void aCompiledStepTrainsThroughThem() {
        double[] losses = new double[2];
        for (int run = 0; run < 2; run++) {
            driver.reset();
            try (Scope own = Scope.open();
                    Context here = Context.open(device);
                    Block net = new Sequential(new BatchNorm(), new Flatten(), new Dense(3))) {
                NDArray x = numbers(device, DType.FLOAT32, 1, 4, 2, 3, 3);
                NDArray y = ArrayFactory.on(device).of(Shape.of(4), 0L, 1, 2, 0);
                net.initialize(5);
                net.call(x);
                driver.reset();
                try (TrainStep step =
                        new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Sgd(0.9), 0.1))) {
                    for (int i = 0; i < 3; i++) {
                        losses[run] = step.run(x, y);
                    }
                }
                assertEquals(3, driver.count("cudnnBatchNormalizationForwardTraining"));
                assertEquals(3, driver.count("cudnnBatchNormalizationBackward"));
            }
        }
        assertEquals(losses[0], losses[1]);
    }
}

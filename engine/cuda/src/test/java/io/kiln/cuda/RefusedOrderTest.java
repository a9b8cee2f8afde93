package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.NotCapturableException;
import io.kiln.backend.Queue;
import io.kiln.backend.Recording;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.BatchNormOp;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Where cuDNN refuses batch normalization or pooling with channels last, another mode or row-major copies give the same numbers in the same
 * order, and the log says so once for each shape. Shapes are
 * those of no other test, as what was refused is kept.
 */
class RefusedOrderTest extends CudnnTest {
    private static final BatchNormOp NORM = new BatchNormOp(1e-3, 0.8);
    private static final List<Long> TWO = List.of(2L, 2L);
    private static final List<Long> NONE = List.of(0L, 0L);

    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private PrintStream error;

    @BeforeEach
    void readTheLog() {
        error = System.err;
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void allowOrders() {
        System.setErr(error);
        driver.set("norm_channels_last", 2);
        driver.set("pool_channels_last", 1);
    }

    private List<String> lines() {
        return log.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.contains("takes its place"))
                .toList();
    }

    private static NDArray[] turned(NDArray... inputs) {
        return Arrays.stream(inputs)
                .map(x -> x.shape().rank() == 4 ? x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2) : x)
                .toArray(NDArray[]::new);
    }

    private NDArray[] given(DType dtype, long channels) {
        return new NDArray[] {
            numbers(device, dtype, 1, 4, channels, 5, 2),
            numbers(device, DType.FLOAT32, 2, channels),
            numbers(device, DType.FLOAT32, 3, channels),
            numbers(device, DType.FLOAT32, 4, channels),
            numbers(device, DType.FLOAT32, 5, channels).add(2)
        };
    }

    private static NDArray[] run(boolean training, Operator operator, NDArray... inputs) {
        if (!training) {
            return Dispatch.run(operator, inputs);
        }
        try (Autograd.Mode mode = Autograd.trainMode()) {
            return Dispatch.run(operator, inputs);
        }
    }

    /** With channels last, twice call by call and twice as captured work, the results have the numbers that row-major arrays give. */
    private void compareWithRowMajor(boolean training, Operator operator, NDArray... inputs) {
        NDArray[] expected = run(training, operator, inputs);
        NDArray[] given = turned(inputs);
        for (int i = 0; i < 2; i++) {
            check(expected, run(training, operator, given));
        }
        Queue queue = Context.current().queue(Backends.get(device));
        NDArray[][] captured = new NDArray[1][];
        Recording recording = queue.capture(() -> captured[0] = run(training, operator, given));
        for (int i = 0; i < 2; i++) {
            recording.replay();
            for (NDArray y : captured[0]) {
                y.storage().bumpVersion();
            }
            check(expected, captured[0]);
        }
        recording.close();
    }

    private static void check(NDArray[] expected, NDArray... got) {
        assertTrue(got[0].layout().places(got[0].shape().channelsLastStrides()), Arrays.toString(got[0].strides()));
        for (int k = 0; k < expected.length; k++) {
            assertArrayEquals(expected[k].toDoubleArray(), got[k].toDoubleArray(), "output " + k);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "FLOAT16, 1, 21, 1",
        "FLOAT16, 0, 22, 2",
        "BFLOAT16, 1, 23, 0",
        "BFLOAT16, 0, 24, 1",
    })
    void batchNormalizationHasAnotherModeOrRowMajorCopies(DType dtype, int setting, long channels, int told) {
        driver.set("norm_channels_last", setting);
        NDArray[] in = given(dtype, channels);
        compareWithRowMajor(true, NORM, in);
        NDArray[] out = run(true, NORM, in);
        NDArray dy = numbers(device, dtype, 9, 4, channels, 5, 2);
        compareWithRowMajor(false, new BatchNormGradient(1e-3, true), dy, in[0], in[1], out[3], out[4]);
        compareWithRowMajor(false, NORM, in);
        assertEquals(0, driver.count("channels_last_persistent"));
        assertEquals(setting > 0, driver.count("channels_last_spatial") > 0);
        assertEquals(told, lines().size(), log.toString(StandardCharsets.UTF_8));
        lines().forEach(line -> assertTrue(
                line.contains(device + ": ") && line.contains("CUDNN_STATUS_NOT_SUPPORTED; Problem[type="), line));
    }

    @Test
    void poolingHasRowMajorCopies() {
        driver.set("pool_channels_last", 0);
        NDArray x = numbers(device, DType.FLOAT16, 1, 2, 21, 6, 4);
        compareWithRowMajor(false, new AvgPool(TWO, TWO, NONE, false), x);
        NDArray dy = numbers(device, DType.FLOAT16, 2, 2, 21, 3, 2);
        compareWithRowMajor(false, new AvgPoolGradient(TWO, TWO, NONE, false, List.of(6L, 4L)), dy);
        assertEquals(1, lines().size(), log.toString(StandardCharsets.UTF_8));
        assertTrue(lines().get(0).contains("channelsLast=false] takes its place"), lines().get(0));
    }

    @Test
    void whatIsRefusedInACaptureIsNotCapturedUntilItHasRun() {
        driver.set("norm_channels_last", 0);
        NDArray[] in = turned(given(DType.FLOAT16, 25));
        Queue queue = Context.current().queue(Backends.get(device));
        Assertions.assertThrows(NotCapturableException.class, () -> queue.capture(() -> run(false, NORM, in)));
        assertTrue(lines().isEmpty());
        NDArray[] expected = run(false, NORM, in);
        NDArray[][] captured = new NDArray[1][];
        Recording recording = queue.capture(() -> captured[0] = run(false, NORM, in));
        recording.replay();
        check(expected, captured[0]);
        recording.close();
        assertEquals(1, lines().size());
    }

    @Test
    void rowMajorArraysAreNotTriedAgain() {
        driver.set("norm_channels_last", 0);
        driver.set("pool_channels_last", 0);
        run(true, NORM, given(DType.FLOAT16, 26));
        assertEquals(1, driver.count("cudnnBatchNormalizationForwardTraining"));
        assertFalse(log.toString(StandardCharsets.UTF_8).contains("takes its place"));
    }
}

package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Device;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Compares operators of the device with the processor's, on the test driver, which counts what they call. */
abstract class CudnnTest {
    final Device device = RequiresCuda.device().device();
    TestDriver driver;
    private Scope scope;

    @BeforeEach
    void open() {
        assumeFalse(Boolean.getBoolean("kiln.cuda.real"), "counts are those of the test driver");
        driver = TestDriver.load();
        driver.reset();
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    static NDArray numbers(Device on, DType dtype, long seed, long... dims) {
        Shape shape = Shape.of(dims);
        double[] x = new Random(seed).doubles(shape.size(), -1, 1).toArray();
        return ArrayFactory.on(on).of(shape, x).cast(dtype);
    }

    void compare(double tolerance, DType dtype, Operator operator, long[]... shapes) {
        NDArray[] here = new NDArray[shapes.length];
        for (int i = 0; i < shapes.length; i++) {
            here[i] = numbers(Device.cpu(), dtype, i, shapes[i]);
        }
        compare(tolerance, operator, here);
    }

    /** Compares an operator of arrays of the processor. */
    void compare(double tolerance, Operator operator, NDArray... here) {
        NDArray[] there = Arrays.stream(here).map(x -> x.to(device)).toArray(NDArray[]::new);
        NDArray[] expected = Dispatch.run(operator, here);
        NDArray[] got = Dispatch.run(operator, there);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i].shape(), got[i].shape());
            assertEquals(expected[i].dtype(), got[i].dtype());
            assertArrayEquals(
                    expected[i].toDoubleArray(), got[i].toDoubleArray(), tolerance, operator + ", output " + i);
        }
    }

    /** The same in train mode. */
    void compareTraining(double tolerance, Operator operator, NDArray... here) {
        try (Autograd.Mode mode = Autograd.trainMode()) {
            compare(tolerance, operator, here);
        }
    }

    static long[] dims(long... dims) {
        return dims;
    }
}

package io.kiln.nccl;

import io.kiln.backend.Device;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;

/** The test driver's devices, and arrays on them. */
final class Gpus {
    static final String NCCL = "kiln.cuda.nccl";
    static final String DETERMINISTIC = "kiln.cuda.deterministic";

    private Gpus() {}

    /** Puts the test driver in the place of NVIDIA's libraries; skips the test for want of g++. */
    static TestDriver driver() {
        Assumptions.assumeTrue(TestDriver.isBuildable(), "NOT TESTED: g++ is missing, which builds the test driver");
        Path libraries = TestDriver.build();
        System.setProperty("kiln.cuda.libraryPath", libraries.toString());
        System.setProperty("kiln.cuda.cacheDir", libraries.resolve("cache").toString());
        System.setProperty("kiln.cuda.splitBlocks", "false");
        return TestDriver.load();
    }

    static Device gpu(int index) {
        return new Device("cuda", index);
    }

    /** Normal numbers, rounded to the dtype. */
    static NDArray random(Device device, DType dtype, int size, long seed) {
        float[] numbers = new float[size];
        Random random = new Random(seed);
        for (int i = 0; i < size; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return ArrayFactory.on(device).of(Shape.of(size), numbers).cast(dtype);
    }

    /** One array on each of the devices 0 to count - 1. */
    static List<NDArray> oneEach(int count, DType dtype, int size, long seed) {
        List<NDArray> arrays = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            arrays.add(random(gpu(i), dtype, size, seed + i));
        }
        return arrays;
    }

    /** What a call computes with a setting, in a scope of its own. */
    static <T> T with(String property, String value, Supplier<T> call) {
        String before = System.getProperty(property);
        System.setProperty(property, value);
        try (Scope scope = Scope.open()) {
            return call.get();
        } finally {
            if (before == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, before);
            }
        }
    }
}

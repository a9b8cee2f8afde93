package io.kiln.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.kernels.DeviceKernel;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** What {@link OclgrindReports} stands on: Oclgrind does report kernels that are wrong, and only those. */
@EnabledIfEnvironmentVariable(named = OclgrindReports.LOG, matches = ".+", disabledReason = "not run in Oclgrind")
class PlantedFaultsTest {
    private static final int ITEMS = 64;

    private final OpenClBackend backend = RequiresOpenCl.device();

    /** Turns 64 numbers round through local memory. */
    private static String turn(String barrier) {
        return "__kernel void turn(__global float *x) {\n"
                + "  __local float tile[64];\n"
                + "  int i = get_local_id(0);\n"
                + "  tile[i] = x[i];\n  "
                + barrier
                + "\n  x[i] = tile[63 - i];\n"
                + "}\n";
    }

    /** What Oclgrind reports while a kernel runs on 64 numbers. */
    private String reports(String source, String kernel) throws IOException {
        int before = OclgrindReports.read().length();
        try (Scope scope = Scope.open()) {
            float[] numbers = new float[ITEMS];
            for (int i = 0; i < ITEMS; i++) {
                numbers[i] = i;
            }
            NDArray x = ArrayFactory.on(backend.device()).of(numbers);
            DeviceKernel built = backend.build(source, "", kernel, "a planted fault");
            built.run(new long[] {ITEMS}, new long[] {ITEMS}, x);
            assertEquals(ITEMS, x.toFloatArray().length);
        }
        return OclgrindReports.read().substring(before);
    }

    @Test
    void aMissingBarrierIsARace() throws IOException {
        String reports = reports(turn(""), "turn");
        assertTrue(reports.contains("data race at local memory address"), reports);
    }

    @Test
    void withItsBarrierTheKernelIsRight() throws IOException {
        assertEquals("", reports(turn("barrier(CLK_LOCAL_MEM_FENCE);"), "turn"));
    }

    @Test
    void aGroupThatWritesWhatItsNeighboursWriteIsARace() throws IOException {
        String source = "__kernel void last(__global float *x) { x[0] = get_global_id(0); }\n";
        String reports = reports(source, "last");
        assertTrue(reports.contains("data race at global memory address"), reports);
    }

    @Test
    void accessesOutsideABufferAreFound() throws IOException {
        String write = "__kernel void beyond(__global float *x) { x[get_global_id(0) + 1] = 1; }\n";
        String written = reports(write, "beyond");
        assertTrue(written.contains("Invalid write of size 4 at global memory address"), written);
        String read =
                "__kernel void before(__global float *x) { x[get_global_id(0)] += x[(long)get_global_id(0) - 1]; }\n";
        String got = reports(read, "before");
        assertTrue(got.contains("Invalid read of size 4 at global memory address"), got);
    }
}

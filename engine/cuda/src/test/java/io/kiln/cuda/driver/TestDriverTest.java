// SPDX-License-Identifier: Apache-2.0
package io.kiln.cuda.driver;

import static io.kiln.cuda.driver.Device.check;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import jcuda.Pointer;
import jcuda.driver.CUDA_KERNEL_NODE_PARAMS;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUgraphNode;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The test driver does what CUDA's documentation says of the calls that Kiln makes, and shows what a GPU would not
 * forgive.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TestDriverTest {
    private static final String SCALE =
            """
            extern "C" __global__ void scale(float *x, float by, int n) {
              int i = blockIdx.x * blockDim.x + threadIdx.x;
              if (i < n) {
                x[i] *= by;
              }
            }
            """;

    private TestDriver driver;
    private Device device;

    @BeforeAll
    void load() {
        assumeTrue(TestDriver.isBuildable(), "the test driver needs g++: apt-get install g++");
        driver = TestDriver.load();
        JCudaDriver.setExceptionsEnabled(false);
    }

    @BeforeEach
    void open() {
        device = new Device();
        driver.reset();
        driver.log();
    }

    @AfterEach
    void close() {
        driver.set("hold", 0);
        driver.set("fail_alloc", 0);
        driver.set("fail_launch", 0);
        driver.set("lose", 0);
        device.close();
    }

    private static Pointer ints(int... values) {
        return Pointer.to(values);
    }

    private static Pointer floats(float... values) {
        return Pointer.to(values);
    }

    @Test
    void aKernelRunsOverBlocksAndThreads() {
        CUfunction scale = Device.kernel("scale", SCALE);
        CUdeviceptr x = Device.upload(1, 2, 3, 4, 5, 6, 7);
        check(Device.launch(scale, 3, 4, 0, null, Pointer.to(x), floats(10), ints(6)));
        assertArrayEquals(new float[] {10, 20, 30, 40, 50, 60, 7}, Device.download(x, 7));
        assertEquals(1, driver.count("kernels"));
        assertEquals(1, driver.count("scale"));
    }

    @Test
    void argumentsAreReadAtTheCallFromATableOfAddresses() {
        CUfunction scale = Device.kernel("scale", SCALE);
        CUdeviceptr x = Device.upload(1, 2);
        ByteBuffer values = ByteBuffer.allocateDirect(24).order(ByteOrder.nativeOrder());
        long at = Addresses.of(values);
        values.putLong(0, Addresses.of(x)).putFloat(8, 3).putInt(16, 2);
        ByteBuffer table = ByteBuffer.allocateDirect(24).order(ByteOrder.nativeOrder());
        table.putLong(0, at).putLong(8, at + 8).putLong(16, at + 16);
        CUstream stream = Device.stream();
        driver.set("hold", 1);
        check(JCudaDriver.cuLaunchKernel(scale, 1, 1, 1, 2, 1, 1, 0, stream, Pointer.to(table), null));
        values.putFloat(8, 1000);
        driver.set("hold", 0);
        check(JCudaDriver.cuStreamSynchronize(stream));
        assertArrayEquals(new float[] {3, 6}, Device.download(x, 2));
    }

    @Test
    void threadsMeetAtBarriersAndShareMemory() {
        CUfunction reverse = Device.kernel(
                "reverse",
                """
                extern "C" __global__ void reverse(float *x) {
                  __shared__ float fixed[64];
                  extern __shared__ float loose[];
                  fixed[threadIdx.x] = x[blockIdx.x * 64 + threadIdx.x];
                  __syncthreads();
                  loose[threadIdx.x] = fixed[63 - threadIdx.x];
                  __syncthreads();
                  x[blockIdx.x * 64 + threadIdx.x] = loose[threadIdx.x ^ 1];
                }
                """);
        float[] values = new float[128];
        for (int i = 0; i < 128; i++) {
            values[i] = i;
        }
        CUdeviceptr x = Device.upload(values);
        check(Device.launch(reverse, 2, 64, 256, null, Pointer.to(x)));
        float[] result = Device.download(x, 128);
        for (int i = 0; i < 128; i++) {
            assertEquals(i / 64 * 64 + 63 - (i % 64 ^ 1), result[i]);
        }
    }

    @Test
    void warpsShuffleAndVote() {
        CUfunction warp = Device.kernel(
                "warp",
                """
                extern "C" __global__ void warp(float *y) {
                  float v = threadIdx.x;
                  for (int by = 16; by > 0; by /= 2) {
                    v += __shfl_xor_sync(0xffffffffu, v, by);
                  }
                  float up = __shfl_up_sync(0xffffffffu, (float)threadIdx.x, 1, 8);
                  double down = __shfl_down_sync(0xffffffffu, (double)threadIdx.x, 2);
                  int first = __shfl_sync(0xffffffffu, (int)threadIdx.x, 3);
                  unsigned odd = __ballot_sync(0xffffffffu, threadIdx.x & 1);
                  y[threadIdx.x] = v;
                  y[64 + threadIdx.x] = up;
                  y[128 + threadIdx.x] = (float)down;
                  y[192 + threadIdx.x] = first + (odd == 0xaaaaaaaau ? 0.5f : 0);
                }
                """);
        CUdeviceptr y = Device.allocate(4 * 256);
        check(Device.launch(warp, 1, 64, 0, null, Pointer.to(y)));
        float[] result = Device.download(y, 256);
        for (int i = 0; i < 64; i++) {
            assertEquals(i < 32 ? 496 : 1520, result[i]);
            assertEquals(i % 8 == 0 ? i : i - 1, result[64 + i]);
            assertEquals(i % 32 >= 30 ? i : i + 2, result[128 + i]);
            assertEquals(i / 32 * 32 + 3.5f, result[192 + i]);
        }
    }

    @Test
    void streamsRunLateAndAHostBufferThatIsReusedTooEarlyShows() {
        CUstream stream = Device.stream();
        CUdeviceptr x = Device.allocate(4);
        Device.Pinned host = Device.pinned(1);
        host.floats().put(0, 1);
        driver.set("hold", 1);
        check(JCudaDriver.cuMemcpyHtoDAsync(x, host.pointer(), 4, stream));
        assertEquals("CUDA_ERROR_NOT_READY", Device.failure(() -> JCudaDriver.cuStreamQuery(stream)));
        host.floats().put(0, 2);
        driver.set("hold", 0);
        check(JCudaDriver.cuStreamSynchronize(stream));
        assertArrayEquals(new float[] {2}, Device.download(x, 1));
    }

    @Test
    void streamsAreOrderedByEventsAlone() {
        CUstream a = Device.stream();
        CUstream b = Device.stream();
        CUdeviceptr x = Device.upload(0, 0);
        CUfunction scale = Device.kernel("scale", SCALE);
        CUevent event = new CUevent();
        check(JCudaDriver.cuEventCreate(event, 2));
        for (int i = 0; i < 20; i++) {
            check(JCudaDriver.cuMemsetD32Async(x, Float.floatToIntBits(i), 1, a));
            check(JCudaDriver.cuEventRecord(event, a));
            check(JCudaDriver.cuStreamWaitEvent(b, event, 0));
            check(Device.launch(scale, 1, 1, 0, b, Pointer.to(x), floats(2), ints(1)));
            check(JCudaDriver.cuEventRecord(event, b));
            check(JCudaDriver.cuStreamWaitEvent(a, event, 0));
        }
        check(JCudaDriver.cuStreamSynchronize(b));
        assertEquals(38, Device.download(x, 1)[0]);
    }

    @Test
    void memoryStartsAsNotANumber() {
        CUdeviceptr x = Device.allocate(1 << 20);
        for (float v : Device.download(x, 1 << 18)) {
            assertTrue(Float.isNaN(v));
        }
    }

    @Test
    void memoryRunsOutAtItsCapAndWhenATestAsks() {
        CUdeviceptr x = new CUdeviceptr();
        assertEquals("CUDA_ERROR_OUT_OF_MEMORY", Device.failure(() -> JCudaDriver.cuMemAlloc(x, 1L << 40)));
        driver.set("fail_alloc", 2);
        CUdeviceptr first = Device.allocate(4);
        assertEquals("CUDA_ERROR_OUT_OF_MEMORY", Device.failure(() -> JCudaDriver.cuMemAlloc(x, 4)));
        long[] free = new long[1];
        long[] total = new long[1];
        long[] after = new long[1];
        check(JCudaDriver.cuMemGetInfo(free, total));
        check(JCudaDriver.cuMemFree(first));
        check(JCudaDriver.cuMemGetInfo(after, total));
        assertEquals(free[0] + 512, after[0]);
    }

    @Test
    void aCapturedGraphIsReplayed() {
        CUfunction scale = Device.kernel("scale", SCALE);
        CUstream main = Device.stream();
        CUstream side = Device.stream();
        CUdeviceptr x = Device.upload(1);
        CUdeviceptr y = Device.upload(1);
        CUevent fork = new CUevent();
        CUevent join = new CUevent();
        check(JCudaDriver.cuEventCreate(fork, 2));
        check(JCudaDriver.cuEventCreate(join, 2));
        check(JCudaDriver.cuStreamBeginCapture(main, 0));
        check(Device.launch(scale, 1, 1, 0, main, Pointer.to(x), floats(2), ints(1)));
        check(JCudaDriver.cuEventRecord(fork, main));
        check(JCudaDriver.cuStreamWaitEvent(side, fork, 0));
        check(Device.launch(scale, 1, 1, 0, side, Pointer.to(y), floats(3), ints(1)));
        check(JCudaDriver.cuEventRecord(join, side));
        check(JCudaDriver.cuStreamWaitEvent(main, join, 0));
        check(JCudaDriver.cuMemcpyDtoDAsync(x, y, 4, main));
        CUgraph graph = new CUgraph();
        check(JCudaDriver.cuStreamEndCapture(main, graph));
        assertEquals(0, driver.count("kernels"));
        CUgraphExec exec = new CUgraphExec();
        check(JCudaDriver.cuGraphInstantiate(exec, graph, 0));
        check(JCudaDriver.cuGraphDestroy(graph));
        for (int i = 0; i < 3; i++) {
            check(JCudaDriver.cuGraphLaunch(exec, main));
        }
        check(JCudaDriver.cuStreamSynchronize(main));
        assertEquals(27, Device.download(x, 1)[0]);
        assertEquals(3, driver.count("graphs"));
        assertEquals(9, driver.count("graph_nodes"));
        assertEquals(2, driver.count("cuLaunchKernel"));
        assertEquals(6, driver.count("kernels"));
    }

    @Test
    void aCaptureRefusesWhatItCannotHold() {
        CUstream stream = Device.stream();
        check(JCudaDriver.cuStreamBeginCapture(stream, 0));
        assertEquals(
                "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
                Device.failure(() -> JCudaDriver.cuMemAlloc(new CUdeviceptr(), 4)));
        CUgraph graph = new CUgraph();
        assertEquals(
                "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
                Device.failure(() -> JCudaDriver.cuStreamEndCapture(stream, graph)));
        check(JCudaDriver.cuStreamBeginCapture(stream, 0));
        assertEquals(
                "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", Device.failure(() -> JCudaDriver.cuStreamSynchronize(stream)));
        JCudaDriver.cuStreamEndCapture(stream, graph);
        CUdeviceptr x = Device.allocate(4);
        check(JCudaDriver.cuStreamBeginCapture(stream, 1));
        assertEquals(
                "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
                Device.failure(() -> JCudaDriver.cuMemcpyHtoDAsync(x, floats(1), 4, stream)));
        assertEquals(
                "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
                Device.failure(() -> JCudaDriver.cuStreamEndCapture(stream, graph)));
        CUevent event = new CUevent();
        check(JCudaDriver.cuEventCreate(event, 2));
        check(JCudaDriver.cuStreamBeginCapture(stream, 1));
        check(JCudaDriver.cuEventRecord(event, stream));
        assertEquals("CUDA_ERROR_CAPTURED_EVENT", Device.failure(() -> JCudaDriver.cuEventQuery(event)));
        JCudaDriver.cuStreamEndCapture(stream, graph);
    }

    @Test
    void aGraphIsBuiltOfNodesAndItsArgumentsAreChanged() {
        CUstream stream = Device.stream();
        CUdeviceptr x = Device.upload(1);
        CUdeviceptr y = Device.upload(0);
        check(JCudaDriver.cuStreamBeginCapture(stream, 1));
        check(JCudaDriver.cuMemcpyDtoDAsync(y, x, 4, stream));
        CUgraph copy = new CUgraph();
        check(JCudaDriver.cuStreamEndCapture(stream, copy));

        CUgraph graph = new CUgraph();
        check(JCudaDriver.cuGraphCreate(graph, 0));
        CUDA_KERNEL_NODE_PARAMS launch = new CUDA_KERNEL_NODE_PARAMS();
        launch.func = Device.kernel("scale", SCALE);
        launch.gridDimX = launch.gridDimY = launch.gridDimZ = 1;
        launch.blockDimX = launch.blockDimY = launch.blockDimZ = 1;
        launch.kernelParams = Pointer.to(Pointer.to(x), floats(2), ints(1));
        CUgraphNode first = new CUgraphNode();
        check(JCudaDriver.cuGraphAddKernelNode(first, graph, new CUgraphNode[0], 0, launch));
        CUgraphNode second = new CUgraphNode();
        check(JCudaDriver.cuGraphAddChildGraphNode(second, graph, new CUgraphNode[] {first}, 1, copy));
        check(JCudaDriver.cuGraphDestroy(copy));
        CUgraphExec exec = new CUgraphExec();
        check(JCudaDriver.cuGraphInstantiate(exec, graph, 0));
        driver.set("hold", 1);
        check(JCudaDriver.cuGraphLaunch(exec, stream));
        launch.kernelParams = Pointer.to(Pointer.to(x), floats(10), ints(1));
        check(JCudaDriver.cuGraphExecKernelNodeSetParams(exec, first, launch));
        assertEquals(
                "CUDA_ERROR_INVALID_VALUE",
                Device.failure(() -> JCudaDriver.cuGraphExecKernelNodeSetParams(exec, second, launch)));
        driver.set("hold", 0);
        check(JCudaDriver.cuStreamSynchronize(stream));
        assertEquals(2, Device.download(y, 1)[0], "what was launched before keeps its arguments");
        check(JCudaDriver.cuGraphLaunch(exec, stream));
        check(JCudaDriver.cuStreamSynchronize(stream));
        assertEquals(20, Device.download(y, 1)[0]);
        check(JCudaDriver.cuGraphExecDestroy(exec));
        check(JCudaDriver.cuGraphDestroy(graph));
    }

    @Test
    void aStoreOutsideOfABlockEndsTheLaunchInWordsAndSticks() {
        CUfunction scale = Device.kernel("scale", SCALE);
        CUdeviceptr x = Device.allocate(4 * 128);
        check(Device.launch(scale, 1, 129, 0, null, Pointer.to(x), floats(2), ints(129)));
        assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", Device.failure(JCudaDriver::cuCtxSynchronize));
        assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", Device.failure(() -> JCudaDriver.cuMemAlloc(new CUdeviceptr(), 4)));
        String log = driver.log();
        assertTrue(log.contains("kernel scale, block (0, 0, 0), thread (128, 0, 0): it touches what it may not"), log);
        assertTrue(log.contains("byte 512 of the block"), log);
    }

    @Test
    void otherFaultsOfKernelsAreToldToo() {
        assertTrue(fault("x[0] = table[(int)x[0] + 4]").contains("an array of a fixed size is used outside of it"));
        assertTrue(fault("*(int *)((char *)x + 1) = 0").contains("an address is not a multiple of its type's size"));
        assertTrue(fault("if (threadIdx.x < 3) __syncthreads()").contains("of 4, 3 wait at it, 1 have ended"));
        assertTrue(fault("x[0] = 7 / (int)(x[0] - 1)").contains("an integer is divided by zero"));
    }

    private String fault(String statement) {
        try (Device own = new Device()) {
            CUfunction kernel = Device.kernel(
                    "faulty",
                    "extern \"C\" __global__ void faulty(float *x) { volatile float table[4]; table[0] = 1; "
                            + statement + "; }");
            CUdeviceptr x = Device.upload(1);
            check(Device.launch(kernel, 1, 4, 0, null, Pointer.to(x)));
            assertTrue(JCudaDriver.cuCtxSynchronize() != 0, own + ": " + statement + " passes");
            return driver.log();
        }
    }

    @Test
    void aFailedLaunchAndALostDeviceStick() {
        CUfunction scale = Device.kernel("scale", SCALE);
        CUdeviceptr x = Device.upload(1);
        driver.set("fail_launch", 2);
        check(Device.launch(scale, 1, 1, 0, null, Pointer.to(x), floats(2), ints(1)));
        check(JCudaDriver.cuCtxSynchronize());
        check(Device.launch(scale, 1, 1, 0, null, Pointer.to(x), floats(2), ints(1)));
        assertEquals("CUDA_ERROR_LAUNCH_FAILED", Device.failure(JCudaDriver::cuCtxSynchronize));
        assertEquals(
                "CUDA_ERROR_LAUNCH_FAILED",
                Device.failure(() -> Device.launch(scale, 1, 1, 0, null, Pointer.to(x), floats(2), ints(1))));
        try (Device other = new Device()) {
            CUfunction again = Device.kernel("scale", SCALE);
            driver.set("lose", 1);
            CUdeviceptr y = Device.upload(1);
            check(Device.launch(again, 1, 1, 0, null, Pointer.to(y), floats(2), ints(1)));
            assertEquals(
                    "CUDA_ERROR_ECC_UNCORRECTABLE", Device.failure(JCudaDriver::cuCtxSynchronize), other::toString);
        }
    }

    @Test
    void launchesThatNoGpuTakesAreRefused() {
        CUfunction scale = Device.kernel("scale", SCALE);
        CUdeviceptr x = Device.upload(1);
        for (int[] wrong : new int[][] {{1, 1025, 0}, {0, 1, 0}, {1, 1, 49153}}) {
            assertEquals(
                    "CUDA_ERROR_INVALID_VALUE",
                    Device.failure(() -> Device.launch(
                            scale, wrong[0], wrong[1], wrong[2], null, Pointer.to(x), floats(2), ints(1))),
                    Arrays.toString(wrong));
        }
        check(JCudaDriver.cuFuncSetAttribute(scale, 8, 100_000));
        check(Device.launch(scale, 1, 1, 100_000, null, Pointer.to(x), floats(2), ints(1)));
        assertEquals(2, Device.download(x, 1)[0]);
    }

    @Test
    void productsAreColumnMajorAndDoNotReadWhatBetaLeavesOut() {
        cublasHandle handle = new cublasHandle();
        assertEquals(0, JCublas2.cublasCreate(handle));
        CUstream stream = Device.stream();
        JCublas2.cublasSetStream(handle, new cudaStream_t(stream));
        // [1 3 5; 2 4 6] times [1 4; 2 5; 3 6], both by columns; c starts as NaNs.
        CUdeviceptr a = Device.upload(1, 2, 3, 4, 5, 6);
        CUdeviceptr b = Device.upload(1, 2, 3, 4, 5, 6);
        CUdeviceptr c = Device.allocate(16);
        assertEquals(0, product(handle, JCublas2::cublasSgemm, 0, a, 2, 0, b, 3, c));
        check(JCudaDriver.cuStreamSynchronize(stream));
        assertArrayEquals(new float[] {22, 28, 49, 64}, Device.download(c, 4));
        // The transposes of the same: [1 2; 3 4; 5 6] by its rows, [1 2 3; 4 5 6].
        assertEquals(0, product(handle, JCublas2::cublasSgemm, 1, a, 3, 1, b, 2, c));
        check(JCudaDriver.cuStreamSynchronize(stream));
        assertArrayEquals(new float[] {22, 28, 49, 64}, transposed(Device.download(c, 4)));
        assertEquals(
                7, product(handle, JCublas2::cublasSgemm, 0, a, 1, 0, b, 3, c), "a leading dimension below the rows");
        assertEquals(2, driver.count("products"));
        JCublas2.cublasDestroy(handle);
    }

    @FunctionalInterface
    private interface Sgemm {
        int run(
                cublasHandle h,
                int ta,
                int tb,
                int m,
                int n,
                int k,
                Pointer alpha,
                Pointer a,
                int lda,
                Pointer b,
                int ldb,
                Pointer beta,
                Pointer c,
                int ldc);
    }

    private static int product(
            cublasHandle handle,
            Sgemm gemm,
            int ta,
            CUdeviceptr a,
            int lda,
            int tb,
            CUdeviceptr b,
            int ldb,
            CUdeviceptr c) {
        return gemm.run(handle, ta, tb, 2, 2, 3, floats(1), a, lda, b, ldb, floats(0), c, 2);
    }

    private static float[] transposed(float[] c) {
        return new float[] {c[0], c[2], c[1], c[3]};
    }

    @Test
    void tf32LosesWhatFloat32Keeps() {
        cublasHandle handle = new cublasHandle();
        assertEquals(0, JCublas2.cublasCreate(handle));
        CUdeviceptr a = Device.upload(1 + 0x1p-12f);
        CUdeviceptr c = Device.allocate(4);
        for (int compute : new int[] {68, 77}) {
            int code = JCublas2.cublasGemmEx_new(
                    handle, 0, 0, 1, 1, 1, floats(1), a, 0, 1, a, 0, 1, floats(0), c, 0, 1, compute, -1);
            assertEquals(0, code);
            assertEquals(compute == 77 ? 1 : (1 + 0x1p-12f) * (1 + 0x1p-12f), Device.download(c, 1)[0]);
        }
        JCublas2.cublasDestroy(handle);
    }

    @Test
    void aHostThatTouchesDeviceMemoryEnds() throws Exception {
        assumeTrue(
                Files.readString(Path.of("/proc/cpuinfo")).contains(" ospke"),
                "the processor has no protection keys: reads by the host are not noticed");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:ErrorFile=/dev/null",
                        "-XX:-CreateCoredumpOnCrash",
                        "-cp",
                        System.getProperty("java.class.path"),
                        HostRead.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertTrue(output.contains("the host touches device memory at 0x"), output);
        assertTrue(process.exitValue() != 0 && !output.contains("was read"), output);
    }

    @Test
    void errorsOfTheCompilerNameTheLine() {
        String log = assertThrows(
                        IllegalArgumentException.class,
                        () -> Device.compile(
                                "extern \"C\" __global__ void f(float *x) {\n  x[0] = y;\n}\n",
                                "--gpu-architecture=sm_90"))
                .getMessage();
        assertTrue(log.contains("test.cu:2") && log.contains("'y' was not declared"), log);
        String option = assertThrows(
                        IllegalArgumentException.class, () -> Device.compile(SCALE, "--gpu-architecture=sm_91"))
                .getMessage();
        assertTrue(option.contains("sm_91"), option);
        CUmodule module = new CUmodule();
        check(JCudaDriver.cuModuleLoadData(module, Device.compile(SCALE, "-arch=sm_80", "-DX=1")));
        assertEquals(
                "CUDA_ERROR_NOT_FOUND",
                Device.failure(() -> JCudaDriver.cuModuleGetFunction(new CUfunction(), module, "other")));
    }
}

package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.backend.DeviceFailedException;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.backend.Queue;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Dispatch;
import io.kiln.op.linalg.MatMul;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a program sees of a device that fails, and of one whose memory is full. Each case has a process of its own, as a
 * failure stays.
 */
class DeviceFailureTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** Runs the case that is named. */
    public static void main(String[] arguments) {
        TestDriver driver = TestDriver.load();
        CudaBackend backend = (CudaBackend) Backends.get(new Device(CudaBackend.TYPE, 0));
        switch (arguments[0]) {
            case "launch" -> failure(driver, backend, "fail_launch", "CUDA_ERROR_LAUNCH_FAILED");
            case "lost" -> failure(driver, backend, "lose", "CUDA_ERROR_ECC_UNCORRECTABLE");
            case "library" -> library(driver, backend);
            case "other device" -> otherDevice(driver, backend);
            case "captured" -> captured(driver, backend);
            case "memory" -> memory(driver, backend);
            default -> fail(arguments[0]);
        }
        System.out.println("passed");
    }

    /** The exception of a call on a device that has failed, which gives the driver's word and has its first failure as its cause. */
    private static DeviceFailedException failed(String error, Executable call) {
        DeviceFailedException e = assertThrows(DeviceFailedException.class, call);
        assertEquals("cuda(0)", e.device().toString());
        assertTrue(e.getMessage().contains(error), e.getMessage());
        assertTrue(e.getMessage().contains("(-Dkiln.cuda.blocking=true finds"), e.getMessage());
        DeviceFailedException first = (DeviceFailedException) e.getCause();
        assertTrue(first.getMessage().contains(error), first.getMessage());
        return first;
    }

    private static void failure(TestDriver driver, CudaBackend backend, String setting, String error) {
        Scope scope = Scope.open();
        NDArray x = ArrayFactory.on(backend.device()).of(1, 2, 3);
        Storage block = backend.allocator().allocate(backend, 100);
        Storage host = backend.hostMemory().allocate(backend, 100);
        Queue other = backend.newQueue("other");
        assertEquals(9, x.add(1).sum().item());
        driver.set(setting, 1);
        NDArray y = x.add(1);
        Queue queue = Context.current().queue(backend);
        DeviceFailedException first = failed(error, () -> queue.synchronize(PATIENCE));
        assertNull(first.getCause());

        List<Executable> later = List.of(
                () -> queue.synchronize(PATIENCE),
                () -> other.synchronize(PATIENCE),
                () -> other.fill(Span.of(block), (byte) 1),
                () -> other.copy(Span.of(host), Span.of(block)),
                y::toDoubleArray,
                () -> x.mul(2),
                () -> x.exp().add(x.sqrt()),
                () -> ArrayFactory.on(backend.device()).of(1, 2),
                () -> backend.allocator().allocate(backend, 1 << 24),
                () -> backend.hostMemory().allocate(backend, 1 << 24),
                () -> backend.newQueue("new"));
        for (int i = 0; i < later.size(); i++) {
            assertEquals(first, failed(error, later.get(i)), "call " + i);
        }
        assertTrue(queue.record().isDone(), "nothing runs any more");

        // Memory can be given back, so that what has failed is not hidden by a second exception.
        long held = backend.allocator().heldBytes();
        block.release();
        host.release();
        scope.close();
        backend.allocator().trim();
        backend.hostMemory().trim();
        assertTrue(backend.allocator().heldBytes() < held);
        failed(error, other::close);
    }

    /** cuBLAS says only that it could not run. */
    private static void library(TestDriver driver, CudaBackend backend) {
        try (Scope scope = Scope.open()) {
            NDArray x = ArrayFactory.on(backend.device()).ones(Shape.of(4, 4), DType.FLOAT32);
            assertEquals(64, Dispatch.one(new MatMul(), x, x).sum().item());
            driver.set("fail_launch", 1);
            NDArray y = x.add(1);
            while (!Context.current().queue(backend).record().isDone()) {
                Thread.onSpinWait();
            }
            failed("CUDA_ERROR_LAUNCH_FAILED", () -> Dispatch.one(new MatMul(), y, y));
        }
    }

    /** In a step that is replayed. */
    private static void captured(TestDriver driver, CudaBackend backend) {
        try (Context own = Context.open(Device.cpu());
                Scope scope = Scope.open()) {
            NDArray x = ArrayFactory.on(backend.device()).ones(Shape.of(4, 4), DType.FLOAT32);
            NDArray y = ArrayFactory.on(backend.device()).zeros(Shape.of(4), DType.INT64);
            Block net = new Sequential(new Dense(3));
            net.initialize(1);
            net.call(x);
            TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Sgd(), 0.1));
            for (int i = 0; i < 4; i++) {
                step.run(x, y);
            }
            assertEquals(2, driver.count("cuGraphLaunch"));
            driver.set("lose", 5);
            DeviceFailedException first = failed("CUDA_ERROR_ECC_UNCORRECTABLE", () -> step.run(x, y));
            assertEquals(3, driver.count("cuGraphLaunch"));
            assertEquals(first, failed("CUDA_ERROR_ECC_UNCORRECTABLE", () -> step.run(x, y)));
            step.close();
            net.close();
        }
    }

    private static void otherDevice(TestDriver driver, CudaBackend backend) {
        Device second = new Device(CudaBackend.TYPE, 1);
        try (Scope scope = Scope.open()) {
            NDArray x = ArrayFactory.on(backend.device()).of(1, 2, 3);
            NDArray y = ArrayFactory.on(second).of(1, 2, 3);
            driver.set("fail_launch", 1);
            NDArray z = x.add(1);
            failed("CUDA_ERROR_LAUNCH_FAILED", z::toDoubleArray);
            assertEquals(6, y.sum().item());
            failed("CUDA_ERROR_LAUNCH_FAILED", () -> z.to(second));
            assertEquals(12, y.mul(2).sum().item());
        }
    }

    private static void memory(TestDriver driver, CudaBackend backend) {
        try (Scope scope = Scope.open()) {
            NDArray x = ArrayFactory.on(backend.device()).of(1, 2, 3);
            OutOfDeviceMemoryException e = assertThrows(
                    OutOfDeviceMemoryException.class, () -> backend.allocator().allocate(backend, 1L << 40));
            assertTrue(e.getMessage().contains("asked for 1099511627776 bytes"), e.getMessage());
            assertTrue(e.getMessage().contains("use a smaller batch"), e.getMessage());
            assertEquals(12, x.mul(2).sum().item(), "the device goes on");
            assertFalse(backend.cudaDevice().hasFailed());

            // The driver refuses once: what is cached is given back, and the second try succeeds.
            driver.set("fail_alloc", 1);
            backend.allocator().allocate(backend, 1 << 26).release();

            // Memory that CUDA takes besides arrays: the same, and more than the device has.
            driver.set("fail_alloc", 1);
            assertNotEquals(0, ((Constants) backend.constants(new int[1000])).address());
            int most = Math.toIntExact(backend.cudaDevice().memory() / Integer.BYTES + 1);
            e = assertThrows(OutOfDeviceMemoryException.class, () -> backend.constants(new int[most]));
            assertTrue(e.getMessage().contains("CUDA_ERROR_OUT_OF_MEMORY; "), e.getMessage());
            assertTrue(e.getMessage().contains("lower -Dkiln.cuda.memoryMiB"), e.getMessage());
            assertEquals(12, x.mul(2).sum().item(), "the device goes on");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "launch, true",
        "lost, true",
        "library, true",
        "captured, true",
        "other device, true",
        "memory, true",
        "launch, false",
        "memory, false"
    })
    void theProgramIsTold(String name, boolean splitBlocks) throws Exception {
        Path libraries = TestDriver.build();
        ProcessBuilder builder = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-D" + LibrarySearch.PROPERTY + "=" + libraries,
                "-D" + CacheFolder.PROPERTY + "=" + libraries.resolve("cache"),
                "-D" + CudaBackend.SPLIT_PROPERTY + "=" + splitBlocks,
                "-cp",
                System.getProperty("java.class.path"),
                DeviceFailureTest.class.getName(),
                name));
        builder.environment().put("KILN_TEST_DRIVER_DEVICES", "2");
        builder.environment().put("KILN_TEST_DRIVER_MEMORY_MIB", "512");
        builder.redirectErrorStream(true);
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(2, TimeUnit.MINUTES));
        assertEquals(0, process.exitValue(), text);
        assertTrue(text.contains("passed"), text);
    }
}

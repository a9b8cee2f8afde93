package io.kiln.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.DeviceFailedException;
import io.kiln.backend.OutOfDeviceMemoryException;
import org.jocl.CL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the program is told when a command is refused: PoCL loses no device, so the commands return the codes themselves. */
class DeviceLossTest {
    private final OpenClBackend backend = RequiresOpenCl.device();

    @ParameterizedTest
    @ValueSource(ints = {CL.CL_DEVICE_NOT_AVAILABLE, CL.CL_OUT_OF_RESOURCES, CL.CL_INVALID_COMMAND_QUEUE, -9999})
    void aLostDeviceIsAFailureOfTheDeviceThenAndEverAfter(int code) {
        OpenClQueue queue = (OpenClQueue) backend.newQueue("of the test");
        DeviceFailedException e =
                assertThrows(DeviceFailedException.class, () -> queue.submit("clEnqueueNDRangeKernel", q -> code));
        assertEquals(backend.device(), e.device());
        assertTrue(e.getCause().getMessage().contains("clEnqueueNDRangeKernel in queue of the test failed: "));
        assertTrue(
                e.getCause().getMessage().endsWith("(" + code + ")"),
                e.getCause().getMessage());
        assertThrows(DeviceFailedException.class, () -> queue.submit("clEnqueueCopyBuffer", q -> CL.CL_SUCCESS));
        assertThrows(DeviceFailedException.class, queue::close);
    }

    @Test
    void fullMemoryAndWrongArgumentsAreNoFailuresOfTheDevice() {
        try (OpenClQueue queue = (OpenClQueue) backend.newQueue("of the test")) {
            OutOfDeviceMemoryException full = assertThrows(
                    OutOfDeviceMemoryException.class,
                    () -> queue.submit("clEnqueueNDRangeKernel", q -> CL.CL_MEM_OBJECT_ALLOCATION_FAILURE));
            assertTrue(full.getMessage().contains("lower -Dkiln.opencl.memoryMiB"), full.getMessage());
            IllegalStateException wrong = assertThrows(
                    IllegalStateException.class, () -> queue.submit("clEnqueueCopyBuffer", q -> CL.CL_INVALID_VALUE));
            assertFalse(wrong instanceof DeviceFailedException, wrong.toString());
            queue.submit("nothing", q -> CL.CL_SUCCESS);
        }
    }
}

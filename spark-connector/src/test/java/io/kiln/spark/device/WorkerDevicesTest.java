package io.kiln.spark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class WorkerDevicesTest {
    private static TaskDevice.Finding finding(String executor, String host, String device, boolean shared) {
        String place = "executor " + executor + " on " + host;
        return new TaskDevice.Finding(place, host, List.of("0"), device, shared, device.isEmpty() ? "no GPU" : device);
    }

    private static String refused(String setting, TaskDevice.Finding... findings) {
        return assertThrows(
                        IllegalStateException.class,
                        () -> WorkerDevices.check(DeviceSetting.parse(setting), List.of(findings)))
                .getMessage();
    }

    @Test
    void autoBecomesTheTypeThatAllWorkersHave() {
        DeviceSetting found = WorkerDevices.check(
                DeviceSetting.parse("auto"),
                List.of(finding("1", "a", "cuda(0)", false), finding("2", "b", "cuda(0)", false)));
        assertEquals(new DeviceSetting("cuda", DeviceSetting.ANY), found);
    }

    @Test
    void executorsWithoutADeviceAreNamed() {
        String refused = refused("cuda", finding("1", "a", "cuda(0)", false), finding("2", "b", "", false));
        assertEquals("device cuda: 1 of 2 workers have none: executor 2 on b: no GPU", refused);
    }

    @Test
    void workersDoNotShareAGpu() {
        String refused = refused("cuda", finding("1", "a", "cuda(0)", false), finding("2", "a", "cuda(0)", false));
        assertTrue(refused.contains("two workers would share cuda(0): executor 1 on a"), refused);
        assertTrue(refused.contains("lower numWorkers, or let each executor"), refused);
        DeviceSetting opencl = DeviceSetting.parse("opencl");
        assertEquals(
                opencl,
                WorkerDevices.check(
                        opencl, List.of(finding("1", "a", "opencl(0)", true), finding("2", "a", "opencl(0)", true))));
    }

    @Test
    void workersComputeOnDevicesOfOneType() {
        String refused = refused("auto", finding("1", "a", "cuda(0)", false), finding("2", "b", "opencl(0)", false));
        assertTrue(refused.contains("executor 1 on a: cuda(0); executor 2 on b: opencl(0)"), refused);
    }
}

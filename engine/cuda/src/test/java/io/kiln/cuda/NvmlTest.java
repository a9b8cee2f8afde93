package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.DeviceUsage;
import io.kiln.cuda.driver.TestDriver;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** How busy a device is, as the test driver's NVML makes it up: samples of 20, 60 and 70 %, and a last period of 30 %. */
class NvmlTest {
    @Test
    void theMeanOfTheNewSamplesAndWithoutAnyTheLastPeriodIsReported() {
        Assumptions.assumeFalse(Boolean.getBoolean("kiln.cuda.real"), "a real device has numbers of its own");
        RequiresCuda.device();
        assertTrue(TestDriver.build().resolve("libnvidia-ml.so.1").toFile().isFile());
        Nvml nvml = Nvml.of(new CudaDevice(0)).orElseThrow();
        assertEquals(Optional.of(new DeviceUsage(0.5, 256L << 20, 1024L << 20)), nvml.usage());
        assertEquals(Optional.of(new DeviceUsage(0.3, 256L << 20, 1024L << 20)), nvml.usage(), "no new samples");
    }
}

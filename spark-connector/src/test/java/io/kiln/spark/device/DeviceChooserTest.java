package io.kiln.spark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Device;
import io.kiln.backend.Survey;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices are chosen on machines that are made up. */
class DeviceChooserTest {
    private static final DeviceChooser.Turn FIRST = new DeviceChooser.Turn(0, false);
    private static final Survey CPU = new Survey("cpu", List.of(device("cpu", 0, Survey.Kind.CPU, "", "")), List.of());
    private static final Survey CUDA = new Survey(
            "cuda",
            List.of(
                    device("cuda", 0, Survey.Kind.GPU, "GPU-aa11", ""),
                    device("cuda", 1, Survey.Kind.GPU, "GPU-ab22", ""),
                    device("cuda", 2, Survey.Kind.GPU, "GPU-cc33", "its compute mode is prohibited")),
            List.of(Survey.Component.found("driver", "580", "libcuda.so.1")));
    private static final Survey NO_CUDA = new Survey(
            "cuda",
            List.of(),
            List.of(Survey.Component.missing("driver libcuda.so.1", "ldconfig", "install NVIDIA's driver")));
    private static final Survey OPENCL_ON_CPU =
            new Survey("opencl", List.of(device("opencl", 0, Survey.Kind.CPU, "", "")), List.of());
    private static final Survey OPENCL = new Survey(
            "opencl",
            List.of(
                    device("opencl", 0, Survey.Kind.CPU, "", ""),
                    device("opencl", 1, Survey.Kind.GPU, "", ""),
                    device("opencl", 2, Survey.Kind.OTHER, "", "")),
            List.of());

    private static Survey.Found device(String type, int index, Survey.Kind kind, String address, String problem) {
        List<String> addresses = address.isEmpty() ? List.of() : List.of(address);
        return new Survey.Found(new Device(type, index), kind, "model", 1L << 30, "", addresses, problem);
    }

    private static String choose(String setting, String visible, List<String> addresses, Survey... surveys) {
        Map<String, String> environment = visible == null ? Map.of() : Map.of("CUDA_VISIBLE_DEVICES", visible);
        return new DeviceChooser(DeviceSetting.parse(setting), List.of(surveys), environment)
                .choose(addresses, FIRST)
                .device()
                .toString();
    }

    private static String refused(String setting, String visible, List<String> addresses, Survey... surveys) {
        return assertThrows(IllegalStateException.class, () -> choose(setting, visible, addresses, surveys))
                .getMessage();
    }

    /** The third column is CUDA_VISIBLE_DEVICES, with which CUDA numbers the devices anew. */
    @ParameterizedTest
    @CsvSource({
        "cuda, 1, , cuda(1)",
        "cuda, 5, '4,5', cuda(1)",
        "auto, 4, '4, 5', cuda(0)",
        "cuda, GPU-ab22, , cuda(1)",
        "cuda, GPU-ab, '4,5', cuda(1)",
        "cuda, GPU-dd44-55, 'GPU-ee,GPU-dd44', cuda(1)",
        "cuda:1, 1, , cuda(1)",
    })
    void theGpuThatSparkAssignsIsUsed(String setting, String address, String visible, String expected) {
        assertEquals(expected, choose(setting, visible, List.of(address), CUDA, CPU));
    }

    @Test
    void withoutAnAssignmentTheTurnOnTheMachineDecides() {
        DeviceChooser chooser = new DeviceChooser(DeviceSetting.parse("cuda"), List.of(CUDA, CPU), Map.of());
        assertEquals(
                1,
                chooser.choose(List.of(), new DeviceChooser.Turn(1, false))
                        .device()
                        .index());
        String third = assertThrows(
                        IllegalStateException.class, () -> chooser.choose(List.of(), new DeviceChooser.Turn(2, false)))
                .getMessage();
        assertTrue(third.contains("worker 3 of this machine finds no device of its own"), third);
        assertTrue(third.contains("lower numWorkers"), third);
        assertEquals(
                0,
                chooser.choose(List.of(), new DeviceChooser.Turn(2, true))
                        .device()
                        .index());
    }

    @Test
    void autoIsTheCpuUnlessSparkAssignsAGpu() {
        assertEquals("cpu(0)", choose("auto", null, List.of(), CUDA, OPENCL, CPU));
        assertEquals("cuda(0)", choose("auto", null, List.of("0"), CUDA, OPENCL, CPU));
        assertEquals("opencl(1)", choose("auto", null, List.of("0"), NO_CUDA, OPENCL, CPU));
    }

    @Test
    void anAssignedGpuThatNoBackendCanUseIsAnError() {
        String none = refused("auto", null, List.of("0"), NO_CUDA, OPENCL_ON_CPU, CPU);
        assertTrue(
                none.contains("driver libcuda.so.1: missing; looked for in ldconfig; install NVIDIA's driver"), none);
        assertTrue(none.contains("set device to cpu"), none);
        String bare = refused("auto", null, List.of("0"), CPU);
        assertTrue(bare.contains("add the jar kiln-engine-cuda"), bare);
    }

    @Test
    void theProcessorUnderAnotherNameIsSharedAndNotTakenForAnAssignedGpu() {
        assertEquals("opencl(0)", choose("opencl", null, List.of(), OPENCL_ON_CPU, CPU));
        String refused = refused("opencl", null, List.of("0"), OPENCL_ON_CPU, CPU);
        assertTrue(refused.contains("opencl has no GPU"), refused);
        assertTrue(refused.contains("such as opencl:0"), refused);
        assertEquals("opencl(0)", choose("opencl:0", null, List.of("0"), OPENCL_ON_CPU, CPU));
        assertEquals("opencl(1)", choose("opencl", null, List.of(), OPENCL, CPU));
        assertEquals("opencl(2)", choose("opencl", null, List.of("1"), OPENCL, CPU));
    }

    @Test
    void aMissingDeviceIsNamedWithWhatThereIs() {
        assertTrue(refused("cuda", null, List.of(), NO_CUDA, CPU).contains("install NVIDIA's driver"));
        assertTrue(refused("cuda", null, List.of(), CPU).contains("add the jar kiln-engine-cuda"));
        String seventh = refused("cuda:7", null, List.of(), CUDA, CPU);
        assertTrue(seventh.contains("cuda(0)") && seventh.contains("driver 580"), seventh);
        String unusable = refused("cuda", null, List.of("2"), CUDA, CPU);
        assertTrue(unusable.contains("its compute mode is prohibited"), unusable);
        assertTrue(refused("cuda", null, List.of("9"), CUDA, CPU).contains("Spark has assigned GPU 9"));
        String hidden = refused("cuda", "4,5", List.of("0"), CUDA, CPU);
        assertTrue(hidden.contains("CUDA_VISIBLE_DEVICES is 4,5"), hidden);
        assertTrue(hidden.contains("discovery script"), hidden);
    }

    @Test
    void anIndexMustAgreeWithTheAssignment() {
        String other = refused("cuda:1", null, List.of("0"), CUDA, CPU);
        assertTrue(other.contains("Spark has assigned GPU 0, which is cuda(0)"), other);
        assertTrue(other.contains("set device to cuda, without an index"), other);
    }

    @Test
    void aWorkerComputesOnOneGpuOnly() {
        String two = refused("cuda", null, List.of("0", "1"), CUDA, CPU);
        assertTrue(two.contains("set spark.task.resource.gpu.amount to 1"), two);
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "cpu", "cuda", "opencl", "cuda:1", "opencl:0", "opencl(0)", "fake", "fake:1"})
    void settings(String text) {
        assertTrue(DeviceSetting.isValid(text));
        assertEquals(
                DeviceSetting.parse(text),
                DeviceSetting.parse(DeviceSetting.parse(text).toString()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "CPU", "gpu", "toaster", "cpu:1", "auto:0", "cuda:", "cuda:-1", "cuda:x", "0"})
    void otherTexts(String text) {
        assertFalse(DeviceSetting.isValid(text));
    }
}

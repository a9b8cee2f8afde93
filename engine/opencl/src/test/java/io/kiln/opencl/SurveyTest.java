package io.kiln.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.backend.Doctor;
import io.kiln.backend.Survey;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What providers find on this machine, with or without OpenCL. */
class SurveyTest {
    private static Survey survey(String type) {
        return Backends.surveys().stream()
                .filter(s -> s.type().equals(type))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void usableDevicesCanBeOpenedAndMissingOnesHaveARemedy() {
        Survey survey = survey("opencl");
        for (Survey.Found found : survey.usable()) {
            assertEquals(found.device(), Backends.get(found.device()).device());
            assertTrue(Backends.get(found.device()).describe().contains(found.name()));
            assertTrue(found.memoryBytes() > 0, found.toString());
        }
        assertEquals(survey.devices().isEmpty(), !survey.missing().isEmpty(), survey.toString());
        survey.missing().forEach(line -> assertTrue(line.contains("apt-get install"), line));
    }

    @Test
    void theCpuIsThereAndPreferredLast() {
        Survey cpu = survey("cpu");
        assertEquals(Device.cpu(), cpu.usable().get(0).device());
        assertTrue(cpu.accelerators().isEmpty());
        List<Survey> all = Backends.surveys();
        assertEquals("cpu", all.get(all.size() - 1).type());
        assertTrue(Backends.types().containsAll(List.of("cpu", "opencl", "fake")));
    }

    @Test
    void theDoctorPrintsThem() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new Doctor(new PrintStream(bytes, true, StandardCharsets.UTF_8), Backends.surveys()).print();
        String text = bytes.toString(StandardCharsets.UTF_8);
        assertFalse(survey("cpu").devices().get(0).name().isEmpty());
        for (Survey survey : Backends.surveys()) {
            survey.devices().forEach(d -> assertTrue(text.contains(d.toString()), text));
            survey.missing().forEach(line -> assertTrue(text.contains(line), text));
        }
    }
}

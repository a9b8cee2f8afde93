package io.kiln.backend;

import java.io.PrintStream;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Prints what this machine offers to Kiln: processor, JDK, memory, the devices, drivers and libraries of each backend,
 * and what is missing, each with its remedy. {@code bin/kiln doctor} runs it.
 */
public final class Doctor {
    private final PrintStream out;
    private final List<Survey> surveys;

    /**
     * Creates a doctor.
     *
     * @param out where to print
     * @param surveys what to print, in the order of preference
     */
    public Doctor(PrintStream out, List<Survey> surveys) {
        this.out = out;
        this.surveys = surveys;
    }

    /**
     * Prints the findings on this machine.
     *
     * @param args none
     */
    public static void main(String[] args) {
        new Doctor(System.out, Backends.surveys()).print();
    }

    /** Prints the findings. */
    public void print() {
        line(
                "JDK",
                System.getProperty("java.version") + ", " + System.getProperty("java.vm.name") + ", "
                        + System.getProperty("java.home"));
        line(
                "system",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                        + System.getProperty("os.arch"));
        line("heap", (Runtime.getRuntime().maxMemory() >> 20) + " MiB at most in this process");
        for (int i = surveys.size() - 1; i >= 0; i--) {
            print(surveys.get(i));
        }
        for (String type : List.of("opencl", "cuda")) {
            if (surveys.stream().noneMatch(s -> s.type().equals(type))) {
                out.println();
                out.println(type + ": no backend on the class path; add the jar kiln-engine-" + type);
            }
        }
        out.println();
        out.println("device = \"auto\": " + automatic());
    }

    private void print(Survey survey) {
        out.println();
        out.println(survey.type() + ": "
                + (survey.usable().isEmpty()
                        ? "no usable device"
                        : survey.usable().size() == 1
                                ? "1 device"
                                : survey.usable().size() + " devices"));
        survey.devices().forEach(d -> out.println("  " + d + names(d)));
        survey.components().forEach(c -> out.println("  " + c));
    }

    private static String names(Survey.Found d) {
        return d.addresses().isEmpty() ? "" : " (" + String.join(", ", d.addresses()) + ")";
    }

    private void line(String name, String text) {
        out.println(name + ": " + text);
    }

    private String automatic() {
        Survey best = surveys.stream()
                .filter(s -> !s.accelerators().isEmpty())
                .findFirst()
                .orElse(null);
        if (best == null) {
            return "cpu(0); there is no usable GPU here, so a GPU that Spark assigned to a task would be an error";
        }
        String gpus =
                best.accelerators().stream().map(d -> d.device().toString()).collect(Collectors.joining(", "));
        return "the one of " + gpus + " that Spark assigns to a task, where Spark manages GPUs"
                + " (spark.executor.resource.gpu.amount), otherwise cpu(0); set device to \"" + best.type()
                + "\" to use GPUs that Spark does not manage";
    }
}

package io.kiln.cuda.measure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;

/**
 * A line of {@code figures.tsv}, which {@code torch_networks.py} writes too.
 *
 * @param what network or operation
 * @param work {@code train}, {@code predict}, or the unit of an operation
 * @param precision {@code float32}, {@code tf32} or {@code bfloat16}
 * @param engine {@code kiln}, {@code eager} or {@code compile}
 * @param value median of milliseconds per step, or the value of an operation
 * @param details of a network: rows of a batch, steps measured, parameters, peak MiB on the device, last loss
 */
record Figure(String what, String work, String precision, String engine, double value, String details) {
    static Figure of(String what, String work, String precision, double[] steps, String details) {
        double[] sorted = steps.clone();
        Arrays.sort(sorted);
        return new Figure(what, work, precision, "kiln", sorted[sorted.length / 2], details);
    }

    /** Reads a line. */
    static Figure parse(String line) {
        String[] parts = line.split("\t", -1);
        if (parts.length != 6) {
            throw new IllegalArgumentException("figures: a line has 6 fields, got " + line);
        }
        return new Figure(parts[0], parts[1], parts[2], parts[3], Double.parseDouble(parts[4]), parts[5]);
    }

    /** A part of the details of a network, by its place. */
    String detail(int index) {
        String[] parts = details.split(" ");
        return index < parts.length ? parts[index] : "";
    }

    /** Adds the line at once, so that what follows may fail. */
    void write(Path file) throws IOException {
        String line =
                String.join("\t", what, work, precision, engine, String.format(Locale.ROOT, "%.6g", value), details);
        Files.writeString(
                file, line + "\n", StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        System.out.println(line);
    }
}

package io.kiln.data.file;

import io.kiln.data.Dataset;
import io.kiln.data.Labeled;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads lines of numbers separated by commas or another character; empty lines are skipped, quotes are not supported.
 */
public final class CsvFile {
    private static final int NO_LABEL = -1;

    private CsvFile() {}

    /**
     * Reads a file without labels.
     *
     * @param file UTF-8 text
     * @param separator the separator
     * @param header whether the first line contains names
     * @return one sample per line, all of the same length, with label 0
     * @throws IOException if reading fails, or a line has a different number of columns or a field that is not a number
     */
    public static Dataset<Labeled<float[]>> read(Path file, char separator, boolean header) throws IOException {
        return samples(file, separator, header, NO_LABEL);
    }

    /**
     * Reads a file with a label in each line.
     *
     * @param file UTF-8 text
     * @param separator the separator
     * @param header whether the first line contains names
     * @param labelColumn index of the label's column, from 0
     * @return one sample per line, all of the same length
     * @throws IOException if reading fails, or a line has a different number of columns or a field that is not a number
     */
    public static Dataset<Labeled<float[]>> read(Path file, char separator, boolean header, int labelColumn)
            throws IOException {
        if (labelColumn < 0) {
            throw new IllegalArgumentException(
                    "csvFile: labelColumn must be at least 0, got %d; leave it out for a file without labels"
                            .formatted(labelColumn));
        }
        return samples(file, separator, header, labelColumn);
    }

    private static Dataset<Labeled<float[]>> samples(Path file, char separator, boolean header, int labelColumn)
            throws IOException {
        List<Labeled<float[]>> samples = new ArrayList<>();
        try (BufferedReader in = Files.newBufferedReader(file)) {
            int columns = -1;
            int number = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                number++;
                if (header && number == 1 || line.isBlank()) {
                    continue;
                }
                List<String> cells = Text.split(line, separator);
                columns = columns < 0 ? cells.size() : columns;
                if (cells.size() != columns || labelColumn >= columns) {
                    throw new IOException("%s: line %d: expected %d columns%s, found %d"
                            .formatted(
                                    file,
                                    number,
                                    columns,
                                    labelColumn >= columns ? " and a label in column " + labelColumn : "",
                                    cells.size()));
                }
                samples.add(sample(file, number, cells, labelColumn));
            }
        } catch (CharacterCodingException e) {
            throw Text.noText(file, e);
        }
        return Dataset.of(samples);
    }

    private static Labeled<float[]> sample(Path file, int line, List<String> cells, int labelColumn)
            throws IOException {
        float[] data = new float[labelColumn == NO_LABEL ? cells.size() : cells.size() - 1];
        double label = 0;
        int at = 0;
        for (int i = 0; i < cells.size(); i++) {
            double value = Text.number(file, line, cells.get(i));
            if (i == labelColumn) {
                label = value;
            } else {
                data[at++] = (float) value;
            }
        }
        return new Labeled<>(data, label);
    }
}

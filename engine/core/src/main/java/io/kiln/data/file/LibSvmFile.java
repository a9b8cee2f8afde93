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
 * Reads sparse rows in LIBSVM format: {@code label index:value index:value …}, indices ascending from 1; text after a
 * {@code #} is a comment. Source: C.-C. Chang, C.-J. Lin: LIBSVM, ACM TIST 2011.
 */
public final class LibSvmFile {
    private LibSvmFile() {}

    /**
     * A sparse row.
     *
     * @param size its length
     * @param indices positions of its values, from 0, ascending
     * @param values the values
     */
    public record SparseRow(int size, int[] indices, float[] values) {
        /** {@return all elements} */
        public float[] dense() {
            float[] dense = new float[size];
            for (int i = 0; i < indices.length; i++) {
                dense[indices[i]] = values[i];
            }
            return dense;
        }
    }

    /**
     * Reads a file.
     *
     * @param file UTF-8 text
     * @param features length of a row
     * @return one sample per line
     * @throws IOException if reading fails, or a line has another format or an index beyond {@code features}
     */
    public static Dataset<Labeled<SparseRow>> read(Path file, int features) throws IOException {
        List<Labeled<SparseRow>> samples = new ArrayList<>();
        try (BufferedReader in = Files.newBufferedReader(file)) {
            int number = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                number++;
                int comment = line.indexOf('#');
                String content = (comment < 0 ? line : line.substring(0, comment)).trim();
                if (!content.isEmpty()) {
                    samples.add(sample(file, number, content.split("\\s+"), features));
                }
            }
        } catch (CharacterCodingException e) {
            throw Text.noText(file, e);
        }
        return Dataset.of(samples);
    }

    private static Labeled<SparseRow> sample(Path file, int line, String[] words, int features) throws IOException {
        int[] indices = new int[words.length - 1];
        float[] values = new float[words.length - 1];
        int before = -1;
        for (int i = 0; i < indices.length; i++) {
            String word = words[i + 1];
            int colon = word.indexOf(':');
            double index = colon < 0 ? Double.NaN : Text.number(file, line, word.substring(0, colon)) - 1;
            if (!(index > before && index < features && index == Math.rint(index))) {
                throw new IOException(
                        "%s: line %d: expected index:value with ascending indices from 1 to %d, found \"%s\""
                                .formatted(file, line, features, word));
            }
            before = (int) index;
            indices[i] = before;
            values[i] = (float) Text.number(file, line, word.substring(colon + 1));
        }
        return new Labeled<>(new SparseRow(features, indices, values), Text.number(file, line, words[0]));
    }
}

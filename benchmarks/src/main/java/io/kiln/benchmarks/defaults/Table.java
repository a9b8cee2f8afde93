package io.kiln.benchmarks.defaults;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kiln.examples.Mnist;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;

/**
 * Rows with a target, in folds.
 *
 * @param name its name
 * @param about what it is, in few words
 * @param classes number of classes; 0 when the target is a number
 * @param standardized whether its features are standardised for all models
 * @param folds numbers of the folds that are predicted, each by a model of all other rows
 * @param rows the rows
 */
record Table(String name, String about, int classes, boolean standardized, int[] folds, List<Row> rows) {
    private static final int[] FIVE = {0, 1, 2, 3, 4};
    private static final int TEST = 1;
    private static final int HASHED = 4096;
    private static final Pattern WORD = Pattern.compile("[a-z]{2,}");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** A row. */
    record Row(int fold, Vector features, double target) {}

    int width() {
        return rows.get(0).features().size();
    }

    static List<Table> all() throws IOException {
        return List.of(
                csv("iris", "Iris, 150 × 4", 3, true),
                csv("wine", "Wine, 178 × 13", 3, true),
                csv("cancer", "Breast cancer, 569 × 30", 2, true),
                csv("digits", "Digits, 1,797 × 64", 10, true),
                vote(),
                csv("diabetes", "Diabetes, 442 × 10, RMSE", 0, true),
                mnist());
    }

    static Table vote() throws IOException {
        return csv("vote", "Election survey, one-hot, 944 × 67", 2, false);
    }

    static InputStream resource(String file) throws IOException {
        InputStream in = Table.class.getResourceAsStream(file);
        if (in == null) {
            throw new IOException("defaults: the jar has no " + file + "; build the benchmarks module anew");
        }
        return in;
    }

    private static Table csv(String name, String about, int classes, boolean standardized) throws IOException {
        List<Row> rows = new ArrayList<>();
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(resource(name + ".csv"), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                double[] x = Arrays.stream(line.split(","))
                        .mapToDouble(Double::parseDouble)
                        .toArray();
                rows.add(new Row((int) x[0], Vectors.dense(Arrays.copyOfRange(x, 1, x.length - 1)), x[x.length - 1]));
            }
        }
        return new Table(name, about, classes, standardized, FIVE, rows);
    }

    /**
     * Mails as ln(1 + count) of their lower-case words, hashed to columns by {@link String#hashCode}.
     *
     * @param folder has train.jsonl.gz and test.jsonl.gz, of label, subject and body
     */
    static Table spam(Path folder) throws IOException {
        List<Row> rows = new ArrayList<>();
        String[] parts = {"train", "test"};
        for (int part = 0; part < parts.length; part++) {
            Path file = folder.resolve(parts[part] + ".jsonl.gz");
            try (BufferedReader in = new BufferedReader(
                    new InputStreamReader(new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    JsonNode mail = MAPPER.readTree(line);
                    String text = mail.path("subject").asText() + " "
                            + mail.path("body").asText();
                    rows.add(new Row(part, words(text), mail.path("label").asDouble()));
                }
            }
        }
        return new Table("spam", "Spam, 4,846 + 1,200 mails, 4,096 hashed words", 2, false, new int[] {TEST}, rows);
    }

    private static Vector words(String text) {
        TreeMap<Integer, Integer> counts = new TreeMap<>();
        WORD.matcher(text.toLowerCase(Locale.ROOT))
                .results()
                .forEach(w -> counts.merge(Math.floorMod(w.group().hashCode(), HASHED), 1, Integer::sum));
        int[] at = counts.keySet().stream().mapToInt(i -> i).toArray();
        double[] x = counts.values().stream().mapToDouble(Math::log1p).toArray();
        return Vectors.sparse(HASHED, at, x);
    }

    private static Table mnist() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (Mnist.Part part : Mnist.Part.values()) {
            Mnist digits = Mnist.bundled(part);
            for (int i = 0; i < digits.size(); i++) {
                float[] pixels = digits.pixels(i);
                double[] x = new double[pixels.length];
                Arrays.setAll(x, k -> pixels[k]);
                rows.add(new Row(part == Mnist.Part.TEST ? TEST : 0, Vectors.dense(x), digits.label(i)));
            }
        }
        return new Table(
                "mnist", "MNIST, 8,000 + 2,000 digits of 784 pixels", Mnist.CLASSES, false, new int[] {TEST}, rows);
    }
}

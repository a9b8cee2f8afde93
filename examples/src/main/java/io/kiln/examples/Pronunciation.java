package io.kiln.examples;

import io.kiln.ml.NetEstimator;
import io.kiln.ml.NetModel;
import io.kiln.nn.Functional;
import io.kiln.nn.transformer.TransformerSettings;
import io.kiln.nn.zoo.Transformer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * Spells English words in phonemes: a transformer reads the letters and generates the phonemes one after the other. The baseline
 * pronounces a word as the known word that differs in the fewest letters.
 */
public final class Pronunciation {
    private static final int START = 1;
    private static final int END = 2;
    private static final int FIRST = 3;
    /** The longest words, and their phonemes with the start or the end, are shorter. */
    private static final int LENGTH = 10;

    private static final int HELD = 1000;

    private Pronunciation() {}

    /** A word, and its phonemes, by number. */
    private record Word(int[] letters, int[] phonemes) {}

    /**
     * Phoneme error rates on the words that were held out: wrong, missing and needless phonemes, divided by the number of phonemes.
     *
     * @param greedy that of the likeliest phoneme at each step
     * @param beams that of a search with four beams
     * @param neighbour that of the most similar word
     */
    public record Errors(double greedy, double beams, double neighbour) {}

    /**
     * Runs the example.
     *
     * @param args the folder of the data; by default the one in the repository
     */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args.length > 0 ? args[0] : "examples/data/cmudict");
        try (SparkSession spark = SparkSession.builder()
                .appName("pronunciation")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            Errors e = run(spark, folder, 20, 1);
            System.out.printf(
                    Locale.ROOT,
                    "phoneme error rate on %d new words: network %.3f, with 4 beams %.3f, as the most similar word %.3f%n",
                    HELD,
                    e.greedy(),
                    e.beams(),
                    e.neighbour());
        }
    }

    static Errors run(SparkSession spark, Path folder, int epochs, long seed) throws IOException {
        Map<String, Integer> ids = new LinkedHashMap<>();
        List<Word> words = read(folder.resolve("words.txt.gz"), ids);
        List<Word> known = words.subList(HELD, words.size());
        List<Word> held = words.subList(0, HELD);
        TransformerSettings settings = TransformerSettings.of(64, 4, 128);
        Functional network = new Functional("letters", "before", "letters_mask")
                .add(
                        "next",
                        new Transformer(FIRST + ids.size(), LENGTH, 2, settings),
                        "letters",
                        "before",
                        "letters_mask");
        NetModel model = new NetEstimator()
                .setNetwork(network)
                .setInputCols(new String[] {"letters"})
                .setLengthBuckets(new int[] {LENGTH})
                .setTargetCols(new String[] {"phonemes"})
                .setLosses(new String[] {"softmaxCrossEntropy"})
                .setDecoderInput("before")
                .setStartToken(START)
                .setEndToken(END)
                .setOutputCols(new String[] {"generated"})
                .setBatchSize(64)
                .setMaxEpochs(epochs)
                .setLearningRate(0.002)
                .setShowProgress(false)
                .setSeed(seed)
                .fit(table(spark, known));
        Dataset<Row> rows = table(spark, held);
        double greedy = error(model.transform(rows));
        double beams = error(model.setBeamWidth(4).transform(rows));
        return new Errors(greedy, beams, neighbours(known, held));
    }

    private static List<Word> read(Path file, Map<String, Integer> ids) throws IOException {
        List<Word> words = new ArrayList<>();
        try (BufferedReader in = new BufferedReader(
                new InputStreamReader(new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] parts = line.split(" ", 2);
                words.add(new Word(numbers(parts[0].split(""), ids), numbers(parts[1].split(" "), ids)));
            }
        }
        return words;
    }

    private static int[] numbers(String[] tokens, Map<String, Integer> ids) {
        return Arrays.stream(tokens)
                .mapToInt(t -> ids.computeIfAbsent(t, k -> FIRST + ids.size()))
                .toArray();
    }

    private static Dataset<Row> table(SparkSession spark, List<Word> words) {
        List<Row> rows = words.stream()
                .map(w -> RowFactory.create(w.letters(), w.phonemes()))
                .toList();
        return spark.createDataFrame(rows, StructType.fromDDL("letters array<int>, phonemes array<int>"))
                .coalesce(2);
    }

    private static double error(Dataset<Row> predicted) {
        int wrong = 0;
        int all = 0;
        for (Row r : predicted.select("phonemes", "generated").collectAsList()) {
            int[] expected = r.<Integer>getList(0).stream().mapToInt(i -> i).toArray();
            int[] got = r.<Long>getList(1).stream().mapToInt(Long::intValue).toArray();
            wrong += distance(expected, got);
            all += expected.length;
        }
        return (double) wrong / all;
    }

    private static double neighbours(List<Word> known, List<Word> held) {
        int wrong = 0;
        int all = 0;
        for (Word w : held) {
            Word nearest = known.get(0);
            int least = Integer.MAX_VALUE;
            for (Word k : known) {
                int d = distance(w.letters(), k.letters());
                if (d < least) {
                    least = d;
                    nearest = k;
                }
            }
            wrong += distance(w.phonemes(), nearest.phonemes());
            all += w.phonemes().length;
        }
        return (double) wrong / all;
    }

    /** Levenshtein's distance. */
    private static int distance(int[] a, int[] b) {
        int[] row = new int[b.length + 1];
        Arrays.setAll(row, j -> j);
        for (int i = 1; i <= a.length; i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length; j++) {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length];
    }
}

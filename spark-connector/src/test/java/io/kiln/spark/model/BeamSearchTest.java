package io.kiln.spark.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BeamSearchTest {
    private static final int END = 0;
    private static final int START = 9;

    /** Probabilities of the next token after each sequence; the same for all rows. */
    private interface Chances {
        double[] after(int[] sequence);
    }

    private static BeamSearch.Model model(Chances chances) {
        return (rows, sequences, most) -> {
            int each = Math.min(most, chances.after(sequences[0]).length);
            long[] tokens = new long[rows.length * each];
            float[] logs = new float[tokens.length];
            for (int i = 0; i < rows.length; i++) {
                double[] p = chances.after(sequences[i]);
                int[] order = IntStream.range(0, p.length)
                        .boxed()
                        .sorted((a, b) -> Double.compare(p[b], p[a]))
                        .mapToInt(t -> t)
                        .toArray();
                for (int k = 0; k < each; k++) {
                    tokens[i * each + k] = order[k];
                    logs[i * each + k] = (float) Math.log(p[order[k]]);
                }
            }
            return new BeamSearch.Tokens(each, tokens, logs);
        };
    }

    /** The likeliest first token leads to unlikely sequences. */
    private static double[] garden(int... sequence) {
        int last = sequence[sequence.length - 1];
        return last == START
                ? new double[] {0.01, 0.6, 0.39}
                : last == 1 ? new double[] {0.34, 0.33, 0.33} : new double[] {0.98, 0.01, 0.01};
    }

    @Test
    void oneBeamTakesTheLikeliestTokenAndTwoFindALikelierSequence() {
        assertArrayEquals(new int[] {1}, search(1, 5, BeamSearchTest::garden)[0]);
        assertArrayEquals(new int[] {2}, search(2, 5, BeamSearchTest::garden)[0]);
    }

    @Test
    void aSequenceThatDoesNotEndIsCut() {
        int[][] found = search(3, 4, s -> new double[] {1e-9, 0.7, 0.3});
        assertArrayEquals(new int[] {1, 1, 1, 1}, found[0]);
    }

    @Test
    void rowsEndByThemselves() {
        List<List<Integer>> asked = new ArrayList<>();
        BeamSearch.Model endsAfterItsNumber = (rows, sequences, most) -> {
            asked.add(IntStream.of(rows).boxed().toList());
            long[] tokens = new long[rows.length];
            Arrays.setAll(tokens, i -> sequences[i].length > rows[i] ? END : 1);
            return new BeamSearch.Tokens(1, tokens, new float[rows.length]);
        };
        int[][] found = new BeamSearch(START, END, 10, 1).search(3, endsAfterItsNumber);
        assertArrayEquals(new int[][] {{}, {1}, {1, 1}}, found);
        assertEquals(List.of(List.of(0, 1, 2), List.of(1, 2), List.of(2)), asked);
    }

    /** With as many beams as there are sequences it compares all of them. */
    @Test
    void enoughBeamsFindTheSequenceOfTheLargestMean() {
        int longest = 3;
        for (int seed = 0; seed < 50; seed++) {
            int s = seed;
            Chances chances = sequence -> {
                Random random = new Random(31L * Arrays.hashCode(sequence) + s);
                double[] p = {random.nextDouble(), random.nextDouble(), random.nextDouble()};
                double sum = p[0] + p[1] + p[2];
                return new double[] {p[0] / sum, p[1] / sum, p[2] / sum};
            };
            int[] best = null;
            double most = Double.NEGATIVE_INFINITY;
            for (int[] tokens : all(longest)) {
                int[] sequence = {START};
                double log = 0;
                for (int t : tokens) {
                    log += Math.log(chances.after(sequence)[t]);
                    sequence = Arrays.copyOf(sequence, sequence.length + 1);
                    sequence[sequence.length - 1] = t;
                }
                boolean closed = tokens[tokens.length - 1] == END;
                if (log / tokens.length > most) {
                    most = log / tokens.length;
                    best = Arrays.copyOf(tokens, tokens.length - (closed ? 1 : 0));
                }
            }
            assertArrayEquals(best, search(64, longest, chances)[0], "seed " + seed);
        }
    }

    /** Sequences of 1 and 2 that end with 0, or are as long as they may be. */
    private static List<int[]> all(int longest) {
        List<int[]> whole = new ArrayList<>();
        List<int[]> open = List.of(new int[0]);
        for (int t = 0; t < longest; t++) {
            List<int[]> longer = new ArrayList<>();
            for (int[] s : open) {
                for (int token = 0; token < 3; token++) {
                    int[] next = Arrays.copyOf(s, s.length + 1);
                    next[s.length] = token;
                    (token == END ? whole : longer).add(next);
                }
            }
            open = longer;
        }
        whole.addAll(open);
        return whole;
    }

    private static int[][] search(int beams, int longest, Chances chances) {
        return new BeamSearch(START, END, longest, beams).search(2, model(chances));
    }
}

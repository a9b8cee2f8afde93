package io.kiln.spark.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Searches for the likeliest sequences of tokens, one for each row. Each step extends the k likeliest open sequences of a
 * row, by \(\sum_t \log p_t\). A sequence with the end token is closed, if it is among the k likeliest; the row is done when k
 * are closed, or at the longest length. The result is the sequence with the largest mean of \(\log p_t\), over its tokens and
 * the end, of those closed, and of the open ones if fewer than k are closed. One beam is greedy search.
 *
 * @param start the token before each sequence
 * @param end the token that ends one
 * @param longest the most tokens of a sequence, without these two
 * @param beams k
 */
record BeamSearch(int start, int end, int longest, int beams) {
    /** Tells what may follow. */
    interface Model {
        /**
         * The likeliest tokens after sequences of one length.
         *
         * @param rows the row of each sequence
         * @param sequences the tokens so far, from the start token on
         * @param most how many tokens are wanted for each sequence
         * @return the likeliest ones, in descending order; fewer if there are no more
         */
        Tokens next(int[] rows, int[][] sequences, int most);
    }

    /**
     * Tokens that may follow sequences.
     *
     * @param each how many there are for each sequence
     * @param tokens those of the first sequence, of the second, …
     * @param logProbabilities their logarithms of probability
     */
    record Tokens(int each, long[] tokens, float[] logProbabilities) {}

    private record Sequence(int[] tokens, double sum, boolean closed) {
        Sequence with(int token, double logProbability, boolean isEnd) {
            int[] longer = Arrays.copyOf(tokens, tokens.length + 1);
            longer[tokens.length] = token;
            return new Sequence(longer, sum + logProbability, isEnd);
        }

        /** The start is not counted, the end is. */
        double mean() {
            return sum / (tokens.length - 1);
        }
    }

    private static final class Row {
        private List<Sequence> open;
        private final List<Sequence> closed = new ArrayList<>();

        Row(int start) {
            open = List.of(new Sequence(new int[] {start}, 0, false));
        }
    }

    /**
     * Searches.
     *
     * @param rows how many rows there are
     * @param model tells what may follow
     * @return the tokens of each row, without start and end
     */
    int[][] search(int rows, Model model) {
        Row[] all = new Row[rows];
        Arrays.setAll(all, i -> new Row(start));
        for (int t = 0; t < longest && Arrays.stream(all).anyMatch(this::isOpen); t++) {
            step(all, model);
        }
        int[][] found = new int[rows][];
        Arrays.setAll(found, i -> best(all[i]));
        return found;
    }

    private boolean isOpen(Row row) {
        return row.closed.size() < beams && !row.open.isEmpty();
    }

    private void step(Row[] all, Model model) {
        List<Integer> rows = new ArrayList<>();
        List<int[]> sequences = new ArrayList<>();
        for (int i = 0; i < all.length; i++) {
            if (isOpen(all[i])) {
                for (Sequence s : all[i].open) {
                    rows.add(i);
                    sequences.add(s.tokens);
                }
            }
        }
        // One of the tokens may be the end, which leaves as many as there are beams.
        Tokens next = model.next(rows.stream().mapToInt(r -> r).toArray(), sequences.toArray(new int[0][]), beams + 1);
        for (int from = 0, to; from < rows.size(); from = to) {
            Row row = all[rows.get(from)];
            to = from + row.open.size();
            extend(row, from, next);
        }
    }

    private void extend(Row row, int from, Tokens next) {
        List<Sequence> longer = new ArrayList<>();
        for (int s = 0; s < row.open.size(); s++) {
            for (int k = 0; k < next.each(); k++) {
                int at = (from + s) * next.each() + k;
                int token = Math.toIntExact(next.tokens()[at]);
                longer.add(row.open.get(s).with(token, next.logProbabilities()[at], token == end));
            }
        }
        longer.sort(Comparator.comparingDouble(Sequence::sum).reversed());
        List<Sequence> open = new ArrayList<>();
        for (int i = 0; i < longer.size() && open.size() < beams; i++) {
            Sequence s = longer.get(i);
            if (!s.closed) {
                open.add(s);
            } else if (i < beams) {
                row.closed.add(s);
            }
        }
        row.open = open;
    }

    private int[] best(Row row) {
        List<Sequence> ends = new ArrayList<>(row.closed);
        if (ends.size() < beams) {
            ends.addAll(row.open);
        }
        Sequence best =
                ends.stream().max(Comparator.comparingDouble(Sequence::mean)).orElseThrow();
        return Arrays.copyOfRange(best.tokens, 1, best.tokens.length - (best.closed ? 1 : 0));
    }
}

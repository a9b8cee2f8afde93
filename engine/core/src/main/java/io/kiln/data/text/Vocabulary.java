package io.kiln.data.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * Numbers of tokens: 0 for unknown ones, 1 for padding, then reserved ones, then the others, the most frequent first and those as
 * frequent by the alphabet.
 */
public final class Vocabulary {
    /** What stands for tokens that are not known; number 0. */
    public static final String UNKNOWN = "<unk>";

    /** What stands behind the end of short sequences; number 1. */
    public static final String PADDING = "<pad>";

    private final List<String> tokens;
    private final Map<String, Long> numbers = new HashMap<>();

    /**
     * A vocabulary of tokens in order.
     *
     * @param tokens all tokens; the first ones are {@link #UNKNOWN} and {@link #PADDING}
     * @throws IllegalArgumentException when they are not, or one appears twice
     */
    public Vocabulary(List<String> tokens) {
        this.tokens = List.copyOf(tokens);
        if (tokens.size() < 2
                || !tokens.get(0).equals(UNKNOWN)
                || !tokens.get(1).equals(PADDING)) {
            throw new IllegalArgumentException("vocabulary: must begin with " + UNKNOWN + " and " + PADDING + ", got "
                    + tokens.size() + " tokens: " + tokens.subList(0, Math.min(2, tokens.size())));
        }
        for (int i = 0; i < tokens.size(); i++) {
            if (numbers.put(tokens.get(i), (long) i) != null) {
                throw new IllegalArgumentException("vocabulary: token \"" + tokens.get(i) + "\" appears twice");
            }
        }
    }

    /**
     * Counts tokens and keeps the frequent ones.
     *
     * @param sequences the tokens of all texts
     * @param leastFrequency how often a token must appear to be kept, at least 1
     * @param mostTokens how many tokens there may be in all, the reserved ones included
     * @param reserved tokens that are kept whether they appear or not, such as {@code <s>}
     * @return the vocabulary
     */
    public static Vocabulary build(
            Iterable<List<String>> sequences, long leastFrequency, int mostTokens, String... reserved) {
        LinkedHashSet<String> kept = new LinkedHashSet<>(List.of(UNKNOWN, PADDING));
        kept.addAll(List.of(reserved));
        if (leastFrequency < 1 || mostTokens < kept.size()) {
            throw new IllegalArgumentException("vocabulary: needs leastFrequency >= 1 and mostTokens >= " + kept.size()
                    + ", got " + leastFrequency + " and " + mostTokens);
        }
        Map<String, Long> counts = new HashMap<>();
        sequences.forEach(s -> s.forEach(t -> counts.merge(t, 1L, Long::sum)));
        counts.entrySet().stream()
                .filter(e -> e.getValue() >= leastFrequency && !kept.contains(e.getKey()))
                .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(mostTokens - kept.size())
                .map(Map.Entry::getKey)
                .toList()
                .forEach(kept::add);
        return new Vocabulary(new ArrayList<>(kept));
    }

    /** {@return how many tokens there are} */
    public int size() {
        return tokens.size();
    }

    /** {@return all tokens, by number} */
    public List<String> tokens() {
        return tokens;
    }

    /**
     * The number of a token.
     *
     * @param token the token
     * @return its number, 0 for one that is not known
     */
    public long number(String token) {
        return numbers.getOrDefault(token, 0L);
    }

    /**
     * The token of a number.
     *
     * @param number from 0 to below {@link #size}
     * @return the token
     */
    public String token(long number) {
        if (number < 0 || number >= tokens.size()) {
            throw new IndexOutOfBoundsException(
                    "vocabulary: number must be from 0 to below " + tokens.size() + ", got " + number);
        }
        return tokens.get((int) number);
    }

    /**
     * The numbers of tokens.
     *
     * @param sequence the tokens
     * @param most how many are taken at most; the rest is cut off
     * @return their numbers
     */
    public long[] encode(List<String> sequence, int most) {
        return sequence.stream().limit(most).mapToLong(this::number).toArray();
    }

    /**
     * The tokens of numbers, without padding.
     *
     * @param sequence the numbers
     * @return their tokens
     */
    public List<String> decode(long... sequence) {
        List<String> decoded = new ArrayList<>();
        for (long n : sequence) {
            if (n != 1) {
                decoded.add(token(n));
            }
        }
        return decoded;
    }
}

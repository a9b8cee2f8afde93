package io.kiln.data.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * Maps tokens to ids: 0 for unknown ones, 1 for padding, then reserved ones, then the others by descending frequency
 * and, for equal frequency, alphabetically.
 */
public final class Vocabulary {
    /** Stands for unknown tokens; id 0. */
    public static final String UNKNOWN = "<unk>";

    /** Follows the end of short sequences; id 1. */
    public static final String PADDING = "<pad>";

    private final List<String> tokens;
    private final Map<String, Long> numbers = new HashMap<>();

    /**
     * Creates a vocabulary from tokens in order.
     *
     * @param tokens all tokens; the first ones are {@link #UNKNOWN} and {@link #PADDING}
     * @throws IllegalArgumentException if they are not, or a token appears twice
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
     * @param mostTokens maximum number of tokens, including the reserved ones
     * @param reserved tokens that are always kept, such as {@code <s>}
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

    /** {@return the number of tokens} */
    public int size() {
        return tokens.size();
    }

    /** {@return all tokens, by id} */
    public List<String> tokens() {
        return tokens;
    }

    /**
     * Returns the id of a token.
     *
     * @param token the token
     * @return its id, 0 if it is unknown
     */
    public long number(String token) {
        return numbers.getOrDefault(token, 0L);
    }

    /**
     * Returns the token with an id.
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
     * Converts tokens to ids.
     *
     * @param sequence the tokens
     * @param most maximum number of tokens; the rest is cut off
     * @return their ids
     */
    public long[] encode(List<String> sequence, int most) {
        return sequence.stream().limit(most).mapToLong(this::number).toArray();
    }

    /**
     * Converts ids to tokens, without padding.
     *
     * @param sequence the ids
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

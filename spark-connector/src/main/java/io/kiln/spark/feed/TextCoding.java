package io.kiln.spark.feed;

import io.kiln.data.text.Tokenizer;
import io.kiln.data.text.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.hash.Murmur3_x86_32;

/**
 * How texts, and numbers that stand for things, become ids: 0 for unknown ones, {@value #PADDING} for the padding of sequences, the others from
 * 2 on.
 *
 * @param unit what has an id
 * @param most number of different ids; 0 for as many as there are
 * @param hashed whether ids are hashes, by MurmurHash3 as in Spark's HashingTF; otherwise places in a vocabulary
 * @param vocabulary the texts by id, as {@link Vocabulary} has them; empty if they are hashed, sent or not yet counted
 * @param sent the texts in executors; null if they have not been sent
 */
public record TextCoding(Unit unit, int most, boolean hashed, List<String> vocabulary, Broadcast<Texts> sent)
        implements Coding {
    /** The id of padding. */
    static final int PADDING = 1;

    private static final int RESERVED = 2;
    /** The most texts of a vocabulary, and their most characters: executors and the driver hold them, saved models too. */
    private static final int MOST_TEXTS = 5_000_000;

    private static final long MOST_CHARACTERS = 1L << 26;
    private static final int SEED = 42;
    private static final Pattern FORM =
            Pattern.compile("(?:(words|whitespace|characters)\\s+)?(index|hash)(?:\\s*\\(\\s*(\\d{1,9})\\s*\\))?");

    /** Makes the list unmodifiable. */
    public TextCoding {
        vocabulary = List.copyOf(vocabulary);
    }

    /** What has an id. */
    public enum Unit {
        /** The whole value. */
        WHOLE,
        /** Each word and each sign, in lower case. */
        WORDS,
        /** Each part between white space. */
        WHITESPACE,
        /** Each code point. */
        CHARACTERS;

        private List<String> of(String text) {
            return switch (this) {
                case WHOLE -> List.of(text);
                case WORDS -> Tokenizer.words().tokens(text);
                case WHITESPACE -> Tokenizer.whitespace().tokens(text);
                case CHARACTERS -> Tokenizer.characters().tokens(text);
            };
        }
    }

    /**
     * Reads the text form.
     *
     * @param input name of the input, for the message
     * @param text such as {@code index}, {@code hash(1000)} or {@code words index(20000)}
     * @return the coding; null if the text has another form
     * @throws IllegalArgumentException if the number is missing or too small
     */
    static TextCoding read(String input, String text) {
        Matcher m = FORM.matcher(text);
        if (!m.matches()) {
            return null;
        }
        boolean hashed = m.group(2).equals("hash");
        int most = m.group(3) == null ? 0 : Integer.parseInt(m.group(3));
        if (!hashed && most > MOST_TEXTS) {
            throw new IllegalArgumentException(
                    "inputTypes: index of input %s has at most %d different ids, got %d; take hash(%d)"
                            .formatted(input, MOST_TEXTS, most, most));
        }
        if (most <= RESERVED && (hashed || m.group(3) != null)) {
            throw new IllegalArgumentException(
                    "inputTypes: %s of input %s needs the number of different ids, above %d, such as %s(1000), got \"%s\"; ids 0 and 1 are for unknown texts and padding"
                            .formatted(m.group(2), input, RESERVED, m.group(2), text));
        }
        Unit unit = m.group(1) == null ? Unit.WHOLE : Unit.valueOf(m.group(1).toUpperCase(java.util.Locale.ROOT));
        return new TextCoding(unit, most, hashed, List.of(), null);
    }

    /** Whether texts must be counted before rows can be packed. */
    boolean isToBeCounted() {
        return !hashed && vocabulary.isEmpty() && sent == null;
    }

    /** The most texts that are taken into a vocabulary besides the two reserved ones. */
    int room() {
        return most == 0 ? MOST_TEXTS + 1 : most - RESERVED; // one more shows that there are too many
    }

    /** Rejects a vocabulary that is too large. */
    void check(Field field, List<String> texts) {
        long characters = texts.stream().mapToLong(String::length).sum();
        if (texts.size() > MOST_TEXTS + RESERVED || characters > MOST_CHARACTERS) {
            throw new IllegalArgumentException(
                    "%s: column \"%s\" has too many different texts for a vocabulary: %d texts of %d characters, expected at most %d of %d; take the most frequent with index(n), or hash(n)"
                            .formatted(
                                    field.what(),
                                    field.columns().get(0),
                                    texts.size(),
                                    characters,
                                    MOST_TEXTS,
                                    MOST_CHARACTERS));
        }
    }

    TextCoding with(List<String> counted) {
        return hashed ? this : new TextCoding(unit, most, false, counted, null);
    }

    /** The same for tasks, without the texts. */
    TextCoding sent(Broadcast<Texts> texts) {
        return new TextCoding(unit, most, hashed, List.of(), texts);
    }

    List<String> units(String text) {
        return unit.of(text);
    }

    /** The vocabulary in a form for look-ups. */
    Vocabulary lookUp() {
        if (hashed) {
            return null;
        }
        return sent == null ? new Vocabulary(vocabulary) : sent.value().lookUp();
    }

    /** The id of a text. */
    int id(String text, Vocabulary known) {
        if (known != null) {
            return (int) known.number(text);
        }
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int hash = Murmur3_x86_32.hashUnsafeBytes2(utf8, Platform.BYTE_ARRAY_OFFSET, utf8.length, SEED);
        return RESERVED + Math.floorMod(hash, most - RESERVED);
    }

    /** {@return the text in fingerprints of checkpoints} */
    @Override
    public String toString() {
        return unit + (hashed ? " hash " : " index ") + most + " " + vocabulary.size() + " " + vocabulary.hashCode();
    }
}

package io.kiln.data.text;

import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Splits text into tokens. */
@FunctionalInterface
public interface Tokenizer {
    /**
     * Splits a text.
     *
     * @param text the text
     * @return its tokens
     */
    List<String> tokens(String text);

    /** {@return a tokenizer that splits at white space} */
    static Tokenizer whitespace() {
        return matches(Pattern.compile("\\S+"), false);
    }

    /**
     * {@return a tokenizer that gives words of letters and digits in lower case, and each other character by itself}
     */
    static Tokenizer words() {
        return matches(Pattern.compile("[\\p{L}\\p{N}_]+|[^\\s\\p{L}\\p{N}_]", Pattern.UNICODE_CHARACTER_CLASS), true);
    }

    /** {@return a tokenizer that gives each character (code point) by itself} */
    static Tokenizer characters() {
        return text -> text.codePoints().mapToObj(Character::toString).toList();
    }

    private static Tokenizer matches(Pattern pattern, boolean small) {
        return text -> pattern.matcher(small ? text.toLowerCase(Locale.ROOT) : text)
                .results()
                .map(MatchResult::group)
                .toList();
    }
}

package io.kiln.data.text;

import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Takes text apart. */
@FunctionalInterface
public interface Tokenizer {
    /**
     * Takes a text apart.
     *
     * @param text the text
     * @return its tokens
     */
    List<String> tokens(String text);

    /** {@return splits at white space} */
    static Tokenizer whitespace() {
        return matches(Pattern.compile("\\S+"), false);
    }

    /** {@return words of letters and digits in small letters, and each other sign on its own} */
    static Tokenizer words() {
        return matches(Pattern.compile("[\\p{L}\\p{N}_]+|[^\\s\\p{L}\\p{N}_]", Pattern.UNICODE_CHARACTER_CLASS), true);
    }

    /** {@return each character (code point) on its own} */
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

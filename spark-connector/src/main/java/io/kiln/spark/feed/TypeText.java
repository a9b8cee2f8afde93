package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text form of dtype and shape of a row, such as {@code float32[1,28,28]}, {@code int32[-1]}, {@code int64} or
 * {@code [16]}; {@code image[3,224,224]} for images; {@code index}, {@code hash(1000)} or {@code words index(20000)} for texts.
 *
 * @param dtype the dtype; null if it is not stated
 * @param shape the shape of a row, -1 for sizes that differ; null if it is not stated
 * @param coding {@link #IMAGE}, a {@link TextCoding}, or null for numbers
 */
record TypeText(DType dtype, List<Long> shape, Object coding) {
    /** States that a column holds images. */
    static final String IMAGE = "image";

    private static final Pattern FORM = Pattern.compile(
            "(float32|int32|int64|uint8|image)?\\s*(?:\\[\\s*((?:-?\\d{1,9}(?:\\s*,\\s*-?\\d{1,9})*)?)\\s*])?");

    TypeText(DType dtype, List<Long> shape) {
        this(dtype, shape, null);
    }

    static TypeText read(String input, String text) {
        TextCoding coding = TextCoding.read(input, text.trim());
        if (coding != null) {
            return new TypeText(null, null, coding);
        }
        Matcher m = FORM.matcher(text.trim());
        if (!m.matches()) {
            throw new IllegalArgumentException(
                    "inputTypes: expected dtype (float32, int32, int64, uint8) and shape of a row of input %s, such as float32[1,28,28] or int32[-1], or image[3,224,224], index, hash(1000), words index(20000), got \"%s\""
                            .formatted(input, text));
        }
        boolean image = IMAGE.equals(m.group(1));
        DType dtype =
                m.group(1) == null || image ? null : DType.valueOf(m.group(1).toUpperCase(Locale.ROOT));
        List<Long> shape = m.group(2) == null
                ? null
                : m.group(2).isBlank()
                        ? List.of()
                        : Arrays.stream(m.group(2).split(","))
                                .map(d -> Long.parseLong(d.trim()))
                                .toList();
        if (shape != null && shape.stream().anyMatch(d -> d == 0 || d < -1)) {
            throw new IllegalArgumentException(
                    "inputTypes: sizes of input %s must be at least 1, or -1 if they differ from row to row, got \"%s\""
                            .formatted(input, text));
        }
        return new TypeText(dtype, shape, image ? IMAGE : null);
    }
}

package io.kiln.spark.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kiln.data.vision.ImageTransform;
import io.kiln.graph.KnownRecords;
import io.kiln.graph.RecordJson;
import io.kiln.nn.loss.Loss;
import io.kiln.optim.Optimizer;
import io.kiln.optim.Schedule;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Text form of optimizers, schedules, losses and transforms of images: {@code adam} with default attributes, or {@code
 * {"sgd":{"momentum":0.9}}} with all of them.
 */
public final class NamedRecord {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Pattern NAME = Pattern.compile("[a-zA-Z][a-zA-Z0-9]{0,63}");

    private NamedRecord() {}

    /**
     * Returns the text of a record.
     *
     * @param value an optimizer, schedule or loss
     * @return text that {@link #read} reads
     */
    public static String write(Object value) {
        String s = value.getClass().getSimpleName();
        String name = Character.toLowerCase(s.charAt(0)) + s.substring(1);
        return MAPPER.createObjectNode().set(name, RecordJson.write(value)).toString();
    }

    /**
     * Reads a record.
     *
     * @param <T> the record's type
     * @param type the interface that it implements
     * @param text a name, or JSON written by {@link #write}
     * @return the record
     * @throws IllegalArgumentException if there is no such record, or an attribute is missing or out of range
     */
    public static <T> T read(Class<T> type, String text) {
        if (NAME.matcher(text).matches()) {
            return customary(type, text);
        }
        JsonNode json;
        try {
            json = MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(expected(type, text) + ": " + e.getOriginalMessage(), e);
        }
        if (!json.isObject() || json.size() != 1) {
            throw new IllegalArgumentException(expected(type, text));
        }
        Map.Entry<String, JsonNode> field = json.properties().iterator().next();
        return RecordJson.read(type, field.getKey(), field.getValue());
    }

    private static <T> T customary(Class<T> type, String name) {
        String simple = Character.toUpperCase(name.charAt(0)) + name.substring(1);
        try {
            Class<?> c = Class.forName(type.getPackageName() + "." + simple, false, type.getClassLoader());
            if (type.isAssignableFrom(c) && c.isRecord()) {
                return type.cast(c.getConstructor().newInstance());
            }
        } catch (NoSuchMethodException e) {
            throw new IllegalArgumentException(
                    "%s \"%s\" has attributes without defaults; give them as JSON".formatted(simpleName(type), name),
                    e);
        } catch (ReflectiveOperationException | NoClassDefFoundError e) {
            throw new IllegalArgumentException(expected(type, name), e);
        }
        throw new IllegalArgumentException(expected(type, name));
    }

    private static String simpleName(Class<?> type) {
        return type.getSimpleName().toLowerCase(java.util.Locale.ROOT);
    }

    private static String expected(Class<?> type, String got) {
        return String.format(
                Locale.ROOT,
                "%s: expected a name such as %s, or {\"name\":{attributes}}, got %s%s",
                simpleName(type),
                example(type),
                got,
                NAME.matcher(got).matches() ? KnownRecords.suggestion(got, KnownRecords.names(type)) : "");
    }

    private static String example(Class<?> type) {
        if (type == Optimizer.class) {
            return "adam";
        } else if (type == Schedule.class) {
            return "stepDecay";
        } else if (type == ImageTransform.class) {
            return "flipHorizontally";
        }
        return "softmaxCrossEntropy";
    }

    /**
     * Checks that a text is an optimizer, as the validator of a Param. It throws because its message says more than
     * "invalid".
     *
     * @param text the text
     * @return true
     * @throws IllegalArgumentException if {@link #read} rejects it
     */
    public static boolean checkOptimizer(String text) {
        return read(Optimizer.class, text) != null;
    }

    /**
     * Checks that a text is a schedule, like {@link #checkOptimizer}.
     *
     * @param text the text
     * @return true
     * @throws IllegalArgumentException if {@link #read} rejects it
     */
    public static boolean checkSchedule(String text) {
        return read(Schedule.class, text) != null;
    }

    /**
     * Checks that a text is a transform of images, like {@link #checkOptimizer}.
     *
     * @param text the text
     * @return true
     * @throws IllegalArgumentException if {@link #read} rejects it
     */
    public static boolean checkImageTransform(String text) {
        return read(ImageTransform.class, text) != null;
    }

    /**
     * Checks that a text is a loss, like {@link #checkOptimizer}.
     *
     * @param text the text
     * @return true
     * @throws IllegalArgumentException if {@link #read} rejects it
     */
    public static boolean checkLoss(String text) {
        return read(Loss.class, text) != null;
    }
}

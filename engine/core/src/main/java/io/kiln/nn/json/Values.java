package io.kiln.nn.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.kiln.graph.RecordJson;
import io.kiln.init.Initializer;
import io.kiln.nn.Block;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Converts JSON to Java values, by the type of a parameter. */
final class Values {
    private static final int MAX_SIZES = 1 << 16;

    private Values() {}

    static boolean isReadable(Type type) {
        return describe(type) != null;
    }

    /** The catalog's name of a type; null for a type that JSON cannot express. */
    static String describe(Type type) {
        if (type == long.class || type == int.class) {
            return "int";
        } else if (type == double.class) {
            return "float";
        } else if (type == boolean.class) {
            return "bool";
        } else if (type == String.class) {
            return "str";
        } else if (type == long[].class || type == int[].class || isListOf(type, Long.class)) {
            return "ints";
        } else if (type == Block[].class) {
            return "layers";
        } else if (isListOf(type, String.class)) {
            return "strs";
        } else if (elementOf(type) != null) {
            return "list of " + elementOf(type).getSimpleName();
        } else if (type instanceof Class<?> c) {
            if (c == Block.class) {
                return "layer";
            } else if (c == Initializer.class) {
                return "initializer";
            } else if (c.isEnum()) {
                return Arrays.stream(c.getEnumConstants())
                        .map(e -> ((Enum<?>) e).name().toLowerCase(Locale.ROOT))
                        .collect(Collectors.joining("|"));
            } else if (c.getPackageName().startsWith("io.kiln.nn") && !c.isInterface() && new Maker(c, null).exists()) {
                return c.getSimpleName();
            }
        }
        return null;
    }

    /** The element class of a list of settings that JSON gives as objects, such as the steps of a network; or null. */
    private static Class<?> elementOf(Type type) {
        return type instanceof ParameterizedType p
                        && p.getRawType() == List.class
                        && p.getActualTypeArguments()[0] instanceof Class<?> c
                        && c.isRecord()
                        && describe(c) != null
                ? c
                : null;
    }

    private static boolean isListOf(Type type, Class<?> element) {
        return type instanceof ParameterizedType p
                && p.getRawType() == List.class
                && p.getActualTypeArguments()[0] == element;
    }

    static Object read(Type type, JsonNode v, String place, int depth) {
        Object value = number(type, v);
        if (value != null) {
            return value;
        } else if (type == long[].class || type == int[].class || isListOf(type, Long.class)) {
            return sizes(type, v, place);
        } else if (type == Block[].class && v instanceof ArrayNode list) {
            return BlockJson.blocks(list, place, depth);
        } else if (type == Block.class) {
            return BlockJson.block(v, place, depth + 1);
        } else if (isListOf(type, String.class)) {
            return texts(v, place);
        } else if (elementOf(type) != null && v instanceof ArrayNode list && list.size() <= MAX_SIZES) {
            List<Object> all = new ArrayList<>();
            for (int i = 0; i < list.size(); i++) {
                all.add(read(elementOf(type), list.get(i), place + "[" + i + "]", depth + 1));
            }
            return all;
        } else if (type == Initializer.class) {
            return initializer(v, place);
        } else if (type instanceof Class<?> c && c.isEnum() && v.isTextual()) {
            for (Object e : c.getEnumConstants()) {
                if (((Enum<?>) e).name().equalsIgnoreCase(v.textValue())) {
                    return e;
                }
            }
        } else if (type instanceof Class<?> c && v.isObject()) {
            return new Calls(place, depth + 1).make(new Maker(c, null), v);
        }
        throw new IllegalArgumentException("%s: expected %s, got %s".formatted(place, describe(type), v));
    }

    private static Object number(Type type, JsonNode v) {
        if (type == long.class && v.isIntegralNumber() && v.canConvertToLong()) {
            return v.longValue();
        } else if (type == int.class && v.isIntegralNumber() && v.canConvertToInt()) {
            return v.intValue();
        } else if (type == double.class && v.isNumber()) {
            return v.doubleValue();
        } else if (type == boolean.class && v.isBoolean()) {
            return v.booleanValue();
        } else if (type == String.class && v.isTextual()) {
            return v.textValue();
        }
        return null;
    }

    /** One text, or an array of them. */
    private static List<String> texts(JsonNode v, String place) {
        List<String> all = new ArrayList<>();
        if (v.isArray() && v.size() <= MAX_SIZES) {
            v.forEach(e -> all.add((String) read(String.class, e, place, 0)));
        } else {
            all.add((String) read(String.class, v, place, 0));
        }
        return all;
    }

    /** One number, or an array of them. */
    private static Object sizes(Type type, JsonNode v, String place) {
        List<Long> all = new ArrayList<>();
        if (v.isArray() && v.size() <= MAX_SIZES) {
            v.forEach(e -> all.add((Long) read(long.class, e, place, 0)));
        } else {
            all.add((Long) read(long.class, v, place, 0));
        }
        if (type == long[].class) {
            return all.stream().mapToLong(Long::longValue).toArray();
        } else if (type == int[].class) {
            return all.stream().mapToInt(Math::toIntExact).toArray();
        }
        return List.copyOf(all);
    }

    private static Initializer initializer(JsonNode v, String place) {
        try {
            if (v.isTextual()) {
                return RecordJson.read(Initializer.class, v.textValue(), JsonNodeFactory.instance.objectNode());
            } else if (v.isObject() && v.size() == 1) {
                Map.Entry<String, JsonNode> only = v.properties().iterator().next();
                return RecordJson.read(Initializer.class, only.getKey(), only.getValue());
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(place + ": " + e.getMessage(), e);
        }
        throw new IllegalArgumentException(
                "%s: expected an initializer such as \"zeros\" or {\"normal\": {\"sigma\": 0.01}}, got %s"
                        .formatted(place, v));
    }
}

package io.kiln.symbol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphJson;
import io.kiln.graph.RecordJson;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.DefaultValue;
import io.kiln.op.Operator;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Creates operators from a name and attributes given as Java values or as text. */
final class OperatorAttributes {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private OperatorAttributes() {}

    /** The names of an operator's attributes. */
    static Set<String> names(Class<?> type) {
        Set<String> names = new LinkedHashSet<>();
        for (RecordComponent c : type.getRecordComponents()) {
            names.add(c.getName());
        }
        return names;
    }

    /** The operator's class. */
    static Class<?> type(String name) {
        return RecordJson.find(Operator.class, name);
    }

    /**
     * Creates the operator. Missing attributes get the values of its no-argument constructor, or their
     * {@link DefaultValue}s.
     *
     * @throws IllegalArgumentException if an attribute is unknown, missing, or has an invalid value
     */
    static Operator make(String name, Class<?> type, Map<String, Object> given) {
        Map<String, JsonNode> attributes = new LinkedHashMap<>();
        defaults(type, attributes);
        for (RecordComponent c : type.getRecordComponents()) {
            if (given.containsKey(c.getName())) {
                attributes.put(c.getName(), json(name, c, given.get(c.getName())));
            }
        }
        Set<String> names = names(type);
        for (String key : given.keySet()) {
            if (!names.contains(key)) {
                throw new IllegalArgumentException(
                        name + ": has no attribute \"" + key + "\"; its attributes are " + names);
            }
        }
        Set<String> missing = new LinkedHashSet<>(names);
        missing.removeAll(attributes.keySet());
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException(name + ": attributes " + missing + " must be given");
        }
        ObjectNode object = JSON.objectNode();
        attributes.forEach(object::set);
        return RecordJson.read(Operator.class, name, object);
    }

    private static void defaults(Class<?> type, Map<String, JsonNode> attributes) {
        for (RecordComponent c : type.getRecordComponents()) {
            JsonNode value = RecordJson.absent(c);
            if (value != null) {
                attributes.put(c.getName(), value);
            }
        }
        Constructor<?>[] constructors = type.getDeclaredConstructors();
        for (Constructor<?> c : constructors) {
            if (c.getParameterCount() == 0) {
                try {
                    RecordJson.write(c.newInstance())
                            .properties()
                            .forEach(e -> attributes.put(e.getKey(), e.getValue()));
                } catch (ReflectiveOperationException e) {
                    throw new IllegalStateException("symbol: cannot make " + type + " with its defaults", e);
                }
            }
        }
    }

    private static JsonNode json(String operator, RecordComponent c, Object value) {
        Class<?> type = c.getType();
        if (value instanceof String s) {
            return text(operator, c, s.strip());
        } else if (value instanceof Boolean b) {
            return JSON.booleanNode(b);
        } else if (value instanceof Double || value instanceof Float) {
            double d = ((Number) value).doubleValue();
            return Double.isFinite(d) ? JSON.numberNode(d) : JSON.textNode(Double.toString(d));
        } else if (value instanceof Number n) {
            return type == List.class || type == Shape.class
                    ? JSON.arrayNode().add(n.longValue())
                    : JSON.numberNode(n.longValue());
        } else if (value instanceof Enum<?> e) {
            return JSON.textNode(e.name());
        } else if (value instanceof Graph g) {
            return GraphJson.tree(g);
        } else if (value instanceof Shape
                || value instanceof List<?>
                || value instanceof long[]
                || value instanceof int[]) {
            ArrayNode array = JSON.arrayNode();
            longs(operator, c.getName(), value).forEach(array::add);
            return array;
        }
        throw wrong(operator, c, value);
    }

    private static JsonNode text(String operator, RecordComponent c, String s) {
        Class<?> type = c.getType();
        try {
            if (type == boolean.class && Stream.of("true", "false").anyMatch(s::equalsIgnoreCase)) {
                return JSON.booleanNode(Boolean.parseBoolean(s.toLowerCase(Locale.ROOT)));
            } else if (type == double.class) {
                return JSON.numberNode(Double.parseDouble(s));
            } else if (type == long.class || type == int.class) {
                return JSON.numberNode(Long.parseLong(s));
            } else if (type.isEnum() || type == DType.class) {
                return JSON.textNode(s.toUpperCase(Locale.ROOT));
            } else if (type == List.class || type == Shape.class) {
                ArrayNode array = JSON.arrayNode();
                longs(operator, c.getName(), s).forEach(array::add);
                return array;
            } else if (type == String.class) {
                return JSON.textNode(s);
            }
        } catch (NumberFormatException e) {
            throw wrong(operator, c, s);
        }
        throw wrong(operator, c, s);
    }

    private static IllegalArgumentException wrong(String operator, RecordComponent c, Object value) {
        return new IllegalArgumentException(operator + ": attribute " + c.getName() + " needs a "
                + c.getType().getSimpleName() + ", got " + value);
    }

    /** Integers given as a number, a list, a shape, or text such as {@code (3, 3)}. */
    static List<Long> longs(String operator, String attribute, Object value) {
        if (value instanceof Shape s) {
            return LongStream.of(s.dims()).boxed().toList();
        } else if (value instanceof long[] l) {
            return LongStream.of(l).boxed().toList();
        } else if (value instanceof int[] i) {
            return Arrays.stream(i).mapToObj(Long::valueOf).toList();
        } else if (value instanceof Long || value instanceof Integer) {
            return List.of(((Number) value).longValue());
        }
        List<Long> list = new ArrayList<>();
        Stream<?> parts = value instanceof List<?> l
                ? l.stream()
                : Arrays.stream(
                        value.toString().replaceAll("^[\\[(]|[\\])]$", "").split(","));
        for (Object part : parts.toList()) {
            String digits = part.toString().strip();
            try {
                if (!digits.isEmpty()) {
                    list.add(Long.parseLong(digits));
                }
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                        operator + ": attribute " + attribute + " needs whole numbers, got " + value, e);
            }
        }
        return list;
    }
}

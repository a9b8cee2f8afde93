package io.kiln.graph;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.ndarray.Shape;
import io.kiln.op.CustomOp;
import io.kiln.op.CustomOps;
import io.kiln.op.DefaultValue;
import io.kiln.op.OperatorFamilies;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Writes records whose components are numbers, booleans, strings, enums, shapes, lists of longs and doubles, optional
 * longs, graphs and records of an interface type as JSON objects, and reads them back. A record's JSON name is its
 * class name with a lower-case first letter. Reading looks for the class in the interface's package, and for operators
 * in those of {@link OperatorFamilies}; it accepts records of the given type only, so that a file cannot name any other
 * class. Custom operators are looked up among those that the user has registered.
 */
public final class RecordJson {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Pattern NAME = Pattern.compile("[a-zA-Z][a-zA-Z0-9]{0,63}");

    /** Classes of an interface by name: searching all operator packages costs more than the rest of reading a node. */
    private static final ClassValue<Map<String, Class<?>>> FOUND = new ClassValue<>() {
        @Override
        protected Map<String, Class<?>> computeValue(Class<?> type) {
            return new ConcurrentHashMap<>();
        }
    };

    private RecordJson() {}

    /**
     * The attributes of a record.
     *
     * @param value a record
     * @return a JSON object with one field per component
     */
    public static ObjectNode write(Object value) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        for (RecordComponent c : components(value.getClass())) {
            Object v;
            try {
                c.getAccessor().setAccessible(true);
                v = c.getAccessor().invoke(value);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("json: cannot read " + c + " of " + value, e);
            }
            json.set(c.getName(), scalar(c, v));
        }
        return json;
    }

    private static JsonNode scalar(RecordComponent c, Object v) {
        JsonNodeFactory f = JsonNodeFactory.instance;
        if (v instanceof Double d) {
            return Double.isFinite(d) ? f.numberNode(d) : f.textNode(d.toString());
        } else if (v instanceof Long || v instanceof Integer) {
            return f.numberNode(((Number) v).longValue());
        } else if (v instanceof Boolean b) {
            return f.booleanNode(b);
        } else if (v instanceof String s) {
            return f.textNode(s);
        } else if (v instanceof Enum<?> e) {
            return f.textNode(e.name());
        } else if (v instanceof Shape s) {
            ArrayNode a = f.arrayNode();
            for (long d : s.dims()) {
                a.add(d);
            }
            return a;
        } else if (v instanceof List<?> list) {
            ArrayNode a = f.arrayNode();
            for (Object i : list) {
                if (i instanceof Double d) {
                    a.add(f.numberNode(d));
                } else {
                    a.add(((Number) i).longValue());
                }
            }
            return a;
        } else if (v instanceof OptionalLong o) {
            return o.isPresent() ? f.numberNode(o.getAsLong()) : f.nullNode();
        } else if (v instanceof Graph g) {
            return GraphJson.tree(g);
        } else if (v instanceof CustomOp op) {
            return f.objectNode().put("name", CustomOps.nameOf(op)).set("attributes", write(op));
        } else if (v instanceof Record r && c.getType().isInterface()) {
            return f.objectNode()
                    .put("name", KnownRecords.name(c.getType(), r.getClass()))
                    .set("attributes", write(r));
        }
        throw new IllegalArgumentException("json: component " + c + " is of a type that has no JSON form");
    }

    private static RecordComponent[] components(Class<?> type) {
        if (!type.isRecord()) {
            throw new IllegalArgumentException(
                    "json: " + type.getName() + " is no record and cannot be written to a graph");
        }
        return type.getRecordComponents();
    }

    /**
     * Reads a record from JSON.
     *
     * @param <T> type of the record
     * @param type an interface that the record implements and that is in the same package; or {@code Operator}
     * @param name the record's name
     * @param json one field per component
     * @return the record
     */
    public static <T> T read(Class<T> type, String name, JsonNode json) {
        return read(type, find(type, name), name, json);
    }

    private static <T> T read(Class<T> type, Class<?> c, String name, JsonNode json) {
        RecordComponent[] components = components(c);
        Object[] arguments = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            JsonNode v = json.get(components[i].getName());
            if (v == null) {
                v = absent(components[i]);
            }
            if (v == null) {
                throw new IllegalArgumentException("json: " + name + " lacks attribute " + components[i].getName());
            }
            types[i] = components[i].getType();
            arguments[i] = value(name, components[i], v);
        }
        try {
            var constructor = c.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return type.cast(constructor.newInstance(arguments));
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException(
                    "json: " + name + ": " + e.getCause().getMessage(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("json: cannot make " + c, e);
        }
    }

    /**
     * The value of a component that is missing in JSON.
     *
     * @param c a component of a record
     * @return its {@link DefaultValue}; null if it is required
     */
    public static JsonNode absent(RecordComponent c) {
        DefaultValue value = c.getAnnotation(DefaultValue.class);
        try {
            return value == null ? null : MAPPER.readTree(value.value());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("json: the default of " + c + " is not JSON: " + value.value(), e);
        }
    }

    /**
     * Finds the class of a record.
     *
     * @param type an interface that the record implements
     * @param name the record's name in JSON
     * @return the class
     * @throws IllegalArgumentException if there is none, with suggestions
     */
    public static Class<?> find(Class<?> type, String name) {
        Class<?> known = FOUND.get(type).get(name);
        return known != null ? known : search(type, name);
    }

    private static Class<?> search(Class<?> type, String name) {
        if (NAME.matcher(name).matches()) {
            Optional<Class<?>> c = KnownRecords.find(type, name);
            if (c.isPresent()) {
                FOUND.get(type).put(name, c.get());
                return c.get();
            }
        }
        throw new IllegalArgumentException(unknown(type, name));
    }

    private static String unknown(Class<?> type, String name) {
        return "json: unknown " + type.getSimpleName() + " \"" + name + "\""
                + KnownRecords.suggestion(name, KnownRecords.names(type))
                + "; a file may come from a newer version of Kiln";
    }

    private static Object value(String owner, RecordComponent c, JsonNode v) {
        Class<?> t = c.getType();
        if (t == double.class && v.isNumber()) {
            return v.doubleValue();
        } else if (t == double.class && v.isTextual()) {
            return Double.valueOf(v.textValue());
        } else if (t == long.class && v.isIntegralNumber() && v.canConvertToLong()) {
            return v.longValue();
        } else if (t == int.class && v.isIntegralNumber() && v.canConvertToInt()) {
            return v.intValue();
        } else if (t == boolean.class && v.isBoolean()) {
            return v.booleanValue();
        } else if (t == String.class && v.isTextual()) {
            return v.textValue();
        } else if (t.isEnum() && v.isTextual()) {
            for (Object e : t.getEnumConstants()) {
                if (((Enum<?>) e).name().equals(v.textValue())) {
                    return e;
                }
            }
        } else if (t == Shape.class && v.isArray()) {
            return Shape.of(longs(v));
        } else if (t == OptionalLong.class && (v.isNull() || v.isIntegralNumber() && v.canConvertToLong())) {
            return v.isNull() ? OptionalLong.empty() : OptionalLong.of(v.longValue());
        } else if (t == List.class && v.isArray() && holdsDoubles(c)) {
            return doubles(v);
        } else if (t == List.class && v.isArray()) {
            return List.copyOf(longs(v));
        } else if (t == Graph.class && v.isObject()) {
            return GraphJson.read(v);
        } else if (t == CustomOp.class && v.path("name").isTextual()) {
            String name = v.get("name").textValue();
            return read(t, CustomOps.find(name), name, v.path("attributes"));
        } else if (t.isInterface() && v.path("name").isTextual()) {
            return read(t, v.get("name").textValue(), v.path("attributes"));
        }
        throw new IllegalArgumentException(
                "json: attribute " + c.getName() + " of " + owner + " needs a " + t.getSimpleName() + ", got " + v);
    }

    private static boolean holdsDoubles(RecordComponent c) {
        return c.getGenericType() instanceof ParameterizedType p && p.getActualTypeArguments()[0] == Double.class;
    }

    private static List<Double> doubles(JsonNode array) {
        List<Double> list = new ArrayList<>();
        for (JsonNode v : array) {
            if (!v.isNumber()) {
                throw new IllegalArgumentException("json: expected a list of numbers, got " + array);
            }
            list.add(v.doubleValue());
        }
        return List.copyOf(list);
    }

    private static List<Long> longs(JsonNode array) {
        List<Long> list = new ArrayList<>();
        for (JsonNode v : array) {
            if (!v.isIntegralNumber() || !v.canConvertToLong()) {
                throw new IllegalArgumentException("json: expected a list of integers, got " + array);
            }
            list.add(v.longValue());
        }
        return list;
    }
}

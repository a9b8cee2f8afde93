package io.kiln.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A call of PyTorch: positional and keyword arguments. Arguments are asked for by position and keyword; −1: by keyword alone. */
final class TorchCall {
    /** What a function of PyTorch is in Kiln. */
    interface Adapter {
        NDArray[] run(TorchCall call);
    }

    private final JsonNode node;
    private final Map<String, NDArray> arrays;
    private final List<NDArray> leaves = new ArrayList<>();
    private final List<Object> args = new ArrayList<>();
    private final Map<String, Object> kwargs = new LinkedHashMap<>();

    TorchCall(JsonNode node, Map<String, NDArray> arrays) {
        this.node = node;
        this.arrays = arrays;
        node.get("args").forEach(a -> args.add(value(a)));
        node.get("kwargs").properties().forEach(e -> kwargs.put(e.getKey(), value(e.getValue())));
    }

    private Object value(JsonNode n) {
        if (n.isNull()) {
            return null;
        } else if (n.isBoolean()) {
            return n.asBoolean();
        } else if (n.isIntegralNumber()) {
            return n.asLong();
        } else if (n.isNumber()) {
            return n.asDouble();
        } else if (n.isArray()) {
            List<Object> values = new ArrayList<>();
            n.forEach(v -> values.add(value(v)));
            return values;
        } else if (n.has("t")) {
            NDArray leaf = arrays.get(n.get("t").asText()).copy();
            leaves.add(leaf);
            return leaf;
        }
        return switch (n.asText()) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            default -> n.isObject() ? n : n.asText();
        };
    }

    String operator() {
        return node.get("op").asText();
    }

    String variant() {
        return node.get("variant").asText();
    }

    /** The arrays among the arguments, in their order. */
    List<NDArray> leaves() {
        return leaves;
    }

    NDArray array(String key) {
        return arrays.get(key);
    }

    JsonNode keys(String name) {
        return node.get(name);
    }

    Object argument(int position, String keyword) {
        return position >= 0 && position < args.size() ? args.get(position) : kwargs.get(keyword);
    }

    boolean has(int position, String keyword) {
        return argument(position, keyword) != null;
    }

    /** The keyword arguments. */
    Map<String, Object> kwargs() {
        return kwargs;
    }

    /** The positional arguments. */
    List<Object> args() {
        return args;
    }

    /** The first argument; a number becomes a scalar. */
    NDArray x() {
        return x(0);
    }

    NDArray x(int position) {
        Object value = args.get(position);
        if (value instanceof NDArray array) {
            return array;
        } else if (value instanceof Long number) {
            return NDArray.scalar(number, DType.INT64);
        } else if (value instanceof Number number) {
            return NDArray.scalar(number.doubleValue(), DType.FLOAT64);
        }
        throw new Refusal("argument " + position + " of another type");
    }

    /** The array, or null where there is none. */
    NDArray optional(int position, String keyword) {
        return argument(position, keyword) instanceof NDArray array ? array : null;
    }

    NDArray[] list(int position) {
        return ((List<?>) args.get(position)).toArray(NDArray[]::new);
    }

    int rank() {
        return x().shape().rank();
    }

    double real(int position, String keyword, double otherwise) {
        Object value = argument(position, keyword);
        return value == null
                ? otherwise
                : value instanceof NDArray array
                        ? array.item()
                        : value instanceof Boolean flag ? (flag ? 1 : 0) : ((Number) value).doubleValue();
    }

    long integer(int position, String keyword, long otherwise) {
        return (long) real(position, keyword, otherwise);
    }

    boolean flag(int position, String keyword, boolean otherwise) {
        Object value = argument(position, keyword);
        return value == null ? otherwise : (Boolean) value;
    }

    String text(int position, String keyword, String otherwise) {
        Object value = argument(position, keyword);
        return value == null ? otherwise : (String) value;
    }

    /** An axis, counted from the front. */
    int axis(int position, String keyword, int otherwise) {
        int axis = (int) integer(position, keyword, otherwise);
        return axis < 0 ? axis + rank() : axis;
    }

    /** Axes from the front, ascending; none where the argument is left out. */
    int[] axes(int position, String keyword) {
        return Arrays.stream(ints(position, keyword))
                .map(a -> a < 0 ? a + rank() : a)
                .sorted()
                .toArray();
    }

    int[] ints(int position, String keyword) {
        return integers(position, keyword, List.of()).stream()
                .mapToInt(Long::intValue)
                .toArray();
    }

    long[] longs(int position, String keyword) {
        return integers(position, keyword, List.of()).stream()
                .mapToLong(Long::longValue)
                .toArray();
    }

    List<Long> integers(int position, String keyword, List<Long> otherwise) {
        Object value = argument(position, keyword);
        if (value == null) {
            return otherwise;
        }
        return value instanceof List<?> list
                ? list.stream().map(v -> ((Number) v).longValue()).toList()
                : List.of(((Number) value).longValue());
    }

    /** One number for each of n axes; a single number stands for all. */
    List<Long> sizes(int position, String keyword, int n, long otherwise) {
        return spread(integers(position, keyword, List.of(otherwise)), n);
    }

    static List<Long> spread(List<Long> values, int n) {
        return values.size() == 1 ? Collections.nCopies(n, values.get(0)) : values;
    }

    /** Refuses the case when one of these keywords is given and not false. */
    void without(String... keywords) {
        for (String keyword : keywords) {
            Object value = kwargs.get(keyword);
            if (value != null && !Boolean.FALSE.equals(value)) {
                throw new Refusal("argument " + keyword);
            }
        }
    }

    /** Refuses the case unless this holds. */
    static void needs(boolean condition, String otherwise) {
        if (!condition) {
            throw new Refusal(otherwise);
        }
    }
}

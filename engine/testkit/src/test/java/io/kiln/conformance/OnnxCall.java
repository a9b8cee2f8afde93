package io.kiln.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** A node of ONNX: its attributes and inputs. An input or output that is left out is null. */
record OnnxCall(JsonNode node, NDArray[] inputs, NDArray[] outputs) {
    /** What an operator of ONNX is in Kiln. */
    interface Adapter {
        NDArray[] run(OnnxCall call);
    }

    static OnnxCall of(JsonNode node, Map<String, NDArray> arrays) {
        return new OnnxCall(node, arrays(node.get("inputs"), arrays), arrays(node.get("outputs"), arrays));
    }

    private static NDArray[] arrays(JsonNode keys, Map<String, NDArray> arrays) {
        NDArray[] result = new NDArray[keys.size()];
        for (int k = 0; k < result.length; k++) {
            result[k] = keys.get(k).isNull() ? null : arrays.get(keys.get(k).asText());
        }
        return result;
    }

    String operator() {
        return node.get("op").asText();
    }

    NDArray x() {
        return inputs[0];
    }

    NDArray y() {
        return inputs[1];
    }

    /** The input, or null where it is left out. */
    NDArray input(int k) {
        return k < inputs.length ? inputs[k] : null;
    }

    int rank() {
        return x().shape().rank();
    }

    boolean has(String name) {
        return node.get("attrs").has(name);
    }

    long integer(String name, long otherwise) {
        return has(name) ? node.get("attrs").get(name).asLong() : otherwise;
    }

    boolean flag(String name, boolean otherwise) {
        return integer(name, otherwise ? 1 : 0) != 0;
    }

    double real(String name, double otherwise) {
        return has(name) ? node.get("attrs").get(name).asDouble() : otherwise;
    }

    String text(String name, String otherwise) {
        return has(name) ? node.get("attrs").get(name).asText() : otherwise;
    }

    List<Long> integers(String name, List<Long> otherwise) {
        if (!has(name)) {
            return otherwise;
        }
        List<Long> values = new ArrayList<>();
        node.get("attrs").get(name).forEach(v -> values.add(v.asLong()));
        return values;
    }

    /** The attribute "axis", counted from the front. */
    int axis(int otherwise) {
        int axis = (int) integer("axis", otherwise);
        return axis < 0 ? axis + rank() : axis;
    }

    /** Axes from the front, ascending, of an attribute or, in later versions of operators, of an input. */
    int[] axes(int input) {
        int[] axes = has("axes")
                ? ints(integers("axes", List.of()))
                : input(input) == null ? new int[0] : ints(input(input).toLongArray());
        return Arrays.stream(axes).map(a -> a < 0 ? a + rank() : a).sorted().toArray();
    }

    /** Refuses the case when the attribute stands there with another value than this one. */
    void only(String attribute, String value) {
        if (has(attribute) && !text(attribute, "").equals(value)) {
            throw new Refusal(attribute + "=" + text(attribute, ""));
        }
    }

    /** Refuses the case when one of these attributes stands there. */
    void without(String... attributes) {
        for (String attribute : attributes) {
            if (has(attribute)) {
                throw new Refusal("attribute " + attribute);
            }
        }
    }

    static int[] ints(long[] values) {
        return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
    }

    static int[] ints(List<Long> values) {
        return values.stream().mapToInt(Long::intValue).toArray();
    }

    static long[] longs(List<Long> values) {
        return values.stream().mapToLong(Long::longValue).toArray();
    }

    static List<Long> same(long value, int count) {
        return Collections.nCopies(count, value);
    }
}

package io.kiln.nn.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.kiln.nn.Block;
import java.util.Map;
import java.util.Optional;

/**
 * Reads networks from JSON. A layer is a call, {@code {"Name": {"argument": value, …}}}, or just {@code "Name"} without
 * arguments; an array of layers is a {@link io.kiln.nn.Sequential}:
 *
 * <pre>{@code
 * [{"Conv2D": {"channels": 32, "kernel": 3, "activation": "relu"}},
 *  {"Pool.max2D": {"kernel": 2, "stride": 2}},
 *  "Flatten",
 *  {"Dense": {"units": 10}}]
 * }</pre>
 *
 * <p>Names are those of the classes in {@code io.kiln.nn} and its {@code rnn}, {@code transformer} and {@code zoo}
 * packages, or {@code Class.factory} for a static factory. Arguments are the parameters of a public constructor or
 * factory, the settings of its builder, and its fluent setters, by their Java names. If a constructor takes only
 * blocks, an array instead of the arguments lists them: {@code {"Concurrent": [a, b]}}. Enums are strings in any case;
 * initializers are given by name, {@code "xavier"}, or with attributes, {@code {"normal": {"sigma": 0.01}}}.
 *
 * <p>JSON can create only the layers of the {@link BlockCatalog}, and can name no other class.
 */
public final class BlockJson {
    private static final int MAX_DEPTH = 100;
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private BlockJson() {}

    /**
     * Creates a network from a text that may also be a graph's JSON.
     *
     * @param json the text
     * @return the block that {@link #read} creates; empty if the text is not JSON, or not an array, a string, or an
     *     object with one field that begins with a capital letter
     * @throws IllegalArgumentException as in {@link #read}
     */
    public static Optional<Block> readLayers(String json) {
        JsonNode node;
        try {
            node = MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
        boolean layers = node.isArray() || node.isTextual() || isCall(node);
        return layers ? Optional.of(block(node, "network", 0)) : Optional.empty();
    }

    /**
     * Creates a network.
     *
     * @param json the layers
     * @return the block, with uninitialized parameters
     * @throws IllegalArgumentException if the text is not JSON, names an unknown layer or argument, or gives a layer an
     *     invalid value; the message says where
     */
    public static Block read(String json) {
        try {
            return block(MAPPER.readTree(json), "network", 0);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("network: not JSON: " + e.getOriginalMessage(), e);
        }
    }

    static Block block(JsonNode node, String place, int depth) {
        if (depth > MAX_DEPTH) {
            throw new IllegalArgumentException(place + ": layers are nested more than " + MAX_DEPTH + " deep");
        }
        if (node.isTextual()) {
            return call(node.textValue(), JsonNodeFactory.instance.objectNode(), place, depth);
        } else if (node.isArray()) {
            return call("Sequential", node, place, depth);
        } else if (isCall(node)) {
            Map.Entry<String, JsonNode> only = node.properties().iterator().next();
            return call(only.getKey(), only.getValue(), place, depth);
        }
        String text = node.toString();
        throw new IllegalArgumentException(
                "%s: expected a layer such as {\"Dense\": {\"units\": 10}}, got %s; write an object with the layer's name as its only field"
                        .formatted(place, text.length() > 100 ? text.substring(0, 100) + "…" : text));
    }

    private static Block call(String name, JsonNode arguments, String place, int depth) {
        String inside = place + "." + name;
        Object made = new Calls(inside, depth).make(BlockCatalog.entry(name, place), arguments);
        if (made instanceof Block b) {
            return b;
        }
        throw new IllegalArgumentException(inside + ": is not a layer by itself");
    }

    private static boolean isCall(JsonNode node) {
        return node.isObject()
                && node.size() == 1
                && Character.isUpperCase(node.fieldNames().next().codePointAt(0));
    }

    static Block[] blocks(ArrayNode list, String place, int depth) {
        Block[] all = new Block[list.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = block(list.get(i), place + "[" + i + "]", depth + 1);
        }
        return all;
    }
}

package io.kiln.spark.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.data.text.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The vocabularies of a saved model: {@code {"vocabularies":{"input":["<unk>","<pad>",…]}}}. */
public final class TextFacts {
    private static final String FIELD = "vocabularies";

    private TextFacts() {}

    /**
     * Adds vocabularies to a model's properties.
     *
     * @param facts the properties
     * @param vocabularies texts by id, for each input
     */
    public static void write(ObjectNode facts, Map<String, List<String>> vocabularies) {
        if (vocabularies.isEmpty()) {
            return;
        }
        ObjectNode all = facts.putObject(FIELD);
        vocabularies.forEach((input, texts) -> {
            ArrayNode list = all.putArray(input);
            texts.forEach(list::add);
        });
    }

    /**
     * Reads the vocabularies of a model.
     *
     * @param facts the model's properties
     * @return texts by id, for each input
     * @throws IllegalArgumentException if one is no vocabulary
     */
    public static Map<String, List<String>> read(JsonNode facts) {
        Map<String, List<String>> vocabularies = new TreeMap<>();
        for (Map.Entry<String, JsonNode> input : facts.path(FIELD).properties()) {
            List<String> texts = new ArrayList<>();
            for (JsonNode text : input.getValue()) {
                if (!text.isTextual()) {
                    throw new IllegalArgumentException(
                            "load model: vocabulary of input \"%s\": expected texts, got %s: the file is damaged"
                                    .formatted(input.getKey(), text));
                }
                texts.add(text.textValue());
            }
            vocabularies.put(input.getKey(), new Vocabulary(texts).tokens());
        }
        return vocabularies;
    }
}

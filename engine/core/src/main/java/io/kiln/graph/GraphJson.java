package io.kiln.graph;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.init.Initializer;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.Role;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The JSON form of graphs, version 1. */
public final class GraphJson {
    private static final String FORMAT = "kiln-graph";
    private static final int VERSION = 1;
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private GraphJson() {}

    static String write(Graph g) {
        return tree(g).toPrettyString();
    }

    /**
     * The JSON form of a graph as a tree, for records that have graphs as attributes.
     *
     * @param g the graph
     * @return the object that {@link Graph#toJson} writes
     */
    public static ObjectNode tree(Graph g) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("format", FORMAT).put("version", VERSION);
        ArrayNode inputs = json.putArray("inputs");
        g.inputs().forEach(i -> spec(inputs.addObject().put("name", i.name()), i.spec()));
        ArrayNode parameters = json.putArray("parameters");
        for (Graph.ParameterInfo p : g.parameters()) {
            ObjectNode o = spec(parameters.addObject().put("name", p.name()), p.spec());
            o.put("role", p.role().name());
            p.initializer().ifPresent(i -> {
                ObjectNode n = o.putObject("initializer");
                n.put("name", i.name());
                n.set("attributes", RecordJson.write(i));
            });
        }
        ArrayNode nodes = json.putArray("nodes");
        for (Graph.Node n : g.nodes()) {
            ObjectNode o = nodes.addObject()
                    .put("name", n.name())
                    .put("op", n.operator().name());
            o.set("attributes", RecordJson.write(n.operator()));
            refs(o.putArray("inputs"), n.inputs());
            ArrayNode outputs = o.putArray("outputs");
            n.outputs().forEach(s -> spec(outputs.addObject(), s));
        }
        refs(json.putArray("outputs"), g.outputs());
        if (!g.outputNames().equals(Graph.defaultOutputNames(g.outputs().size()))) {
            ArrayNode names = json.putArray("outputNames");
            g.outputNames().forEach(names::add);
        }
        ArrayNode updates = json.putArray("updates");
        g.updates().forEach(u -> updates.addObject()
                .put("parameter", u.parameter())
                .set("value", ref(updates.arrayNode(), u.value())));
        if (!g.attributes().isEmpty()) {
            ObjectNode attributes = json.putObject("attributes");
            g.attributes().forEach((name, map) -> map.forEach(attributes.withObjectProperty(name)::put));
        }
        return json;
    }

    private static ObjectNode spec(ObjectNode o, Spec s) {
        o.put("dtype", s.dtype().toString());
        ArrayNode dims = o.putArray("shape");
        for (long d : s.shape().dims()) {
            dims.add(d);
        }
        return o;
    }

    private static void refs(ArrayNode array, List<Graph.Ref> refs) {
        refs.forEach(r -> ref(array.addArray(), r));
    }

    private static ArrayNode ref(ArrayNode a, Graph.Ref r) {
        return a.add(r.value()).add(r.output());
    }

    static Graph read(String text) {
        JsonNode json;
        try {
            json = MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("graph: not JSON: " + e.getOriginalMessage(), e);
        }
        return read(json);
    }

    static Graph read(JsonNode json) {
        if (json == null || !FORMAT.equals(json.path("format").asText())) {
            throw new IllegalArgumentException(
                    "graph: the text is no graph: field \"format\" must be \"" + FORMAT + "\"");
        }
        if (json.path("version").asInt() != VERSION) {
            throw new IllegalArgumentException("graph: this Kiln reads version " + VERSION + ", the file has version "
                    + json.path("version") + "; read it with the Kiln that wrote it or a newer one");
        }
        List<Graph.Input> inputs = new ArrayList<>();
        for (JsonNode i : list(json, "inputs")) {
            inputs.add(new Graph.Input(string(i, "name"), spec(i)));
        }
        List<Graph.ParameterInfo> parameters = new ArrayList<>();
        for (JsonNode p : list(json, "parameters")) {
            parameters.add(
                    new Graph.ParameterInfo(string(p, "name"), spec(p), role(string(p, "role")), initializer(p)));
        }
        List<Graph.Node> nodes = new ArrayList<>();
        for (JsonNode n : list(json, "nodes")) {
            Operator op = RecordJson.read(Operator.class, string(n, "op"), n.path("attributes"));
            List<Spec> outputs = new ArrayList<>();
            list(n, "outputs").forEach(o -> outputs.add(spec(o)));
            nodes.add(new Graph.Node(string(n, "name"), op, refs(list(n, "inputs")), outputs));
        }
        List<Graph.Update> updates = new ArrayList<>();
        for (JsonNode u : list(json, "updates")) {
            updates.add(new Graph.Update(string(u, "parameter"), ref(u.path("value"))));
        }
        List<Graph.Ref> outputs = refs(list(json, "outputs"));
        return new Graph(
                inputs,
                parameters,
                nodes,
                outputs,
                updates,
                attributes(json.path("attributes")),
                outputNames(json, outputs.size()));
    }

    /** The field is absent if all outputs have the default names, as in all graphs of versions before 0.2. */
    private static List<String> outputNames(JsonNode json, int outputs) {
        if (!json.has("outputNames")) {
            return Graph.defaultOutputNames(outputs);
        }
        List<String> names = new ArrayList<>();
        for (JsonNode n : list(json, "outputNames")) {
            if (!n.isTextual()) {
                throw new IllegalArgumentException("graph: field \"outputNames\" must be a list of texts, got " + n);
            }
            names.add(n.textValue());
        }
        return names;
    }

    /** The field may be absent: graphs without attributes have none. */
    private static Map<String, Map<String, String>> attributes(JsonNode json) {
        Map<String, Map<String, String>> all = new HashMap<>();
        for (Map.Entry<String, JsonNode> owner : json.properties()) {
            Map<String, String> map = new HashMap<>();
            for (String key : (Iterable<String>) owner.getValue()::fieldNames) {
                map.put(key, string(owner.getValue(), key));
            }
            all.put(owner.getKey(), map);
        }
        return all;
    }

    private static Optional<Initializer> initializer(JsonNode p) {
        JsonNode i = p.get("initializer");
        return i == null
                ? Optional.empty()
                : Optional.of(RecordJson.read(Initializer.class, string(i, "name"), i.path("attributes")));
    }

    private static Role role(String name) {
        for (Role r : Role.values()) {
            if (r.name().equals(name)) {
                return r;
            }
        }
        throw new IllegalArgumentException("graph: unknown role " + name);
    }

    private static JsonNode list(JsonNode o, String field) {
        JsonNode v = o.path(field);
        if (!v.isArray()) {
            throw new IllegalArgumentException("graph: field \"" + field + "\" must be a list, got " + v);
        }
        return v;
    }

    private static String string(JsonNode o, String field) {
        JsonNode v = o.path(field);
        if (!v.isTextual()) {
            throw new IllegalArgumentException("graph: field \"" + field + "\" must be text, got " + v);
        }
        return v.textValue();
    }

    private static Spec spec(JsonNode o) {
        String name = string(o, "dtype").toUpperCase(Locale.ROOT);
        long[] dims = new long[list(o, "shape").size()];
        for (int i = 0; i < dims.length; i++) {
            JsonNode d = o.get("shape").get(i);
            if (!d.isIntegralNumber() || !d.canConvertToLong()) {
                throw new IllegalArgumentException("graph: sizes must be integers, got " + o.get("shape"));
            }
            dims[i] = d.longValue();
        }
        for (DType d : DType.values()) {
            if (d.name().equals(name)) {
                return new Spec(Shape.of(dims), d);
            }
        }
        throw new IllegalArgumentException("graph: unknown dtype " + name);
    }

    private static List<Graph.Ref> refs(JsonNode list) {
        List<Graph.Ref> refs = new ArrayList<>();
        list.forEach(r -> refs.add(ref(r)));
        return refs;
    }

    private static Graph.Ref ref(JsonNode r) {
        if (!r.isArray()
                || r.size() != 2
                || !r.get(0).canConvertToInt()
                || !r.get(1).canConvertToInt()) {
            throw new IllegalArgumentException("graph: a reference must be [value, output], got " + r);
        }
        return new Graph.Ref(r.get(0).intValue(), r.get(1).intValue());
    }
}

package io.kiln.optim;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.format.SafeTensors;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The optimizer's states of a trainer's parameters, and the file that keeps them: safetensors of the states, of the weights'
 * averages and, as metadata, of the trainer's counters.
 */
final class TrainerStates implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String FORMAT = "kiln-optimizer-states";
    private static final int VERSION = 1;
    private static final String AVERAGE = ".average";

    private final Map<String, Parameter> parameters;
    private final Optimizer optimizer;
    private final Map<String, State> states = new LinkedHashMap<>();

    /** What an optimizer remembers of one parameter. */
    static final class State {
        final NDArray[] arrays;
        long updates;

        State(NDArray[] arrays) {
            this.arrays = arrays;
        }
    }

    TrainerStates(Map<String, Parameter> parameters, Optimizer optimizer) {
        this.parameters = parameters;
        this.optimizer = optimizer;
    }

    /** The state of a parameter, zeros before its first update. */
    State of(String name) {
        return states.computeIfAbsent(name, n -> zeros(parameters.get(n)));
    }

    private State zeros(Parameter p) {
        NDArray[] arrays = new NDArray[optimizer.stateCount()];
        try (Scope scope = Scope.open()) {
            for (int i = 0; i < arrays.length; i++) {
                arrays[i] = scope.keep(NDArray.zeros(p.shape(), p.dtype())).detach();
            }
        }
        return new State(arrays);
    }

    /** Writes all, with the number of steps; average and scaler may be null. */
    void write(Path file, long steps, WeightAverage average, LossScaler scaler) throws IOException {
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        ObjectNode updates = MAPPER.createObjectNode();
        states.forEach((n, s) -> {
            updates.put(n, s.updates);
            for (int i = 0; i < s.arrays.length; i++) {
                tensors.put(n + "." + i, s.arrays[i]);
            }
        });
        ObjectNode header = MAPPER.createObjectNode();
        header.put("version", VERSION).put("steps", steps).put("optimizer", optimizer.name());
        header.set("updates", updates);
        if (average != null) {
            header.put("averages", average.updates());
            average.averages().forEach((n, a) -> tensors.put(n + AVERAGE, a));
        }
        if (scaler != null) {
            header.put("lossScale", scaler.state().scale())
                    .put("cleanSteps", scaler.state().clean());
        }
        SafeTensors.write(file, tensors, Map.of(FORMAT, header.toString()));
    }

    /** Reads all, and what is there of average and scaler; returns the number of steps. */
    long read(Path file, WeightAverage average, LossScaler scaler) throws IOException {
        try (Scope scope = Scope.open()) {
            SafeTensors.Contents contents = SafeTensors.read(file);
            JsonNode header = header(file, contents.metadata().get(FORMAT));
            if (!optimizer.name().equals(header.path("optimizer").asText())) {
                throw new IllegalArgumentException("trainer: " + file + " holds states of "
                        + header.path("optimizer").asText() + ", the trainer has " + optimizer.name());
            }
            Map<String, State> loaded = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> u : header.path("updates").properties()) {
                loaded.put(u.getKey(), state(file, u.getKey(), u.getValue().asLong(), contents.tensors()));
            }
            close();
            states.putAll(loaded);
            if (average != null) {
                average.restore(header.path("averages").asLong(), averages(contents.tensors()));
            }
            if (scaler != null && header.has("lossScale")) {
                scaler.restore(new LossScaler.State(
                        header.get("lossScale").asDouble(),
                        header.path("cleanSteps").asLong()));
            }
            return header.path("steps").asLong();
        }
    }

    private Map<String, NDArray> averages(Map<String, NDArray> tensors) {
        Map<String, NDArray> averages = new LinkedHashMap<>();
        parameters.forEach((n, p) -> {
            NDArray a = tensors.get(n + AVERAGE);
            if (a != null && p.isTrained() && (p.shape() == null || p.shape().equals(a.shape()))) {
                averages.put(n, a.detach());
            }
        });
        return averages;
    }

    private static JsonNode header(Path file, String json) {
        try {
            JsonNode header = json == null ? null : MAPPER.readTree(json);
            if (header == null || header.path("version").asInt() != VERSION) {
                throw new IllegalArgumentException("trainer: " + file + " holds no optimizer states of version "
                        + VERSION + " (its " + FORMAT + " is " + json + ")");
            }
            return header;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("trainer: " + file + " has a damaged " + FORMAT + " entry", e);
        }
    }

    private State state(Path file, String name, long updates, Map<String, NDArray> tensors) {
        Parameter p = parameters.get(name);
        NDArray[] arrays = new NDArray[optimizer.stateCount()];
        for (int i = 0; i < arrays.length; i++) {
            NDArray a = tensors.get(name + "." + i);
            if (p == null || a == null || p.shape() != null && !p.shape().equals(a.shape())) {
                throw new IllegalArgumentException("trainer: " + file + ": state " + name + "." + i + " is "
                        + (a == null ? "absent" : a.spec()) + ", the parameter is " + p);
            }
            arrays[i] = a;
        }
        for (NDArray a : arrays) {
            a.detach();
        }
        State s = new State(arrays);
        s.updates = updates;
        return s;
    }

    @Override
    public void close() {
        for (State s : states.values()) {
            for (NDArray a : s.arrays) {
                a.close();
            }
        }
        states.clear();
    }
}

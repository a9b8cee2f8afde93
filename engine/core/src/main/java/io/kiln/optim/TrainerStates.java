package io.kiln.optim;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.autograd.Autograd;
import io.kiln.format.SafeTensors;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The optimizer's states of a trainer's parameters, and their file: safetensors of the states, of the weights'
 * averages, of gradients that wait for further batches and, as metadata, of the trainer's counters.
 */
final class TrainerStates implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String FORMAT = "kiln-optimizer-states";
    private static final int VERSION = 1;
    private static final String AVERAGE = ".average";
    private static final String PENDING = ".pending";
    private static final String PENDING_ROWS = ".pendingRows";

    private final Map<String, Parameter> parameters;
    private final Optimizer optimizer;
    private final Map<String, State> states = new LinkedHashMap<>();

    /** The optimizer's state for one parameter. */
    static final class State {
        final NDArray[] arrays;
        long updates;

        State(NDArray[] arrays) {
            this.arrays = arrays;
        }
    }

    /**
     * The trainer's numbers.
     *
     * @param steps number of updates so far
     * @param fixedRate the learning rate that replaces the schedule's; NaN for none
     * @param accumulation number of batches per update
     * @param collected number of waiting batches
     * @param collectedSize their total size
     */
    record Counters(long steps, double fixedRate, int accumulation, int collected, double collectedSize) {}

    /**
     * The result of reading, except for what was restored directly.
     *
     * @param counters the trainer's numbers
     * @param pending names of the parameters whose gradients wait
     */
    record Saved(Counters counters, Set<String> pending) {}

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
                arrays[i] = scope.keep(p.storedValue().factory().zeros(p.shape(), p.dtype()))
                        .detach();
            }
        }
        return new State(arrays);
    }

    /** Writes everything; average and scaler may be null. */
    void write(Path file, Counters counters, Map<String, Parameter> pending, WeightAverage average, LossScaler scaler)
            throws IOException {
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        ObjectNode updates = MAPPER.createObjectNode();
        states.forEach((n, s) -> {
            updates.put(n, s.updates);
            for (int i = 0; i < s.arrays.length; i++) {
                tensors.put(n + "." + i, s.arrays[i]);
            }
        });
        ObjectNode header = MAPPER.createObjectNode();
        header.put("version", VERSION).put("steps", counters.steps).put("optimizer", optimizer.name());
        header.set("updates", updates);
        if (!Double.isNaN(counters.fixedRate)) {
            header.put("learningRate", counters.fixedRate);
        }
        if (counters.collected > 0) {
            header.putObject("accumulated")
                    .put("batches", counters.collected)
                    .put("of", counters.accumulation)
                    .put("size", counters.collectedSize);
            pending.forEach((n, p) -> pending(n, p, tensors));
        }
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

    private static void pending(String name, Parameter p, Map<String, NDArray> tensors) {
        RowSparse rows = p.rowGradient();
        if (rows == null) {
            tensors.put(name + PENDING, p.gradient());
        } else {
            tensors.put(name + PENDING, rows.rows());
            tensors.put(name + PENDING_ROWS, rows.indices());
        }
    }

    /** Reads everything, including average and scaler if present. */
    Saved read(Path file, int accumulation, WeightAverage average, LossScaler scaler) throws IOException {
        try (Scope scope = Scope.open()) {
            SafeTensors.Contents contents = SafeTensors.read(file);
            JsonNode header = header(file, contents.metadata().get(FORMAT));
            if (!optimizer.name().equals(header.path("optimizer").asText())) {
                throw new IllegalArgumentException("trainer: " + file + " holds states of "
                        + header.path("optimizer").asText() + ", the trainer has " + optimizer.name());
            }
            JsonNode accumulated = header.path("accumulated");
            int collected = accumulated.path("batches").asInt();
            if (collected >= accumulation && collected > 0) {
                throw new IllegalArgumentException("trainer: " + file + " was saved after " + collected + " of "
                        + accumulated.path("of").asInt() + " accumulated batches, the trainer accumulates "
                        + accumulation + "; call accumulate("
                        + accumulated.path("of").asInt() + ") first");
            }
            Map<String, State> loaded = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> u : header.path("updates").properties()) {
                loaded.put(u.getKey(), state(file, u.getKey(), u.getValue().asLong(), contents.tensors()));
            }
            Set<String> pending = collected > 0 ? restorePending(file, contents.tensors()) : Set.of();
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
            double rate = header.path("learningRate").asDouble(Double.NaN);
            double size = accumulated.path("size").asDouble();
            return new Saved(new Counters(header.path("steps").asLong(), rate, accumulation, collected, size), pending);
        }
    }

    /** Restores the waiting gradients of parameters. */
    private Set<String> restorePending(Path file, Map<String, NDArray> tensors) {
        Set<String> restored = new LinkedHashSet<>();
        parameters.forEach((name, p) -> {
            NDArray gradient = tensors.get(name + PENDING);
            if (gradient == null) {
                return;
            }
            if (!p.isTrained()) {
                throw new IllegalArgumentException("trainer: " + file + " has a gradient of " + name
                        + ", which is frozen now; load the states before it is frozen");
            }
            NDArray rows = tensors.get(name + PENDING_ROWS);
            if (rows == null) {
                Autograd.restoreGradient(p.complete(gradient.shape()).value(), gradient);
            } else {
                NDArray table = p.value();
                RowSparse sparse = RowSparse.of(table.shape(), rows, gradient);
                if (p.keepsRowGradient()) {
                    Autograd.restoreGradient(table, sparse);
                } else {
                    Autograd.restoreGradient(table, sparse.toDense());
                }
            }
            restored.add(name);
        });
        return restored;
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

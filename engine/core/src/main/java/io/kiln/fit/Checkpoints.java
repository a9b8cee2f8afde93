package io.kiln.fit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.op.random.RandomGenerator;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Saves a training at the end of epochs, and resumes from the last checkpoint: weights, the
 * {@linkplain io.kiln.optim.Trainer#saveStates trainer's states}, the handlers' {@linkplain FitHandler#state states}
 * and the position in the sequence of random numbers, so that an interrupted training gives the same bits as an
 * uninterrupted one. A checkpoint is three files in one directory: {@code epoch-00012-<training>.weights.safetensors},
 * {@code epoch-00012-<training>.optimizer.safetensors} and, written last and atomically,
 * {@code epoch-00012-<training>.json} with checksums of all three; {@code <training>} is unique to each run. The best
 * epoch's weights are in {@code best.weights.safetensors}.
 *
 * <p>A training removes only checkpoints that it wrote or resumed from, and only after newer ones are complete:
 * trainings that share a directory do not affect each other.
 */
public final class Checkpoints implements FitHandler {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Logger LOG = System.getLogger(Checkpoints.class.getName());

    private final Path directory;
    private final List<CheckpointFiles.Name> own = new ArrayList<>();
    private CheckpointFiles files;
    private Map<String, String> passedOver = Map.of();
    private int kept = 2;
    private int period = 1;
    private boolean resumes;
    private Monitored monitored;
    private double best;

    /**
     * Saves every epoch and keeps the last two checkpoints.
     *
     * @param directory the directory, which is created if missing
     */
    public Checkpoints(Path directory) {
        this.directory = directory;
    }

    /**
     * Sets the number of checkpoints to keep; the last two by default.
     *
     * @param checkpoints the number, at least 1
     * @return this
     */
    public Checkpoints keep(int checkpoints) {
        kept = positive("keep", checkpoints);
        return this;
    }

    /**
     * Sets the number of epochs between checkpoints; 1 by default.
     *
     * @param epochs the number, at least 1
     * @return this
     */
    public Checkpoints every(int epochs) {
        period = positive("every", epochs);
        return this;
    }

    /**
     * Also keeps the weights of the best epoch.
     *
     * @param value the value to compare
     * @return this
     */
    public Checkpoints keepBest(Monitored value) {
        monitored = value;
        return this;
    }

    /**
     * Resumes a training from the newest complete checkpoint in the directory, if there is one. Damaged and incomplete
     * ones are skipped with a warning; if there are no others, training fails and says what is wrong with each.
     *
     * @return this
     */
    public Checkpoints resume() {
        resumes = true;
        return this;
    }

    /** {@return the file with the weights of the best epoch} */
    public Path best() {
        return directory.resolve("best" + CheckpointFiles.WEIGHTS);
    }

    /** {@return the checkpoints that resuming skipped because they are damaged or incomplete, each with the reason} */
    public Map<String, String> passedOver() {
        return passedOver;
    }

    private static int positive(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("checkpoints: " + what + " must be at least 1, got " + value);
        }
        return value;
    }

    @Override
    public void trainBegin(FitProgress p) throws IOException {
        files = new CheckpointFiles(directory);
        files.prepare();
        own.clear();
        if (resumes) {
            goOn(p);
        }
        best = Double.NaN;
        for (Map<String, Double> epoch : p.history()) {
            observe(epoch);
        }
    }

    private void goOn(FitProgress p) throws IOException {
        CheckpointFiles.Found found = files.newest();
        passedOver = Collections.unmodifiableMap(found.passedOver());
        if (found.newest() == null) {
            if (!passedOver.isEmpty()) {
                throw new IOException("checkpoints: no checkpoint in " + directory + " is complete: "
                        + String.join("; ", passedOver.values()) + "; remove them to begin anew");
            }
            return;
        }
        passedOver.forEach((name, reason) ->
                LOG.log(Level.WARNING, "checkpoints: passed over {0} in {1}: {2}", name, directory, reason));
        CheckpointFiles.Name newest = found.newest().name();
        read(p, newest, found.newest().json());
        for (CheckpointFiles.Name n : files.names()) {
            if (n.training().equals(newest.training())) {
                own.add(n);
            }
        }
    }

    @Override
    public void epochEnd(FitProgress p) throws IOException {
        if (monitored != null) {
            monitored.in(p);
            if (observe(p.values())) {
                p.network().save(best());
            }
        }
    }

    /** Saves after everything that other handlers do at the end of an epoch. */
    @Override
    public void epochDone(FitProgress p) throws IOException {
        if ((p.epoch() + 1) % period == 0) {
            write(p);
            while (own.size() > kept) {
                files.remove(own.remove(0));
            }
        }
    }

    private boolean observe(Map<String, Double> values) {
        Double value = monitored == null ? null : values.get(monitored.name());
        boolean better = value != null && monitored.isBetter(value, best, 0);
        best = better ? value : best;
        return better;
    }

    private void write(FitProgress p) throws IOException {
        CheckpointFiles.Name name = files.next(p.epoch() + 1);
        p.network().save(files.weights(name));
        p.trainer().saveStates(files.optimizer(name));
        ObjectNode json = MAPPER.createObjectNode();
        json.put("epochs", p.epoch() + 1).put("batches", p.batches()).put("samples", p.samples());
        RandomGenerator.State random = RandomGenerator.state();
        json.putObject("random").put("seed", random.seed()).put("draws", random.draws());
        ArrayNode history = json.putArray("history");
        List<Map<String, Double>> epochs = new ArrayList<>(p.history());
        epochs.add(p.values());
        epochs.forEach(values -> {
            ObjectNode epoch = history.addObject();
            values.forEach((n, v) -> epoch.put(n, Double.toString(v))); // JSON has no NaN
        });
        ObjectNode handlers = json.putObject("handlers");
        p.handlerStates().forEach((handler, state) -> {
            ObjectNode numbers = handlers.putObject(handler);
            state.forEach((n, v) -> numbers.put(n, Double.toString(v)));
        });
        files.seal(name, json);
        own.add(name);
    }

    private void read(FitProgress p, CheckpointFiles.Name name, JsonNode json) throws IOException {
        List<Map<String, Double>> history = new ArrayList<>();
        for (JsonNode epoch : json.path("history")) {
            history.add(numbers(epoch));
        }
        Map<String, Map<String, Double>> handlers = new LinkedHashMap<>();
        json.path("handlers").properties().forEach(e -> handlers.put(e.getKey(), numbers(e.getValue())));
        p.network().load(files.weights(name));
        p.trainer().loadStates(files.optimizer(name));
        JsonNode random = json.path("random");
        RandomGenerator.restore(new RandomGenerator.State(
                random.path("seed").asLong(), random.path("draws").asLong()));
        p.resume(
                json.path("epochs").asInt(),
                json.path("batches").asLong(),
                json.path("samples").asLong(),
                history,
                handlers);
    }

    private static Map<String, Double> numbers(JsonNode json) {
        Map<String, Double> values = new LinkedHashMap<>();
        json.properties()
                .forEach(e -> values.put(e.getKey(), Double.valueOf(e.getValue().asText())));
        return values;
    }
}

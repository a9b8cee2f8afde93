package io.kiln.fit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.op.RandomGenerator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Saves a training at the end of epochs, and goes on from what was saved last: weights, the optimizer's states and the place in the
 * sequence of random numbers, so that a training that was cut has the bits of one that was not. A checkpoint is three files in one directory:
 * {@code epoch-00012.weights.safetensors}, {@code epoch-00012.optimizer.safetensors} and, written last and whole or not at all,
 * {@code epoch-00012.json}. The best epoch's weights are in {@code best.weights.safetensors}.
 */
public final class Checkpoints implements FitHandler {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Pattern NAME = Pattern.compile("epoch-(\\d{5,9})\\.json");
    private static final String WEIGHTS = ".weights.safetensors";
    private static final String OPTIMIZER = ".optimizer.safetensors";
    private static final String FORMAT = "kiln-fit";

    private final Path directory;
    private int kept = 2;
    private int period = 1;
    private boolean resumes;
    private Monitored monitored;
    private double best;

    /**
     * Saves every epoch and keeps the last two checkpoints.
     *
     * @param directory where; it is made
     */
    public Checkpoints(Path directory) {
        this.directory = directory;
    }

    /**
     * How many checkpoints are kept; the last two by default.
     *
     * @param checkpoints how many, at least 1
     * @return this
     */
    public Checkpoints keep(int checkpoints) {
        kept = positive("keep", checkpoints);
        return this;
    }

    /**
     * Saves every so many epochs; every one by default.
     *
     * @param epochs how many, at least 1
     * @return this
     */
    public Checkpoints every(int epochs) {
        period = positive("every", epochs);
        return this;
    }

    /**
     * Keeps the weights of the best epoch besides.
     *
     * @param value by which value to judge
     * @return this
     */
    public Checkpoints keepBest(Monitored value) {
        monitored = value;
        return this;
    }

    /**
     * Begins a training with the newest checkpoint of the directory, if there is one.
     *
     * @return this
     */
    public Checkpoints resume() {
        resumes = true;
        return this;
    }

    /** {@return where the weights of the best epoch are} */
    public Path best() {
        return directory.resolve("best" + WEIGHTS);
    }

    private static int positive(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("checkpoints: " + what + " must be at least 1, got " + value);
        }
        return value;
    }

    @Override
    public void trainBegin(FitProgress p) throws IOException {
        Files.createDirectories(directory);
        TreeMap<Integer, String> saved = saved();
        if (resumes && !saved.isEmpty()) {
            read(p, saved.lastEntry().getValue());
        }
        best = Double.NaN;
        for (Map<String, Double> epoch : p.history()) {
            observe(epoch);
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
        if ((p.epoch() + 1) % period == 0) {
            write(p);
            TreeMap<Integer, String> saved = saved();
            while (saved.size() > kept) {
                String old = saved.pollFirstEntry().getValue();
                for (String end : new String[] {".json", OPTIMIZER, WEIGHTS}) {
                    Files.deleteIfExists(directory.resolve(old + end));
                }
            }
        }
    }

    private boolean observe(Map<String, Double> values) {
        Double value = monitored == null ? null : values.get(monitored.name());
        boolean better = value != null && monitored.isBetter(value, best, 0);
        best = better ? value : best;
        return better;
    }

    /** The names of the checkpoints that are whole, by epochs. */
    private TreeMap<Integer, String> saved() throws IOException {
        TreeMap<Integer, String> found = new TreeMap<>();
        try (Stream<Path> files = Files.list(directory)) {
            files.forEach(f -> {
                String name = f.getFileName().toString();
                Matcher m = NAME.matcher(name);
                if (m.matches()) {
                    found.put(Integer.valueOf(m.group(1)), name.substring(0, name.length() - ".json".length()));
                }
            });
        }
        return found;
    }

    private void write(FitProgress p) throws IOException {
        String name = "epoch-%05d".formatted(p.epoch() + 1);
        p.network().save(directory.resolve(name + WEIGHTS));
        p.trainer().saveStates(directory.resolve(name + OPTIMIZER));
        ObjectNode json = MAPPER.createObjectNode();
        json.put("format", FORMAT)
                .put("version", 1)
                .put("epochs", p.epoch() + 1)
                .put("batches", p.batches())
                .put("samples", p.samples());
        RandomGenerator.State random = RandomGenerator.state();
        json.putObject("random").put("seed", random.seed()).put("draws", random.draws());
        ArrayNode history = json.putArray("history");
        List<Map<String, Double>> epochs = new ArrayList<>(p.history());
        epochs.add(p.values());
        epochs.forEach(values -> {
            ObjectNode epoch = history.addObject();
            values.forEach((n, v) -> epoch.put(n, Double.toString(v))); // JSON has no NaN
        });
        Path part = directory.resolve(name + ".json.part");
        Files.writeString(part, json.toPrettyString(), StandardCharsets.UTF_8);
        Files.move(
                part,
                directory.resolve(name + ".json"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    private void read(FitProgress p, String name) throws IOException {
        Path file = directory.resolve(name + ".json");
        JsonNode json;
        List<Map<String, Double>> history = new ArrayList<>();
        try {
            json = MAPPER.readTree(Files.readString(file));
            if (json == null
                    || !FORMAT.equals(json.path("format").asText())
                    || json.path("version").asInt() != 1) {
                throw new IOException("checkpoints: " + file
                        + " is no checkpoint of version 1; remove it, or look at another" + " directory");
            }
            for (JsonNode epoch : json.path("history")) {
                Map<String, Double> values = new LinkedHashMap<>();
                epoch.properties()
                        .forEach(e -> values.put(
                                e.getKey(), Double.valueOf(e.getValue().asText())));
                history.add(values);
            }
        } catch (JsonProcessingException | NumberFormatException e) {
            throw new IOException(
                    "checkpoints: " + file + " is damaged: " + e.getMessage() + "; remove it to go on from an"
                            + " older one",
                    e);
        }
        p.network().load(directory.resolve(name + WEIGHTS));
        p.trainer().loadStates(directory.resolve(name + OPTIMIZER));
        JsonNode random = json.path("random");
        RandomGenerator.restore(new RandomGenerator.State(
                random.path("seed").asLong(), random.path("draws").asLong()));
        p.resume(
                json.path("epochs").asInt(),
                json.path("batches").asLong(),
                json.path("samples").asLong(),
                history);
    }
}

package io.kiln.fit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.format.Checksums;
import io.kiln.format.SealedJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files of the checkpoints in one directory. A checkpoint is sealed by its JSON file, which is written last and
 * atomically and contains the checksums of the other files and of itself. Names are unique to a training, so that
 * trainings that share a directory never overwrite each other's files.
 *
 * <p>Concurrency: one thread; other trainings may write to the same directory.
 */
final class CheckpointFiles {
    static final String WEIGHTS = ".weights.safetensors";
    static final String OPTIMIZER = ".optimizer.safetensors";
    private static final String JSON = ".json";
    private static final Pattern NAME = Pattern.compile("epoch-(\\d{5,9})(?:-([0-9a-f]{8}))?");
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String FORMAT = "kiln-fit";
    private static final int VERSION = 2;
    private static final String TIME = "time";
    private static final String FILES = "files";

    private final Path directory;
    private final String training = UUID.randomUUID().toString().substring(0, 8);

    /**
     * The name of a checkpoint that may be incomplete.
     *
     * @param epochs number of finished epochs
     * @param name its files' names without their endings
     * @param training the training that wrote it; empty for earlier versions
     */
    record Name(int epochs, String name, String training) {}

    /**
     * A complete checkpoint.
     *
     * @param name its name
     * @param json the content of its JSON file
     */
    record Sealed(Name name, JsonNode json) {
        private long time() {
            return json.path(TIME).asLong();
        }
    }

    /**
     * The checkpoints found in a directory.
     *
     * @param newest the complete checkpoint that was written last, or null
     * @param passedOver the names of incomplete or damaged ones, each with the reason
     */
    record Found(Sealed newest, Map<String, String> passedOver) {}

    CheckpointFiles(Path directory) {
        this.directory = directory;
    }

    /** Creates the directory, and fails if it is not writable. */
    void prepare() throws IOException {
        Files.createDirectories(directory);
        Files.delete(Files.createTempFile(directory, ".writable", ""));
    }

    Name next(int epochs) {
        return new Name(epochs, String.format(Locale.ROOT, "epoch-%05d-%s", epochs, training), training);
    }

    Path weights(Name name) {
        return directory.resolve(name.name() + WEIGHTS);
    }

    Path optimizer(Name name) {
        return directory.resolve(name.name() + OPTIMIZER);
    }

    /** All checkpoints by name, in the order of their epochs. */
    List<Name> names() throws IOException {
        List<Name> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            files.forEach(f -> {
                String file = f.getFileName().toString();
                if (file.endsWith(JSON)) {
                    String name = file.substring(0, file.length() - JSON.length());
                    Matcher m = NAME.matcher(name);
                    if (m.matches()) {
                        found.add(new Name(Integer.parseInt(m.group(1)), name, m.group(2) == null ? "" : m.group(2)));
                    }
                }
            });
        }
        found.sort(Comparator.comparingInt(Name::epochs).thenComparing(Name::name));
        return found;
    }

    /** Completes a checkpoint whose other files have been written. */
    void seal(Name name, ObjectNode content) throws IOException {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("format", FORMAT).put("version", VERSION).put(TIME, System.currentTimeMillis());
        json.setAll(content);
        ObjectNode files = json.putObject(FILES);
        for (String end : List.of(WEIGHTS, OPTIMIZER)) {
            Checksums.Output sums = new Checksums.Output(OutputStream.nullOutputStream());
            Files.copy(directory.resolve(name.name() + end), sums);
            files.set(end, sums.checksums().toJson());
        }
        SealedJson.seal(json);
        Path part = directory.resolve(name.name() + JSON + ".part");
        Files.writeString(part, json.toPrettyString(), StandardCharsets.UTF_8);
        Files.move(
                part,
                directory.resolve(name.name() + JSON),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /** The newest complete checkpoint, and why others were skipped. */
    Found newest() throws IOException {
        Map<String, String> passedOver = new TreeMap<>();
        List<Sealed> candidates = new ArrayList<>();
        for (Name name : names()) {
            try {
                candidates.add(new Sealed(name, json(name)));
            } catch (IOException e) {
                passedOver.put(name.name(), e.getMessage());
            }
        }
        candidates.sort(Comparator.comparingLong(Sealed::time)
                .thenComparingInt(s -> s.name().epochs())
                .reversed());
        for (Sealed s : candidates) {
            try {
                check(s);
                return new Found(s, passedOver);
            } catch (IOException e) {
                passedOver.put(s.name().name(), e.getMessage());
            }
        }
        return new Found(null, passedOver);
    }

    private JsonNode json(Name name) throws IOException {
        String file = name.name() + JSON;
        JsonNode json;
        try {
            json = MAPPER.readTree(Files.readString(directory.resolve(file)));
        } catch (JsonProcessingException e) {
            throw new IOException(file + " is damaged: " + e.getOriginalMessage(), e);
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is damaged: it is not UTF-8", e);
        }
        int version = json == null ? 0 : json.path("version").asInt();
        if (version < 1
                || version > VERSION
                || !FORMAT.equals(json.path("format").asText())) {
            throw new IOException(file + " is no checkpoint of version 1 to " + VERSION);
        }
        if (version > 1) {
            try {
                SealedJson.check(json);
            } catch (IOException e) {
                throw new IOException(file + ": " + e.getMessage(), e);
            }
        }
        return json;
    }

    /** Checks the files of a checkpoint; those of version 1 have no checksums and are checked when they are read. */
    private void check(Sealed s) throws IOException {
        for (String end : List.of(WEIGHTS, OPTIMIZER)) {
            String file = s.name().name() + end;
            JsonNode sums = s.json().path(FILES).path(end);
            if (sums.isMissingNode() && s.json().path("version").asInt() == 1) {
                if (!Files.exists(directory.resolve(file))) {
                    throw new IOException(file + " is missing");
                }
                continue;
            }
            try (InputStream in = Checksums.fromJson(sums).check(Files.newInputStream(directory.resolve(file)))) {
                in.transferTo(OutputStream.nullOutputStream());
            } catch (NoSuchFileException e) {
                throw new IOException(file + " is missing", e);
            } catch (IOException | IllegalArgumentException e) {
                throw new IOException(file + ": " + e.getMessage(), e);
            }
        }
    }

    /** Removes a checkpoint, which is invalid from the first deletion on. */
    void remove(Name name) throws IOException {
        for (String end : List.of(JSON, OPTIMIZER, WEIGHTS)) {
            Files.deleteIfExists(directory.resolve(name.name() + end));
        }
    }
}

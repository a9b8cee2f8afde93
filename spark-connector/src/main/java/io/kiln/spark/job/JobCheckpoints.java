package io.kiln.spark.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.format.ByteChunks;
import io.kiln.format.Checksums;
import io.kiln.format.SealedJson;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.TrainingException;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of one training: {@code <directory>/<fingerprint>/epoch-<n>-<unique>} with one state per worker and,
 * written last, {@code meta.json} with checksums of all files. The fingerprint is a hash of data and Params, so that a
 * fit finds only its own checkpoints, and all checkpoints of the same epoch below it are identical.
 *
 * <p>A checkpoint is written under another name and then renamed to a new name. Only then are those of earlier epochs
 * removed, starting with a rename. Concurrent fits can share a directory: each name is used once, and the newest epoch
 * is never removed.
 *
 * <p>Concurrency: one thread of the driver.
 */
final class JobCheckpoints {
    private static final Logger LOG = LoggerFactory.getLogger(JobCheckpoints.class);
    private static final int FORMAT = 2;
    private static final int MAX_META_BYTES = 64 << 20;
    private static final Pattern NAME = Pattern.compile("epoch-([0-9]{1,9})-[0-9a-f]{8}");
    private static final String WRITING = ".writing-";
    private static final String REMOVED = ".removed-";
    private static final String META = "meta.json";
    private static final String STATE = "state-";
    private static final long ABANDONED_MILLIS = Duration.ofDays(1).toMillis();
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Path directory;
    private final Configuration configuration;
    private final int workers;

    /**
     * A checkpoint.
     *
     * @param epoch number of finished epochs
     * @param states state of each worker
     * @param reports the epochs' results
     */
    record Checkpoint(int epoch, List<ByteChunks> states, List<EpochReport> reports) {}

    /**
     * The result of a search.
     *
     * @param newest the newest complete checkpoint, or null
     * @param passedOver newer ones that are damaged or incomplete, each with the reason
     */
    record Found(Checkpoint newest, Map<String, String> passedOver) {}

    JobCheckpoints(String directory, String fingerprint, Configuration configuration, int workers) {
        this.directory = new Path(directory, fingerprint);
        this.configuration = configuration;
        this.workers = workers;
    }

    /**
     * Tries to write to a directory.
     *
     * @throws TrainingException if that fails
     */
    static void probe(String directory, Configuration configuration) {
        try {
            Path parent = new Path(directory);
            FileSystem fs = parent.getFileSystem(configuration);
            fs.mkdirs(parent);
            Path written = new Path(parent, WRITING + unique());
            Path renamed = new Path(parent, REMOVED + unique());
            try {
                write(fs, written, new byte[] {1});
                rename(fs, written, renamed);
            } finally {
                fs.delete(written, false);
                fs.delete(renamed, false);
            }
        } catch (IOException | FSError | RuntimeException e) {
            throw new TrainingException(
                    "checkpointDir: cannot write to %s: %s; choose a directory that the driver can write to"
                            .formatted(directory, e.getMessage()),
                    e);
        }
    }

    private static String unique() {
        return UUID.randomUUID().toString().substring(0, 8);
    }

    private FileSystem fileSystem() throws IOException {
        return directory.getFileSystem(configuration);
    }

    /**
     * Writes a checkpoint.
     *
     * @param epoch number of finished epochs
     * @param state the state of each worker; closed here
     * @param reports the epochs' results
     * @throws TrainingException if the disk is full or the directory is not writable
     */
    void write(int epoch, IntFunction<InputStream> state, List<EpochReport> reports) {
        String unique = unique();
        Path temporary = new Path(directory, WRITING + unique);
        Path target = new Path(directory, "epoch-" + epoch + "-" + unique);
        try {
            FileSystem fs = fileSystem();
            try {
                ObjectNode meta = MAPPER.createObjectNode();
                meta.put("format", FORMAT).put("epoch", epoch);
                ArrayNode sums = meta.putArray("states");
                for (int r = 0; r < workers; r++) {
                    sums.add(write(fs, new Path(temporary, STATE + r), state.apply(r))
                            .toJson());
                }
                meta.set("reports", MAPPER.valueToTree(reports));
                SealedJson.seal(meta);
                write(fs, new Path(temporary, META), MAPPER.writeValueAsBytes(meta));
                rename(fs, temporary, target);
            } finally {
                fs.delete(temporary, true);
            }
            removeReplaced(fs, epoch, fs.getFileStatus(new Path(target, META)).getModificationTime());
        } catch (IOException | FSError e) {
            throw new TrainingException(
                    "checkpoint: cannot write epoch %d below %s: %s; training stopped, earlier checkpoints are intact: free some space or choose another checkpointDir, then fit again"
                            .formatted(epoch, directory, e.getMessage()),
                    e);
        }
    }

    private static Checksums write(FileSystem fs, Path file, InputStream content) throws IOException {
        try (InputStream in = content;
                FSDataOutputStream out = fs.create(file, false)) {
            Checksums.Output sums = new Checksums.Output(out);
            in.transferTo(sums);
            sums.flush();
            out.hsync();
            return sums.checksums();
        }
    }

    private static void write(FileSystem fs, Path file, byte[] bytes) throws IOException {
        write(fs, file, new ByteArrayInputStream(bytes));
    }

    private static void rename(FileSystem fs, Path from, Path to) throws IOException {
        if (!fs.rename(from, to)) {
            throw new IOException("cannot rename " + from + " to " + to);
        }
    }

    /**
     * Removes checkpoints of earlier epochs, and files that other fits left unfinished long ago. Unknown files stay.
     */
    private void removeReplaced(FileSystem fs, int epoch, long now) {
        try {
            for (FileStatus s : fs.listStatus(directory)) {
                String name = s.getPath().getName();
                Matcher m = NAME.matcher(name);
                if (m.matches() && Integer.parseInt(m.group(1)) < epoch) {
                    Path removed = new Path(directory, REMOVED + unique());
                    rename(fs, s.getPath(), removed);
                    fs.delete(removed, true);
                } else if (name.startsWith(REMOVED)
                        || name.startsWith(WRITING) && now - s.getModificationTime() > ABANDONED_MILLIS) {
                    fs.delete(s.getPath(), true);
                }
            }
        } catch (IOException | FSError e) {
            LOG.warn("checkpoint: cannot remove earlier epochs below {}: {}", directory, e.getMessage());
        }
    }

    /** A checkpoint's name. */
    private record Name(int epoch, Path path) {}

    /** The newest complete checkpoint of at most the given epoch. */
    Found newest(int maxEpoch) {
        Map<String, String> passedOver = new LinkedHashMap<>();
        try {
            FileSystem fs = fileSystem();
            fs.mkdirs(directory);
            for (Name n : names(fs, maxEpoch)) {
                try {
                    return new Found(read(fs, n), passedOver);
                } catch (IOException | FSError | IllegalArgumentException e) {
                    passedOver.put(n.path().toString(), e.getMessage());
                    LOG.warn("skipped checkpoint {}: {}", n.path(), e.getMessage());
                }
            }
        } catch (IOException | FSError e) {
            throw new TrainingException(
                    "checkpointDir: cannot read %s: %s; make it readable, or remove it to start over"
                            .formatted(directory, e.getMessage()),
                    e);
        }
        if (!passedOver.isEmpty()) {
            LOG.warn("no checkpoint below {} is complete: training starts over", directory);
        }
        return new Found(null, passedOver);
    }

    /** All checkpoints of at most the given epoch, newest first. */
    private List<Name> names(FileSystem fs, int maxEpoch) throws IOException {
        List<Name> found = new ArrayList<>();
        for (FileStatus s : fs.listStatus(directory)) {
            Matcher m = NAME.matcher(s.getPath().getName());
            if (m.matches() && Integer.parseInt(m.group(1)) <= maxEpoch) {
                found.add(new Name(Integer.parseInt(m.group(1)), s.getPath()));
            }
        }
        found.sort(Comparator.comparingInt(Name::epoch).reversed().thenComparing(n -> n.path()
                .getName()));
        return found;
    }

    private Checkpoint read(FileSystem fs, Name name) throws IOException {
        JsonNode meta = meta(fs, new Path(name.path(), META));
        JsonNode sums = meta.path("states");
        if (meta.path("epoch").asInt() != name.epoch() || sums.size() != workers) {
            throw new IOException("it is of epoch %s and %d workers, expected epoch %d and %d workers"
                    .formatted(meta.path("epoch"), sums.size(), name.epoch(), workers));
        }
        List<ByteChunks> states = new ArrayList<>();
        for (int r = 0; r < workers; r++) {
            Path file = new Path(name.path(), STATE + r);
            Checksums expected = Checksums.fromJson(sums.path(r));
            long length = length(fs, file);
            if (length != expected.bytes()) {
                throw new IOException("%s must have %d bytes, it has %d: it is damaged"
                        .formatted(file.getName(), expected.bytes(), length));
            }
            try (InputStream in = expected.check(fs.open(file))) {
                states.add(ByteChunks.read(in, length));
            } catch (IOException e) {
                throw new IOException(file.getName() + ": " + e.getMessage(), e);
            }
        }
        List<EpochReport> reports = new ArrayList<>();
        for (JsonNode n : meta.path("reports")) {
            reports.add(MAPPER.treeToValue(n, EpochReport.class));
        }
        return new Checkpoint(name.epoch(), states, reports);
    }

    private static JsonNode meta(FileSystem fs, Path file) throws IOException {
        long length = length(fs, file);
        if (length > MAX_META_BYTES) {
            throw new IOException("%s has %d bytes, at most %d are read".formatted(META, length, MAX_META_BYTES));
        }
        JsonNode meta;
        try (InputStream in = fs.open(file)) {
            meta = MAPPER.readTree(in.readNBytes((int) length));
        } catch (IOException e) {
            throw new IOException(META + " is damaged: " + e.getMessage(), e);
        }
        if (meta.path("format").asInt() != FORMAT) {
            throw new IOException(
                    "format %s is unknown, this version of Kiln reads %d".formatted(meta.path("format"), FORMAT));
        }
        SealedJson.check(meta);
        return meta;
    }

    private static long length(FileSystem fs, Path file) throws IOException {
        try {
            return fs.getFileStatus(file).getLen();
        } catch (FileNotFoundException e) {
            throw new IOException(file.getName() + " is missing", e);
        }
    }
}

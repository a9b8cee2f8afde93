package io.kiln.spark.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.format.ByteChunks;
import io.kiln.format.Checksums;
import io.kiln.kvstore.snapshot.SavedSlice;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.zip.CRC32C;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of one training: {@code <directory>/<fingerprint>/epoch-<n>} with {@code meta.json} and one state per worker.
 * The fingerprint is that of data and Params, so that a fit finds its own checkpoints only. A checkpoint is written under
 * another name and then renamed; only then the one before is removed. So there is always a complete one.
 *
 * <p>Concurrency: one thread of the driver.
 */
final class Checkpoints {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
    private static final int FORMAT = 2;
    private static final int WITH_ONE_CHECKSUM = 1;
    private static final long MAX_STATE_BYTES = Integer.MAX_VALUE - 8;
    private static final int MAX_META_BYTES = 64 << 20;
    private static final String PREFIX = "epoch-";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Path directory;
    private final Configuration configuration;
    private final int workers;

    /**
     * A checkpoint.
     *
     * @param epoch epochs done
     * @param states state of each worker
     * @param reports how the epochs went
     */
    record Checkpoint(int epoch, List<ByteChunks> states, List<EpochReport> reports) {}

    Checkpoints(String directory, String fingerprint, Configuration configuration, int workers) {
        this.directory = new Path(directory, fingerprint);
        this.configuration = configuration;
        this.workers = workers;
    }

    private FileSystem fileSystem() throws IOException {
        return directory.getFileSystem(configuration);
    }

    /** Fails early when the directory cannot be written to. */
    void prepare() {
        try {
            fileSystem().mkdirs(directory);
        } catch (IOException | FSError e) {
            throw new TrainingException(
                    "checkpointDir: cannot make %s: %s; choose a directory that the driver can write to"
                            .formatted(directory, e.getMessage()),
                    e);
        }
    }

    /**
     * Writes a checkpoint.
     *
     * @throws TrainingException when the disk is full or the directory is not writable
     */
    void write(int epoch, IntFunction<SavedSlice> state, List<EpochReport> reports) {
        Path temporary = new Path(directory, ".writing-" + UUID.randomUUID());
        try {
            FileSystem fs = fileSystem();
            try {
                ObjectNode meta = MAPPER.createObjectNode();
                meta.put("format", FORMAT).put("epoch", epoch);
                ArrayNode sums = meta.putArray("states");
                for (int r = 0; r < workers; r++) {
                    sums.add(write(fs, new Path(temporary, "state-" + r), state.apply(r))
                            .toJson());
                }
                meta.set("reports", MAPPER.valueToTree(reports));
                write(fs, new Path(temporary, "meta.json"), MAPPER.writeValueAsBytes(meta));
                Path target = new Path(directory, PREFIX + epoch);
                fs.delete(target, true);
                if (!fs.rename(temporary, target)) {
                    throw new IOException("cannot rename " + temporary + " to " + target);
                }
                removeOthers(fs, target);
            } finally {
                fs.delete(temporary, true);
            }
        } catch (IOException | FSError e) {
            throw new TrainingException(
                    "checkpoint: cannot write epoch %d below %s: %s; training stopped, earlier checkpoints are whole: make room or choose another checkpointDir, then fit again"
                            .formatted(epoch, directory, e.getMessage()),
                    e);
        }
    }

    private static void write(FileSystem fs, Path file, byte[] bytes) throws IOException {
        try (FSDataOutputStream out = fs.create(file, true)) {
            out.write(bytes);
            out.hsync();
        }
    }

    private static Checksums write(FileSystem fs, Path file, SavedSlice state) throws IOException {
        try (InputStream in = state.open();
                FSDataOutputStream out = fs.create(file, true)) {
            Checksums.Output summed = new Checksums.Output(out);
            in.transferTo(summed);
            out.hsync();
            return summed.checksums();
        }
    }

    private void removeOthers(FileSystem fs, Path keep) throws IOException {
        for (FileStatus s : fs.listStatus(directory)) {
            if (!s.getPath().getName().equals(keep.getName())) {
                fs.delete(s.getPath(), true);
            }
        }
    }

    private static long crc(byte... bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return crc.getValue();
    }

    /** The newest whole checkpoint of at most so many epochs, or null. */
    Checkpoint newest(int maxEpoch) {
        try {
            FileSystem fs = fileSystem();
            Checkpoint best = null;
            for (FileStatus s : fs.listStatus(directory)) {
                String name = s.getPath().getName();
                if (name.matches(PREFIX + "\\d{1,9}")) {
                    int epoch = Integer.parseInt(name.substring(PREFIX.length()));
                    if (epoch <= maxEpoch && (best == null || epoch > best.epoch())) {
                        best = read(fs, s.getPath(), epoch, best);
                    }
                }
            }
            return best;
        } catch (FileNotFoundException e) {
            return null;
        } catch (IOException | FSError e) {
            throw new TrainingException(
                    "checkpointDir: cannot read %s: %s; remove it to begin anew".formatted(directory, e.getMessage()),
                    e);
        }
    }

    private Checkpoint read(FileSystem fs, Path dir, int epoch, Checkpoint otherwise) throws IOException {
        JsonNode meta = MAPPER.readTree(read(fs, new Path(dir, "meta.json"), MAX_META_BYTES));
        int format = meta.path("format").asInt();
        if (format != FORMAT && format != WITH_ONE_CHECKSUM) {
            throw new IOException(
                    "format %s is unknown, this version of Kiln reads %d".formatted(meta.path("format"), FORMAT));
        }
        List<ByteChunks> states = new ArrayList<>();
        for (int r = 0; r < workers; r++) {
            ByteChunks state = state(fs, new Path(dir, "state-" + r), meta, r);
            if (state == null) {
                LOG.warn("checkpoint {} is damaged (worker {}) and left alone", dir, r);
                return otherwise;
            }
            states.add(state);
        }
        List<EpochReport> reports = new ArrayList<>();
        for (JsonNode n : meta.path("reports")) {
            reports.add(MAPPER.treeToValue(n, EpochReport.class));
        }
        return new Checkpoint(epoch, states, reports);
    }

    /** A worker's state, or null when it is damaged. Format 1 has one checksum for each state, format 2 one for each slice of it. */
    private static ByteChunks state(FileSystem fs, Path file, JsonNode meta, int rank) throws IOException {
        if (meta.path("format").asInt() == WITH_ONE_CHECKSUM) {
            byte[] bytes = read(fs, file, MAX_STATE_BYTES);
            return crc(bytes) == meta.path("crc").path(rank).asLong(-1) ? ByteChunks.of(bytes) : null;
        }
        Checksums sums = Checksums.fromJson(meta.path("states").path(rank));
        try (InputStream in = sums.check(fs.open(file))) {
            return ByteChunks.read(in, sums.bytes());
        } catch (IOException e) {
            LOG.warn("{}: {}", file, e.getMessage());
            return null;
        }
    }

    private static byte[] read(FileSystem fs, Path file, long most) throws IOException {
        long length = fs.getFileStatus(file).getLen();
        if (length > most) {
            throw new IOException("%s has %d bytes, at most %d are read".formatted(file, length, most));
        }
        byte[] bytes = new byte[(int) length];
        try (FSDataInputStream in = fs.open(file)) {
            in.readFully(0, bytes);
        }
        return bytes;
    }
}

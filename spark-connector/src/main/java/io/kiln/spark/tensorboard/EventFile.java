package io.kiln.spark.tensorboard;

import io.kiln.graph.Graph;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * An event file for TensorBoard: {@code events.out.tfevents.…} in a directory, one directory per run. Written data
 * becomes visible after {@link #flush} on file systems that support it (local, HDFS), and after {@link #close} on
 * object stores.
 *
 * <p>Concurrency: one thread.
 */
public final class EventFile implements Closeable {
    private static final String VERSION = "brain.Event:2";

    private final FSDataOutputStream out;
    private final Path file;

    /**
     * Creates a file.
     *
     * @param directory its directory; created if missing
     * @param configuration of its file system
     */
    public EventFile(String directory, Configuration configuration) {
        Instant now = Instant.now();
        file = new Path(directory, String.format(Locale.ROOT, "events.out.tfevents.%010d.kiln", now.getEpochSecond()));
        try {
            FileSystem fs = file.getFileSystem(configuration);
            // Hadoop's local file system writes checksum files, and holds back partial chunks.
            FileSystem plain = fs instanceof LocalFileSystem local ? local.getRawFileSystem() : fs;
            plain.mkdirs(file.getParent());
            out = plain.create(file, true);
            write(event(now.toEpochMilli(), 0).text(3, VERSION));
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /**
     * Writes a number.
     *
     * @param time milliseconds since 1970
     * @param step steps since training began
     * @param tag its name; slashes group names
     * @param value the number
     */
    public void scalar(long time, long step, String tag, double value) {
        summary(time, step, new Message().text(1, tag).real32(2, (float) value));
    }

    /**
     * Writes a histogram.
     *
     * @param time milliseconds since 1970
     * @param step steps since training began
     * @param tag its name; slashes group names
     * @param value the histogram
     */
    public void histogram(long time, long step, String tag, ValueHistogram value) {
        summary(time, step, new Message().text(1, tag).message(5, value.toMessage()));
    }

    /**
     * Writes a graph.
     *
     * @param time milliseconds since 1970
     * @param graph the graph
     */
    public void graph(long time, Graph graph) {
        write(event(time, 0).message(4, GraphMessage.of(graph)));
    }

    private void summary(long time, long step, Message value) {
        write(event(time, step).message(5, new Message().message(1, value)));
    }

    private static Message event(long time, long step) {
        return new Message().real(1, time * 1e-3).number(2, step);
    }

    private void write(Message event) {
        try {
            Records.write(out, event.toBytes());
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Makes the data written so far visible to readers, if the file system supports it. */
    public void flush() {
        try {
            if (out.hasCapability(StreamCapabilities.HSYNC)) {
                out.hflush();
            } else {
                out.flush();
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private UncheckedIOException failure(IOException e) {
        return new UncheckedIOException("summaryDir: cannot write %s: %s".formatted(file, e.getMessage()), e);
    }
}

package io.kiln.spark.feed;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Reads files whose paths are in a column.
 *
 * @param configuration of the file systems
 */
public record ColumnFiles(SerializableConfiguration configuration) implements Serializable {
    private static final int MOST_BYTES = 1 << 28;
    /** Paths come from data, which must not make executors send requests. */
    private static final Set<String> WEB = Set.of("http", "https", "ftp");

    /**
     * Access with a configuration.
     *
     * @param configuration of the file systems
     */
    public ColumnFiles(Configuration configuration) {
        this(new SerializableConfiguration(configuration));
    }

    /**
     * Reads a file.
     *
     * @param path its path
     * @return its content
     * @throws IOException if the path is wrong: it names no file of acceptable size that this application may read
     * @throws UncheckedIOException if the file cannot be read now
     */
    byte[] read(String path) throws IOException {
        try {
            Path p = new Path(path);
            String scheme = p.toUri().getScheme();
            if (scheme != null && WEB.contains(scheme.toLowerCase(Locale.ROOT))) {
                throw new FileNotFoundException("files of the web are not read; copy them to a file system");
            }
            try (FSDataInputStream in = p.getFileSystem(configuration.value()).open(p)) {
                byte[] content = in.readNBytes(MOST_BYTES + 1);
                if (content.length > MOST_BYTES) {
                    throw new FileNotFoundException("is larger than " + MOST_BYTES + " bytes");
                }
                return content;
            }
        } catch (FileNotFoundException
                | AccessControlException
                | AccessDeniedException
                | UnsupportedFileSystemException e) {
            throw new IOException("cannot be read: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IOException("is no path: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("feed: " + path + ": " + e.getMessage(), e);
        }
    }

    /** {@return a fixed text: what is read does not depend on how} */
    @Override
    public String toString() {
        return "files";
    }
}

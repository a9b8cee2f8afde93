package io.kiln.format;

import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.BiConsumer;

/**
 * Named arrays in the safetensors format (Hugging Face, format of version 0.x: a length of 8 bytes, a JSON header, raw
 * little-endian data). The format holds data only; reading runs no code. Everything in a header is checked against the
 * size of the file before memory is allocated.
 *
 * <p>Concurrency: stateless.
 */
public final class SafeTensors {
    /** The longest header that is read or written, as in the reference implementation. */
    public static final long MAX_HEADER_BYTES = 100_000_000;

    private static final int LENGTH_BYTES = 8;
    private static final int CHUNK = 1 << 18;
    private static final long SLICE = 1 << 22;

    private SafeTensors() {}

    /**
     * The content of a file.
     *
     * @param tensors the arrays by name, in the order of their data
     * @param metadata free text by key
     */
    public record Contents(Map<String, NDArray> tensors, Map<String, String> metadata) {}

    /**
     * Writes a file. It appears under its name once it is complete, and replaces an existing one.
     *
     * @param file the file
     * @param tensors the arrays by name
     * @param metadata free text by key
     * @throws IOException if writing fails; an existing file is then unchanged
     */
    public static void write(Path file, Map<String, NDArray> tensors, Map<String, String> metadata) throws IOException {
        Path temporary = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try (FileChannel channel =
                FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            write(Channels.newOutputStream(channel), tensors, metadata);
            channel.force(true);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /**
     * Writes to a stream, which stays open.
     *
     * @param out the stream
     * @param tensors the arrays by name
     * @param metadata free text by key
     * @throws IOException if writing fails
     */
    public static void write(OutputStream out, Map<String, NDArray> tensors, Map<String, String> metadata)
            throws IOException {
        SafeTensorsHeader header = SafeTensorsHeader.of(tensors, metadata);
        byte[] text = header.toBytes();
        if (text.length > MAX_HEADER_BYTES) {
            throw new IOException("safetensors: a header has at most " + MAX_HEADER_BYTES
                    + " bytes, this one would have " + text.length + "; write fewer tensors or less metadata");
        }
        out.write(ByteBuffer.allocate(LENGTH_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length)
                .array());
        out.write(text);
        for (SafeTensorsHeader.Entry e : header.entries()) {
            writeSlices(out, tensors.get(e.name()));
        }
        out.flush();
    }

    /**
     * Writes to memory.
     *
     * @param tensors the arrays by name
     * @param metadata free text by key
     * @return the bytes of a file
     * @throws IllegalStateException if they exceed the 2 GiB of an array; use {@link #toChunks}
     */
    public static byte[] toBytes(Map<String, NDArray> tensors, Map<String, String> metadata) {
        return toChunks(tensors, metadata).toByteArray();
    }

    /**
     * Writes to memory, with no limit of size.
     *
     * @param tensors the arrays by name
     * @param metadata free text by key
     * @return the bytes of a file
     */
    public static ByteChunks toChunks(Map<String, NDArray> tensors, Map<String, String> metadata) {
        try {
            return ByteChunks.write(out -> write(out, tensors, metadata));
        } catch (UncheckedIOException e) { // only the header's length can be wrong
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** Views that are not contiguous are copied in slices, so that a large one is never in memory twice. */
    private static void writeSlices(OutputStream out, NDArray a) throws IOException {
        if (a.isContiguous() || a.shape().rank() == 0) {
            writeData(out, a);
            return;
        }
        long rows = a.shape().dim(0);
        long step = Math.max(
                1, SLICE / Math.max(1, a.size() / Math.max(1, rows) * a.dtype().bytes()));
        for (long at = 0; at < rows; at += step) {
            try (Scope scope = Scope.open()) {
                Shape some = a.shape().with(0, Math.min(step, rows - at));
                writeData(out, a.view(some, a.strides(), at * a.strides()[0]).copy());
            }
        }
    }

    private static void writeData(OutputStream out, NDArray a) throws IOException {
        long bytes = a.size() * a.dtype().bytes();
        byte[] chunk = new byte[(int) Math.min(bytes, CHUNK)];
        try (HostView host = a.read()) {
            for (long at = 0; at < bytes; at += chunk.length) {
                int n = (int) Math.min(chunk.length, bytes - at);
                host.get(at, chunk, 0, n);
                out.write(chunk, 0, n);
            }
        }
    }

    /**
     * Reads a file.
     *
     * @param file the file
     * @return its arrays, which belong to the current scope
     * @throws IOException if reading fails, or the file is damaged or has another format
     */
    public static Contents read(Path file) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return read(in, Files.size(file));
        } catch (EOFException e) {
            throw new IOException("safetensors: " + file + " was cut while it was read", e);
        } catch (IOException e) {
            throw FileTrouble.of("safetensors", file, e);
        }
    }

    /**
     * Reads from memory.
     *
     * @param bytes the bytes of a file
     * @return its arrays, which belong to the current scope
     * @throws IOException if the bytes are damaged or have another format
     */
    public static Contents read(byte[] bytes) throws IOException {
        return read(new ByteArrayInputStream(bytes), bytes.length);
    }

    /**
     * Reads from memory.
     *
     * @param bytes the bytes of a file
     * @return its arrays, which belong to the current scope
     * @throws IOException if the bytes are damaged or have another format
     */
    public static Contents read(ByteChunks bytes) throws IOException {
        try (InputStream in = bytes.open()) {
            return read(in, bytes.length());
        }
    }

    /**
     * Reads one array after another from memory, so that only one of them is there at a time.
     *
     * @param bytes the bytes of a file
     * @param use gets each array and its name; the array is freed afterwards
     * @throws IOException if the bytes are damaged or have another format
     */
    public static void forEach(ByteChunks bytes, BiConsumer<String, NDArray> use) throws IOException {
        try (DataInputStream data = new DataInputStream(bytes.open())) {
            for (SafeTensorsHeader.Entry e : header(data, bytes.length()).entries()) {
                try (Scope scope = Scope.open()) {
                    use.accept(e.name(), readData(data, e.spec()));
                }
            }
        }
    }

    /**
     * Reads from a stream, which stays open.
     *
     * @param in the stream
     * @param length number of bytes that belong to the file
     * @return its arrays, which belong to the current scope
     * @throws IOException if reading fails, or the data are damaged or have another format
     */
    public static Contents read(InputStream in, long length) throws IOException {
        DataInputStream data = new DataInputStream(in);
        SafeTensorsHeader header = header(data, length);
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            for (SafeTensorsHeader.Entry e : header.entries()) {
                tensors.put(e.name(), readData(data, e.spec()));
            }
            tensors.values().forEach(scope::keep);
        }
        return new Contents(tensors, header.metadata());
    }

    /**
     * Reads shapes and dtypes only, from a stream, which stays open.
     *
     * @param in the stream
     * @param length number of bytes that belong to the file
     * @return what its arrays are like, by name
     * @throws IOException if reading fails, or the header is damaged or of another format
     */
    public static Map<String, Spec> specs(InputStream in, long length) throws IOException {
        Map<String, Spec> specs = new LinkedHashMap<>();
        header(new DataInputStream(in), length).entries().forEach(e -> specs.put(e.name(), e.spec()));
        return specs;
    }

    private static SafeTensorsHeader header(DataInputStream data, long length) throws IOException {
        if (length < LENGTH_BYTES) {
            throw SafeTensorsHeader.damaged("a file has at least " + LENGTH_BYTES + " bytes, got " + length);
        }
        long headerBytes = Long.reverseBytes(data.readLong());
        if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES || headerBytes > length - LENGTH_BYTES) {
            throw SafeTensorsHeader.damaged("the header's length must be at most " + MAX_HEADER_BYTES
                    + " and fit the file of " + length + " bytes, got " + Long.toUnsignedString(headerBytes));
        }
        byte[] text = new byte[(int) headerBytes];
        data.readFully(text);
        return SafeTensorsHeader.parse(text, length - LENGTH_BYTES - headerBytes);
    }

    private static NDArray readData(DataInputStream in, Spec spec) throws IOException {
        NDArray a = NDArray.empty(spec.shape(), spec.dtype());
        long bytes = a.size() * a.dtype().bytes();
        byte[] chunk = new byte[(int) Math.min(bytes, CHUNK)];
        try (HostView host = a.write()) {
            for (long at = 0; at < bytes; at += chunk.length) {
                int n = (int) Math.min(chunk.length, bytes - at);
                in.readFully(chunk, 0, n);
                host.put(at, chunk, 0, n);
            }
        }
        return a;
    }
}

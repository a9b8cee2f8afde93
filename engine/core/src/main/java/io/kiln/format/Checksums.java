package io.kiln.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * CRC-32C (RFC 3720) of each slice of a file, so that damage is detected and located while the file is read. As JSON:
 * {@code {"bytes":n,"slice":m,"crc32c":["a1b2c3d4", …]}}, with one checksum for each {@code m} bytes.
 *
 * @param bytes length of the file
 * @param slice bytes of a slice; the last one may be shorter
 * @param sums the slices' checksums
 */
public record Checksums(long bytes, int slice, List<Integer> sums) {
    /** Default number of bytes per slice. */
    public static final int SLICE = 16 << 20;

    /**
     * Checksums of a file.
     *
     * @throws IllegalArgumentException if the number of checksums differs from that of the slices
     */
    public Checksums {
        if (bytes < 0 || slice < 1 || sums.size() != bytes / slice + (bytes % slice == 0 ? 0 : 1)) {
            throw new IllegalArgumentException("checksums: " + bytes + " bytes in slices of " + slice + " cannot have "
                    + sums.size() + " checksums: they are damaged");
        }
        sums = List.copyOf(sums);
    }

    /** {@return the checksums as JSON} */
    public JsonNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("bytes", bytes).put("slice", slice);
        ArrayNode array = json.putArray("crc32c");
        sums.forEach(s -> array.add(text(s)));
        return json;
    }

    /**
     * Reads the result of {@link #toJson}.
     *
     * @param json the checksums
     * @return the checksums
     * @throws IllegalArgumentException if they are damaged
     */
    public static Checksums fromJson(JsonNode json) {
        JsonNode bytes = json.path("bytes");
        JsonNode slice = json.path("slice");
        JsonNode array = json.path("crc32c");
        if (!bytes.canConvertToLong() || !slice.canConvertToInt() || !array.isArray()) {
            throw new IllegalArgumentException("checksums: expected bytes, slice and crc32c, got " + shorten(json));
        }
        List<Integer> sums = new ArrayList<>(array.size());
        for (JsonNode s : array) {
            try {
                sums.add(Integer.parseUnsignedInt(s.asText(), 16));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("checksums: expected a number in base 16, got " + shorten(s), e);
            }
        }
        return new Checksums(bytes.asLong(), slice.asInt(), sums);
    }

    private static String shorten(JsonNode json) {
        String s = json.toString();
        return s.length() > 100 ? s.substring(0, 100) + "…" : s;
    }

    private static String text(int sum) {
        return String.format(Locale.ROOT, "%08x", sum);
    }

    /**
     * Forwards bytes and computes their checksums.
     *
     * <p>Concurrency: one thread at a time.
     */
    public static final class Output extends FilterOutputStream {
        private final int slice;
        private final CRC32C crc = new CRC32C();
        private final List<Integer> sums = new ArrayList<>();
        private long written;

        /**
         * Opens a stream.
         *
         * @param out the destination; closed with this stream
         * @param slice bytes of a slice
         */
        public Output(OutputStream out, int slice) {
            super(out);
            if (slice < 1) {
                throw new IllegalArgumentException("checksums: a slice has at least 1 byte, got " + slice);
            }
            this.slice = slice;
        }

        /**
         * Opens a stream with slices of {@link Checksums#SLICE} bytes.
         *
         * @param out the destination; closed with this stream
         */
        public Output(OutputStream out) {
            this(out, SLICE);
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] from, int offset, int count) throws IOException {
            Objects.checkFromIndexSize(offset, count, from.length);
            out.write(from, offset, count);
            int at = offset;
            int left = count;
            while (left > 0) {
                int n = (int) Math.min(left, slice - written % slice);
                crc.update(from, at, n);
                written += n;
                at += n;
                left -= n;
                if (written % slice == 0) {
                    sums.add((int) crc.getValue());
                    crc.reset();
                }
            }
        }

        /** {@return the checksums of everything written so far} */
        public Checksums checksums() {
            List<Integer> all = new ArrayList<>(sums);
            if (written % slice != 0) {
                all.add((int) crc.getValue());
            }
            return new Checksums(written, slice, all);
        }
    }

    /**
     * Reads bytes and compares their checksums, each slice before its first byte is returned.
     *
     * @param in the stream; closed with the one returned
     * @return a stream of the checked bytes, whose methods throw {@link IOException} if the data are damaged
     */
    public InputStream check(InputStream in) {
        return new Input(in);
    }

    private final class Input extends InputStream {
        private final InputStream in;
        private byte[] current = new byte[0];
        private int at;
        private int next;

        Input(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int count) throws IOException {
            Objects.checkFromIndexSize(offset, count, to.length);
            if (count == 0) {
                return 0;
            }
            if (at == current.length && !fill()) {
                return -1;
            }
            int n = Math.min(count, current.length - at);
            System.arraycopy(current, at, to, offset, n);
            at += n;
            return n;
        }

        private boolean fill() throws IOException {
            if (next == sums.size()) {
                return false;
            }
            long begin = (long) next * slice;
            int n = (int) Math.min(slice, bytes - begin);
            current = in.readNBytes(n);
            at = 0;
            if (current.length < n) {
                throw new EOFException("must have " + bytes + " bytes, ends after " + (begin + current.length));
            }
            CRC32C crc = new CRC32C();
            crc.update(current, 0, n);
            int sum = (int) crc.getValue();
            if (sum != sums.get(next)) {
                throw new IOException("bytes " + begin + " to " + (begin + n) + " must have checksum "
                        + text(sums.get(next)) + ", got " + text(sum) + ": they are damaged");
            }
            next++;
            return true;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}

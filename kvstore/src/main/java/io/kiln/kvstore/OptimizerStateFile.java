package io.kiln.kvstore;

import io.kiln.ndarray.DType;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A file of optimizer states. Big-endian: the bytes "KLNOPT" and a u16 version (1); the rule's JSON as text; i32 number
 * of keys; per key: u8 kind (0 number, 1 name), i32 number or text, i64 updates, text dtype, i64 elements, i32 number
 * of arrays, then the arrays' bytes in their memory order (little-endian). A text is an i32 length and UTF-8 bytes.
 */
final class OptimizerStateFile {
    private static final byte[] MAGIC = "KLNOPT".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int MAX_ARRAYS = 16;

    private OptimizerStateFile() {}

    /** The states of one key. */
    record State(KVKey key, long updates, DType dtype, long size, List<byte[]> arrays) {}

    /** The content of a file: the rule's JSON and the states. */
    record Content(String rule, List<State> states) {}

    static void write(Path file, Content content) throws IOException {
        try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            out.write(MAGIC);
            out.writeShort(VERSION);
            text(out, content.rule);
            out.writeInt(content.states.size());
            for (State s : content.states) {
                out.writeByte(s.key.isNumber() ? 0 : 1);
                if (s.key.isNumber()) {
                    out.writeInt(s.key.number());
                } else {
                    text(out, s.key.name());
                }
                out.writeLong(s.updates);
                text(out, s.dtype.name());
                out.writeLong(s.size);
                out.writeInt(s.arrays.size());
                for (byte[] a : s.arrays) {
                    out.write(a);
                }
            }
        }
    }

    private static void text(DataOutputStream out, String s) throws IOException {
        byte[] b = s.getBytes(StandardCharsets.UTF_8);
        out.writeInt(b.length);
        out.write(b);
    }

    static Content read(Path file) throws IOException {
        return new Reader(file).read();
    }

    /** Tracks how much of the file is left, so that impossible lengths are rejected. */
    private static final class Reader {
        private final Path file;
        private long left;

        Reader(Path file) throws IOException {
            this.file = file;
            this.left = Files.size(file);
        }

        Content read() throws IOException {
            try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
                byte[] magic = bytes(in, MAGIC.length);
                if (!Arrays.equals(magic, MAGIC)) {
                    throw bad("does not begin with KLNOPT");
                }
                take(2);
                int version = in.readUnsignedShort();
                if (version != VERSION) {
                    throw bad("has version %d, expected %d".formatted(version, VERSION));
                }
                String rule = text(in);
                int keys = count(in, "keys", Integer.MAX_VALUE);
                List<State> states = new ArrayList<>();
                for (int i = 0; i < keys; i++) {
                    states.add(state(in));
                }
                if (left != 0) {
                    throw bad("has %d bytes after its end".formatted(left));
                }
                return new Content(rule, states);
            }
        }

        private State state(DataInputStream in) throws IOException {
            take(1);
            KVKey key;
            if (in.readByte() == 0) {
                take(4);
                key = KVKey.of(in.readInt());
            } else {
                key = KVKey.of(text(in));
            }
            take(8);
            long updates = in.readLong();
            DType dtype = dtype(text(in));
            take(8);
            long size = in.readLong();
            int arrays = count(in, "arrays", MAX_ARRAYS);
            if (updates < 0 || size < 0 || size > left || size * dtype.bytes() > Integer.MAX_VALUE) {
                throw bad("key %s: impossible counts: %d updates, %d elements".formatted(key, updates, size));
            }
            List<byte[]> content = new ArrayList<>();
            for (int i = 0; i < arrays; i++) {
                content.add(bytes(in, size * dtype.bytes()));
            }
            return new State(key, updates, dtype, size, content);
        }

        private DType dtype(String name) throws IOException {
            try {
                return DType.valueOf(name);
            } catch (IllegalArgumentException e) {
                throw bad("has an unknown dtype " + name);
            }
        }

        private int count(DataInputStream in, String of, int most) throws IOException {
            take(4);
            int n = in.readInt();
            if (n < 0 || n > most || n > left) {
                throw bad("announces %d %s with %d bytes left".formatted(n, of, left));
            }
            return n;
        }

        private String text(DataInputStream in) throws IOException {
            return new String(bytes(in, count(in, "characters", Integer.MAX_VALUE)), StandardCharsets.UTF_8);
        }

        private byte[] bytes(DataInputStream in, long n) throws IOException {
            take(n);
            return in.readNBytes((int) n);
        }

        private void take(long n) throws IOException {
            if (n > left) {
                throw bad("ends %d bytes too early".formatted(n - left));
            }
            left -= n;
        }

        private IOException bad(String what) {
            return new IOException("optimizer states: %s %s".formatted(file, what));
        }
    }
}

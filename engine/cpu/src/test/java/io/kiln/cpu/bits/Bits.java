package io.kiln.cpu.bits;

import io.kiln.ndarray.NDArray;
import io.kiln.op.table.Sample;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Hashes by name. Two arrays have the same hash if shape, type and the bits of all elements are the same; -0 differs from 0, but
 * one NaN does not differ from another, as nobody promises the payload of a NaN.
 */
final class Bits {
    private static final int LONGEST_NAME = 200;

    private final Map<String, String> hashes;
    private final String prefix;

    Bits() {
        this(new TreeMap<>(), "");
    }

    private Bits(Map<String, String> hashes, String prefix) {
        this.hashes = hashes;
        this.prefix = prefix;
    }

    /** The same file, with names below this one. */
    Bits within(String name) {
        return new Bits(hashes, prefix + name + " | ");
    }

    /** Adds what was computed from samples; null stands for a gradient that there is not. */
    void add(String name, List<Sample> samples) {
        MessageDigest digest = sha256();
        for (Sample s : samples) {
            update(digest, s);
        }
        put(name, digest);
    }

    /** Adds what arrays hold. */
    void add(String name, NDArray... arrays) {
        add(name, Arrays.stream(arrays).map(Sample::of).toList());
    }

    /** Adds numbers. */
    void add(String name, double... numbers) {
        MessageDigest digest = sha256();
        update(digest, numbers);
        put(name, digest);
    }

    /** {@return a line per name, sorted by name} */
    List<String> lines() {
        return hashes.entrySet().stream()
                .map(e -> e.getValue() + " " + e.getKey())
                .toList();
    }

    private void put(String name, MessageDigest digest) {
        String full = (prefix + name).replace('\n', ' ');
        if (full.length() > LONGEST_NAME) {
            MessageDigest rest = sha256();
            rest.update(full.getBytes(StandardCharsets.UTF_8));
            full = full.substring(0, LONGEST_NAME) + "… " + hex(rest);
        }
        String unique = full;
        for (int i = 2; hashes.containsKey(unique); i++) {
            unique = full + " #" + i;
        }
        hashes.put(unique, hex(digest));
    }

    private static void update(MessageDigest digest, Sample s) {
        if (s == null) {
            digest.update((byte) 0);
            return;
        }
        digest.update((s.dtype() + " " + s.shape()).getBytes(StandardCharsets.UTF_8));
        update(digest, s.values());
    }

    private static void update(MessageDigest digest, double... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES);
        for (double v : values) {
            bytes.putLong(Double.doubleToLongBits(v));
        }
        digest.update(bytes.array());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest(), 0, 6);
    }
}

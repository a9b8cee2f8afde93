package io.kiln.spark.tensorboard;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes a protocol buffer message: fields by number, in the order of the calls. Has only the four wire types that
 * event files use.
 */
final class Message {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH = 2;
    private static final int FIXED32 = 5;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message number(int field, long value) {
        key(field, VARINT);
        varint(value);
        return this;
    }

    Message real(int field, double value) {
        key(field, FIXED64);
        fixed(Double.doubleToLongBits(value), Long.BYTES);
        return this;
    }

    Message real32(int field, float value) {
        key(field, FIXED32);
        fixed(Float.floatToIntBits(value), Integer.BYTES);
        return this;
    }

    Message text(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
        return bytes(field, value.toBytes());
    }

    Message packed(int field, double... values) {
        key(field, LENGTH);
        varint((long) Double.BYTES * values.length);
        for (double v : values) {
            fixed(Double.doubleToLongBits(v), Double.BYTES);
        }
        return this;
    }

    private Message bytes(int field, byte[] value) {
        key(field, LENGTH);
        varint(value.length);
        out.writeBytes(value);
        return this;
    }

    private void key(int field, int type) {
        varint((long) field << 3 | type);
    }

    private void varint(long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private void fixed(long bits, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (bits >>> 8 * i));
        }
    }

    byte[] toBytes() {
        return out.toByteArray();
    }
}

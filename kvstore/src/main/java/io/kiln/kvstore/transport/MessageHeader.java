package io.kiln.kvstore.transport;

import java.nio.ByteBuffer;

/**
 * The header of every message: 56 bytes, big-endian.
 *
 * <pre>
 *  0 u32 magic "KLN1"   4 u8 kind   5 u8 zero × 3   8 i64 × 2 group   24 i32 epoch
 * 28 i32 from          32 i32 to   36 i64 tag      44 i32 check      48 i64 bytes
 * </pre>
 *
 * @param kind what the message is
 * @param group the job's random name
 * @param from sending rank
 * @param to receiving rank
 * @param tag identifies the message among those from this sender
 * @param check the purpose of the message
 * @param bytes length of the payload
 */
record MessageHeader(Kind kind, GroupId group, int from, int to, long tag, int check, long bytes) {
    static final int BYTES = 56;
    private static final int MAGIC = 0x4b4c4e31;

    /** Kinds of message; the ordinal is on the wire. */
    enum Kind {
        /** First message on a connection. */
        HELLO,
        /** The sender is alive. */
        HEARTBEAT,
        /** The receiver of a large message has its memory ready. */
        CLEAR,
        /** A payload follows. */
        DATA,
        /** The group has failed: the tag is the failed rank, the payload says why. */
        ABORT,
        /** The sender has finished. */
        GOODBYE
    }

    ByteBuffer encode(int payload) {
        ByteBuffer b = ByteBuffer.allocate(BYTES + payload);
        b.putInt(MAGIC).put((byte) kind.ordinal()).put((byte) 0).putShort((short) 0);
        b.putLong(group.high()).putLong(group.low()).putInt(group.epoch());
        return b.putInt(from).putInt(to).putLong(tag).putInt(check).putLong(bytes);
    }

    ByteBuffer encode() {
        return encode(0).flip();
    }

    /** Reads a header and moves past it; rejects anything that is not exactly a header of this version. */
    static MessageHeader decode(ByteBuffer b) {
        if (b.remaining() < BYTES) {
            throw new IllegalArgumentException(
                    "message: header needs %d bytes, got %d".formatted(BYTES, b.remaining()));
        }
        int magic = b.getInt();
        if (magic != MAGIC) {
            throw new IllegalArgumentException(
                    "message: magic must be %08x, got %08x: not a Kiln peer, or another version"
                            .formatted(MAGIC, magic));
        }
        int kind = b.get();
        int zero = b.get() | b.getShort();
        if (kind < 0 || kind >= Kind.values().length || zero != 0) {
            throw new IllegalArgumentException("message: unknown kind %d".formatted(kind));
        }
        GroupId group = new GroupId(b.getLong(), b.getLong(), b.getInt());
        MessageHeader h = new MessageHeader(
                Kind.values()[kind], group, b.getInt(), b.getInt(), b.getLong(), b.getInt(), b.getLong());
        if (h.bytes < 0) {
            throw new IllegalArgumentException("message: negative length %d".formatted(h.bytes));
        }
        return h;
    }
}

package io.kiln.spark.tensorboard;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** TFRecord: each record as u64 length, masked CRC-32C of it, the bytes, masked CRC-32C of these; numbers little-endian. */
final class Records {
    private static final int MASK = 0xa282ead8;

    private Records() {}

    static void write(OutputStream out, byte... record) throws IOException {
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        length.putLong(record.length);
        out.write(length.array());
        out.write(checksum(length.array()));
        out.write(record);
        out.write(checksum(record));
    }

    private static byte[] checksum(byte... bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        int masked = Integer.rotateRight((int) crc.getValue(), 15) + MASK;
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(masked)
                .array();
    }
}

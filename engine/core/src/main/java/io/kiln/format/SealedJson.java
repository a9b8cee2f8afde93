package io.kiln.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * JSON objects that hold their own checksum: the CRC-32C (RFC 3720) of all other fields, in their order and without spaces, as
 * field {@code crc32c} in base 16.
 */
public final class SealedJson {
    /** The field that holds the checksum. */
    public static final String FIELD = "crc32c";

    private SealedJson() {}

    /**
     * Adds the checksum.
     *
     * @param json an object; a checksum that it has is replaced
     */
    public static void seal(ObjectNode json) {
        json.put(FIELD, checksum(json));
    }

    /**
     * Compares the checksum.
     *
     * @param json what was read
     * @throws IOException if the checksum is missing or does not match the content
     */
    public static void check(JsonNode json) throws IOException {
        if (!json.isObject() || !json.has(FIELD)) {
            throw new IOException("the checksum is missing: the JSON is damaged");
        }
        String expected = json.path(FIELD).asText();
        String got = checksum(json);
        if (!expected.equals(got)) {
            throw new IOException("the JSON must have checksum " + expected + ", got " + got + ": it is damaged");
        }
    }

    private static String checksum(JsonNode json) {
        ObjectNode rest = json.deepCopy();
        rest.remove(FIELD);
        CRC32C crc = new CRC32C();
        crc.update(rest.toString().getBytes(StandardCharsets.UTF_8));
        return Long.toHexString(crc.getValue());
    }
}

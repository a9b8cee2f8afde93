package io.kiln.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteChunksTest {
    private static byte[] random(int n) {
        byte[] b = new byte[n];
        new Random(n).nextBytes(b);
        return b;
    }

    @Test
    void chunksHoldWhatWasWrittenWhateverTheirSize() throws IOException {
        byte[] content = random(10_000);
        for (int chunk : new int[] {1, 7, 4096, 9_999, 10_000, 1 << 20}) {
            ByteChunks b = ByteChunks.write(chunk, out -> {
                out.write(content[0]);
                out.write(content, 1, 5_000);
                out.write(content, 5_001, 4_999);
            });
            assertEquals(content.length, b.length());
            assertArrayEquals(content, b.toByteArray());
            try (InputStream in = b.open()) {
                assertArrayEquals(content, in.readAllBytes());
            }
            assertEquals(ByteChunks.of(content), b);
            assertEquals(ByteChunks.of(content).hashCode(), b.hashCode());
        }
        byte[] other = content.clone();
        other[9_000]++;
        assertNotEquals(ByteChunks.of(other), ByteChunks.of(content));
        assertTrue(ByteChunks.write(out -> {}).isEmpty());
    }

    @Test
    void noChunkIsLongerThanTheLimit() throws IOException {
        List<Integer> sizes = new ArrayList<>();
        try (ChunkingOutputStream out = new ChunkingOutputStream(5_000, c -> sizes.add(c.length))) {
            out.write(random(12_000));
        }
        assertEquals(List.of(5_000, 5_000, 2_000), sizes);
    }

    @Test
    void aStreamThatEndsEarlyIsSaidToDoSo() {
        EOFException e = assertThrows(
                EOFException.class, () -> ByteChunks.read(new ByteArrayInputStream(new byte[5]), 1L << 40));
        assertEquals("bytes: the stream ends after 5 of 1099511627776", e.getMessage());
    }

    @Test
    void whatCannotBeWrittenIsAnError() {
        assertThrows(
                UncheckedIOException.class,
                () -> ByteChunks.write(out -> {
                    throw new IOException("full");
                }));
    }

    @Test
    void damageIsFoundWithItsSlice() throws IOException {
        byte[] content = random(1_000);
        try (Checksums.Output out = new Checksums.Output(new ByteArrayOutputStream(), 300)) {
            out.write(content, 0, 450);
            out.write(content[450]);
            out.write(content, 451, 549);
            Checksums sums = Checksums.fromJson(out.checksums().toJson());
            assertEquals(out.checksums(), sums);
            assertEquals(4, sums.sums().size());
            try (InputStream in = sums.check(new ByteArrayInputStream(content))) {
                assertArrayEquals(content, in.readAllBytes());
            }
            byte[] damaged = content.clone();
            damaged[700] ^= 1;
            try (InputStream in = sums.check(new ByteArrayInputStream(damaged))) {
                assertArrayEquals(Arrays.copyOf(content, 600), in.readNBytes(600));
                IOException e = assertThrows(IOException.class, in::read);
                assertTrue(e.getMessage().startsWith("bytes 600 to 900 must have checksum "), e.getMessage());
            }
            try (InputStream in = sums.check(new ByteArrayInputStream(content, 0, 999))) {
                EOFException e = assertThrows(EOFException.class, in::readAllBytes);
                assertEquals("must have 1000 bytes, ends after 999", e.getMessage());
            }
        }
    }

    @Test
    void checksumsKnowTheCrcOfTheStandard() throws IOException {
        // RFC 3720, B.4: 32 bytes of zeros
        try (Checksums.Output out = new Checksums.Output(new ByteArrayOutputStream())) {
            out.write(new byte[32]);
            assertEquals(
                    "{\"bytes\":32,\"slice\":16777216,\"crc32c\":[\"8a9136aa\"]}",
                    out.checksums().toJson().toString());
        }
    }

    @Test
    void damagedChecksumsAreRefused() throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        for (String json : List.of(
                "{}",
                "{\"bytes\":-1,\"slice\":4,\"crc32c\":[]}",
                "{\"bytes\":5,\"slice\":4,\"crc32c\":[\"0\"]}",
                "{\"bytes\":5,\"slice\":0,\"crc32c\":[\"0\"]}",
                "{\"bytes\":1,\"slice\":4,\"crc32c\":[\"xyz\"]}",
                "{\"bytes\":1e30,\"slice\":4,\"crc32c\":[\"0\"]}")) {
            assertThrows(IllegalArgumentException.class, () -> Checksums.fromJson(mapper.readTree(json)), json);
        }
    }
}

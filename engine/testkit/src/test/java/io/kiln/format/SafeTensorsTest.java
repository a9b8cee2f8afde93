package io.kiln.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Allocator;
import io.kiln.backend.Backends;
import io.kiln.fuzz.Mutations;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static byte[] golden() throws IOException {
        try (InputStream in = SafeTensorsTest.class.getResourceAsStream("golden.safetensors")) {
            return in.readAllBytes();
        }
    }

    @Test
    void readsWhatTheReferenceImplementationWrote() throws IOException {
        SafeTensors.Contents c = SafeTensors.read(golden());
        Map<String, NDArray> t = c.tensors();
        assertEquals(Map.of("made by", "numpy"), c.metadata());
        assertEquals(9, t.size());
        assertEquals(new Spec(Shape.of(2, 3), DType.FLOAT32), t.get("f32").spec());
        assertArrayEquals(
                new float[] {1.5f, -2.5f, 3, 0, 1e-30f, Float.POSITIVE_INFINITY},
                t.get("f32").toFloatArray());
        assertEquals(Math.PI, t.get("f64").item());
        assertArrayEquals(new float[] {1.5f, -65504}, t.get("f16").toFloatArray());
        assertArrayEquals(new int[] {-2, -1, 0, 1, 2}, t.get("i32").toIntArray());
        assertArrayEquals(new long[] {(1L << 53) + 1}, t.get("i64").toLongArray());
        assertArrayEquals(new int[] {0, 255}, t.get("u8").toIntArray());
        assertArrayEquals(new byte[] {1, 0, 1}, t.get("bool").toByteArray());
        assertEquals(Shape.of(0, 3), t.get("empty").shape());
        assertEquals(7, t.get("ünï").item());
    }

    @Test
    void readsOneArrayAfterAnother() throws IOException {
        Map<String, NDArray> all = SafeTensors.read(golden()).tensors();
        List<String> names = new ArrayList<>();
        List<NDArray> seen = new ArrayList<>();
        SafeTensors.forEach(ByteChunks.of(golden()), (name, a) -> {
            assertTrue(seen.stream().allMatch(NDArray::isClosed));
            assertArrayEquals(
                    all.get(name).cast(DType.FLOAT64).toDoubleArray(),
                    a.cast(DType.FLOAT64).toDoubleArray());
            names.add(name);
            seen.add(a);
        });
        assertEquals(List.copyOf(all.keySet()), names);
        assertTrue(seen.stream().allMatch(NDArray::isClosed));
    }

    @Test
    void writesByteForByteWhatTheReferenceImplementationReads() throws IOException {
        SafeTensors.Contents c = SafeTensors.read(golden());
        SafeTensors.Contents again = SafeTensors.read(SafeTensors.toBytes(c.tensors(), c.metadata()));
        assertEquals(c.metadata(), again.metadata());
        assertEquals(c.tensors().keySet(), again.tensors().keySet());
        c.tensors().forEach((n, a) -> {
            assertEquals(a.spec(), again.tensors().get(n).spec());
            assertArrayEquals(a.toByteArray(), again.tensors().get(n).toByteArray(), n);
        });
    }

    @Test
    void dataAreAligned() {
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        tensors.put("a", NDArray.of(Shape.of(3), DType.UINT8, (byte) 1, (byte) 2, (byte) 3));
        tensors.put("b", NDArray.of(Shape.of(1), 1.0));
        byte[] bytes = SafeTensors.toBytes(tensors, Map.of());
        long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertEquals(0, header % 8);
        assertEquals(1.0, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getDouble(8 + (int) header));
        assertEquals(8 + header + 11, bytes.length);
    }

    @Test
    void stridedArraysAreWrittenInRowMajorOrder() throws IOException {
        NDArray t = NDArray.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f).transpose();
        NDArray read = SafeTensors.read(SafeTensors.toBytes(Map.of("t", t), Map.of()))
                .tensors()
                .get("t");
        assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, read.toFloatArray());
    }

    @Test
    void arraysLargerThanAChunkSurvive() throws IOException {
        NDArray big = NDArray.arange(0, 300_001, 1, DType.FLOAT64);
        NDArray read = SafeTensors.read(SafeTensors.toBytes(Map.of("big", big), Map.of()))
                .tensors()
                .get("big");
        assertArrayEquals(big.toDoubleArray(), read.toDoubleArray());
    }

    @Test
    void aFileIsReplacedOnlyWhenTheNewOneIsComplete(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("w.safetensors");
        SafeTensors.write(file, Map.of("x", NDArray.of(1f)), Map.of());
        SafeTensors.write(file, Map.of("x", NDArray.of(2f)), Map.of());
        NDArray closed = NDArray.of(3f);
        closed.close();
        assertThrows(IllegalStateException.class, () -> SafeTensors.write(file, Map.of("x", closed), Map.of()));
        assertEquals(2, SafeTensors.read(file).tensors().get("x").item());
        try (Stream<Path> files = Files.list(dir)) {
            assertEquals(1, files.count(), "temporary files are removed");
        }
    }

    @Test
    void aFailingStreamIsReported() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        assertThrows(IOException.class, () -> SafeTensors.write(full, Map.of("x", NDArray.of(1f)), Map.of()));
    }

    private static byte[] file(String header, int dataBytes) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer b = ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        return b.putLong(text.length).put(text).array();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                " {}",
                "{} {}",
                "{\"a\":1}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}",
                "{\"a\":{\"dtype\":\"F8\",\"shape\":[8],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}",
                "{\"a\":{\"dtype\":\"F64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                        + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                "{\"__metadata__\":{\"x\":1},\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                "{\"__metadata__\":3,\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            })
    void damagedHeadersAreRefused(String header) {
        IOException e = assertThrows(IOException.class, () -> SafeTensors.read(file(header, 8)));
        assertTrue(e.getMessage().startsWith("safetensors: "), e.getMessage());
    }

    @Test
    void headerLengthsAreCheckedBeforeMemoryIsTaken() {
        for (long length : new long[] {-1, Long.MAX_VALUE, 1L << 40, SafeTensors.MAX_HEADER_BYTES + 1, 100}) {
            byte[] bytes = ByteBuffer.allocate(20)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(length)
                    .array();
            assertThrows(IOException.class, () -> SafeTensors.read(bytes));
        }
        assertThrows(IOException.class, () -> SafeTensors.read(new byte[7]));
    }

    @Test
    void aStreamThatEndsEarlyIsReported() throws IOException {
        byte[] bytes = golden();
        InputStream in = new java.io.ByteArrayInputStream(bytes, 0, bytes.length - 3);
        assertThrows(IOException.class, () -> SafeTensors.read(in, bytes.length));
    }

    @Test
    void damagedFilesAreRefusedOrReadAsOtherNumbersWithoutHugeAllocation() throws IOException {
        Allocator memory = Backends.current().allocator();
        memory.resetPeak();
        long before = memory.liveBytes();
        int refused = Mutations.run(golden(), 1000, IOException.class, new String[] {"safetensors: "}, copy -> {
            try (Scope mutation = Scope.open()) {
                SafeTensors.read(copy);
            }
        });
        assertTrue(refused > 300, "refused " + refused);
        assertFalse(refused == 1000, "changed numbers are still numbers");
        assertTrue(memory.peakBytes() - before < 1 << 20, "peak " + (memory.peakBytes() - before));
    }

    @Test
    void aFileThatCannotBeReadIsNamedOnceWithTheReason(@TempDir Path folder) {
        Path missing = folder.resolve("weights.safetensors");
        IOException e = assertThrows(IOException.class, () -> SafeTensors.read(missing));
        assertEquals("safetensors: " + missing + ": there is no such file", e.getMessage());
    }
}

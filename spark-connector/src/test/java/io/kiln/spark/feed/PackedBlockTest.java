package io.kiln.spark.feed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.unsafe.Platform;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class PackedBlockTest {
    private static float[] row(PackedBlock b, int row, int width) {
        try (HostView to = HostView.allocate(4L * width)) {
            b.column(0).copyRow(row, to.address());
            float[] r = new float[width];
            to.get(0, r, 0, width);
            return r;
        }
    }

    private static void addDense(BlockBuilder to, double label, double weight, float... features) {
        to.column(0).fixed(features, Platform.FLOAT_ARRAY_OFFSET);
        to.end(label, weight);
    }

    private static void addSparse(BlockBuilder to, double label, int[] indices, float... features) {
        to.column(0).sparse(indices, features);
        to.end(label, 1);
    }

    private static Field field(DType dtype, Field.Lengths lengths, long... rowShape) {
        return new Field("x", List.of("x"), List.of(), dtype, Field.sizes(rowShape), lengths, null);
    }

    private static BlockBuilder builder(boolean validation, int partition, int width) {
        return new BlockBuilder(validation, partition, List.of(field(DType.FLOAT32, null, width)));
    }

    @Test
    void denseRowsComeBackAsTheyWent() {
        BlockBuilder builder = builder(false, 3, 2);
        addDense(builder, 1, 0.5, 1, 2);
        addDense(builder, 0, 2, -3, 4);
        PackedBlock b = new PackedBlock(builder.build());
        assertEquals(2, b.rows());
        assertEquals(3, b.partition());
        assertEquals(0.5, b.weight(0));
        assertEquals(1, b.label(0));
        assertArrayEquals(new float[] {-3, 4}, row(b, 1, 2));
        assertArrayEquals(new float[] {-3, 4}, row(new PackedBlock(b.slice(1, 2)), 0, 2));
        assertEquals(1, new PackedBlock(b.slice(1, 2)).firstRow());
    }

    @Test
    void sparseRowsStaySparseInABlockAndAreDenseInABatch() {
        BlockBuilder builder = builder(false, 0, 1000);
        addSparse(builder, 0, new int[] {3, 999}, 5, 6);
        addSparse(builder, 1, new int[0]);
        addSparse(builder, 2, new int[] {7}, 8);
        PackedBlock b = new PackedBlock(builder.build());
        assertEquals(PackedColumn.SPARSE, b.column(0).kind());
        float[] first = row(b, 0, 1000);
        assertEquals(5, first[3]);
        assertEquals(6, first[999]);
        assertEquals(0, first[4]);
        assertEquals(8, row(new PackedBlock(b.slice(1, 3)), 1, 1000)[7]);
        assertEquals(0, row(new PackedBlock(b.slice(1, 3)), 0, 1000)[7]);
    }

    @Test
    void denseAndSparseRowsMayStandInOneColumn() {
        BlockBuilder builder = builder(false, 0, 3);
        addDense(builder, 0, 1, 1, 2, 3);
        addSparse(builder, 0, new int[] {1}, 9);
        PackedBlock dense = new PackedBlock(builder.build());
        assertArrayEquals(new float[] {0, 9, 0}, row(dense, 1, 3));
        addSparse(builder, 0, new int[] {1}, 9);
        addDense(builder, 0, 1, 1, 0, 3);
        PackedBlock sparse = new PackedBlock(builder.build());
        assertArrayEquals(new float[] {1, 0, 3}, row(sparse, 1, 3));
        assertEquals(2, sparse.firstRow());
    }

    @Test
    void bytesStayBytes() {
        BlockBuilder builder = new BlockBuilder(true, 0, List.of(field(DType.UINT8, null, 3)));
        builder.column(0).fixed(new byte[] {1, (byte) 200, 3}, Platform.BYTE_ARRAY_OFFSET);
        builder.end(0, 1);
        PackedBlock b = new PackedBlock(builder.build());
        byte[] row = new byte[3];
        try (HostView to = HostView.allocate(3)) {
            b.column(0).copyRow(0, to.address());
            to.get(0, row, 0, 3);
        }
        assertEquals((byte) 200, row[1]);
    }

    @Test
    void fieldsOfSeveralKindsStandInOneBlockAndItsSlices() {
        Field.Lengths any = new Field.Lengths(0, List.of(), false);
        List<Field> fields =
                List.of(field(DType.INT64, null, 2), field(DType.INT32, any, -1), field(DType.FLOAT32, any, -1, -1));
        BlockBuilder builder = new BlockBuilder(false, 1, fields);
        for (int i = 0; i < 3; i++) {
            builder.column(0).fixed(new long[] {i, 1L << 40}, Platform.LONG_ARRAY_OFFSET);
            int[] tokens = new int[i + 1];
            Arrays.fill(tokens, 10 + i);
            builder.column(1).sequence(i + 1, tokens, Platform.INT_ARRAY_OFFSET);
            builder.column(2).nested(new int[] {i, 2}, 2, new float[] {1, 2, 3, 4}, Platform.FLOAT_ARRAY_OFFSET);
            builder.end(i, 1);
        }
        PackedBlock whole = new PackedBlock(builder.build());
        for (PackedBlock b : List.of(whole, new PackedBlock(whole.slice(1, 3)))) {
            int last = b.rows() - 1;
            assertEquals(2, b.label(last));
            assertEquals(3, b.column(1).length(last));
            assertEquals(2, b.column(2).innerLength(last));
            assertEquals(1, b.column(2).innerLength(last - 1, 0));
            try (HostView to = HostView.allocate(64)) {
                to.fill((byte) 0);
                b.column(0).copyRow(last, to.address());
                assertEquals(2, Platform.getLong(null, to.address()));
                assertEquals(1L << 40, Platform.getLong(null, to.address() + 8));
                to.fill((byte) 0);
                b.column(1).copySequence(last - 1, to.address());
                assertEquals(11, Platform.getInt(null, to.address() + 4));
                assertEquals(0, Platform.getInt(null, to.address() + 8));
                to.fill((byte) 0);
                b.column(2).copyNested(last - 1, to.address(), 3);
                float[] row = new float[6];
                to.get(0, row, 0, 6);
                assertArrayEquals(new float[] {1, 0, 0, 2, 3, 0}, row);
            }
        }
    }

    @Test
    void sequencesArePaddedToBuckets() {
        Field.Lengths some = new Field.Lengths(0, List.of(), false);
        int[] lengths = {0, 1, 2, 3, 4, 5, 7, 9, 13, 17, 100};
        int[] expected = {1, 1, 2, 3, 4, 6, 8, 12, 16, 24, 128};
        for (int i = 0; i < lengths.length; i++) {
            assertEquals(expected[i], some.padded(lengths[i]));
        }
        assertEquals(64, new Field.Lengths(0, List.of(16, 64), false).padded(17));
    }

    @Test
    void errorsTravelAsBlocks() {
        assertEquals("row 7 is bad", new PackedBlock(PackedBlock.error(1, "row 7 is bad")).error());
    }

    @Test
    void damagedBlocksAreRefused() {
        assertThrows(IllegalStateException.class, () -> new PackedBlock(new byte[64]));
        assertThrows(IllegalStateException.class, () -> new PackedBlock(new byte[3]));
    }
}

package io.kiln.spark.feed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.kiln.ndarray.HostView;
import org.apache.spark.unsafe.Platform;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class PackedBlockTest {
    private static float[] row(PackedBlock b, int row, int width) {
        try (HostView to = HostView.allocate(4L * width)) {
            b.copyRow(row, to);
            float[] r = new float[width];
            to.get(0, r, 0, width);
            return r;
        }
    }

    private static void addDense(BlockBuilder to, double label, double weight, float... features) {
        to.add(label, weight, features, Platform.FLOAT_ARRAY_OFFSET);
    }

    @Test
    void denseRowsComeBackAsTheyWent() {
        BlockBuilder builder = new BlockBuilder(false, 3, 2);
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
        BlockBuilder builder = new BlockBuilder(false, 0, 1000);
        builder.add(0, 1, new int[] {3, 999}, new float[] {5, 6});
        builder.add(1, 1, new int[0], new float[0]);
        builder.add(2, 1, new int[] {7}, new float[] {8});
        PackedBlock b = new PackedBlock(builder.build());
        assertEquals(PackedBlock.SPARSE, b.kind());
        float[] first = row(b, 0, 1000);
        assertEquals(5, first[3]);
        assertEquals(6, first[999]);
        assertEquals(0, first[4]);
        assertEquals(8, row(new PackedBlock(b.slice(1, 3)), 1, 1000)[7]);
        assertEquals(0, row(new PackedBlock(b.slice(1, 3)), 0, 1000)[7]);
    }

    @Test
    void denseAndSparseRowsMayStandInOneColumn() {
        BlockBuilder builder = new BlockBuilder(false, 0, 3);
        addDense(builder, 0, 1, 1, 2, 3);
        builder.add(0, 1, new int[] {1}, new float[] {9});
        PackedBlock dense = new PackedBlock(builder.build());
        assertArrayEquals(new float[] {0, 9, 0}, row(dense, 1, 3));
        builder.add(0, 1, new int[] {1}, new float[] {9});
        addDense(builder, 0, 1, 1, 0, 3);
        PackedBlock sparse = new PackedBlock(builder.build());
        assertArrayEquals(new float[] {1, 0, 3}, row(sparse, 1, 3));
        assertEquals(2, sparse.firstRow());
    }

    @Test
    void bytesStayBytes() {
        BlockBuilder builder = new BlockBuilder(true, 0, 3);
        builder.add(0, 1, new byte[] {1, (byte) 200, 3});
        PackedBlock b = new PackedBlock(builder.build());
        byte[] row = new byte[3];
        try (HostView to = HostView.allocate(3)) {
            b.copyRow(0, to);
            to.get(0, row, 0, 3);
        }
        assertEquals((byte) 200, row[1]);
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

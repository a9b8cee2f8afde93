package io.kiln.spark.feed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.unsafe.Platform;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class CsrFieldTest {
    private static final int WIDTH = 100;
    private static final Field FIELD =
            new Field("x", List.of("x"), List.of(), DType.FLOAT32, List.of((long) WIDTH), null, null);

    private static void sparse(BlockBuilder to, int[] indices, float... values) {
        to.column(0).sparse(indices, values);
        to.end(0, 1);
    }

    private static NDArray[] csr(Batch batch, BlockBuilder rows) {
        batch.fill(new PackedBlock(rows.build()));
        return batch.csr(0);
    }

    private static Batch batch(int capacity) {
        Batch.Part part = FIELD.part().asSparse();
        return new Batch(Backends.current(), new Batch.Form(capacity, List.of(part)));
    }

    @Test
    void sparseRowsBecomeACsrMatrixWhosePaddingIsZero() {
        BlockBuilder rows = new BlockBuilder(false, 0, List.of(FIELD));
        sparse(rows, new int[0]);
        sparse(rows, new int[] {3, 99}, 5, 6);
        sparse(rows, new int[] {0, 7, 8}, 1, 2, 3);
        sparse(rows, new int[0]);
        try (Scope scope = Scope.open();
                Batch batch = batch(4)) {
            NDArray[] parts = csr(batch, rows);
            assertArrayEquals(new int[] {3, 99, 0, 7, 8, 8}, parts[0].toIntArray());
            assertArrayEquals(new float[] {5, 6, 1, 2, 3, 0}, parts[1].toFloatArray());
            assertArrayEquals(new int[] {0, 0, 2, 5, 6}, parts[2].toIntArray());
        }
    }

    @Test
    void denseRowsOfAColumnBecomeSparse() {
        BlockBuilder rows = new BlockBuilder(false, 0, List.of(FIELD));
        float[] dense = new float[WIDTH];
        dense[4] = 2;
        dense[50] = -1;
        rows.column(0).fixed(dense, Platform.FLOAT_ARRAY_OFFSET);
        rows.end(0, 1);
        sparse(rows, new int[] {9}, 7);
        try (Scope scope = Scope.open();
                Batch batch = batch(2)) {
            NDArray[] parts = csr(batch, rows);
            assertArrayEquals(new int[] {4, 50, 9}, parts[0].toIntArray());
            assertArrayEquals(new float[] {2, -1, 7}, parts[1].toFloatArray());
            assertArrayEquals(new int[] {0, 2, 3}, parts[2].toIntArray());
        }
    }

    @Test
    void aBatchIsFilledAgainWithMoreElementsAndWithNone() {
        try (Scope scope = Scope.open();
                Batch batch = batch(2)) {
            BlockBuilder rows = new BlockBuilder(false, 0, List.of(FIELD));
            sparse(rows, new int[] {1}, 1);
            assertEquals(1, csr(batch, rows)[0].size());
            sparse(rows, new int[] {1, 2, 3, 4}, 1, 2, 3, 4);
            sparse(rows, new int[] {5}, 5);
            assertArrayEquals(new int[] {1, 2, 3, 4, 5, 5}, csr(batch, rows)[0].toIntArray());
            sparse(rows, new int[0]);
            NDArray[] none = csr(batch, rows);
            assertEquals(0, none[0].size());
            assertArrayEquals(new int[] {0, 0}, none[2].toIntArray());
        }
    }

    @Test
    void wideSparseRowsShareABlock() {
        Field wide = new Field("x", List.of("x"), List.of(), DType.FLOAT32, List.of(1L << 20), null, null);
        BlockBuilder rows = new BlockBuilder(false, 0, List.of(wide));
        for (int i = 0; i < 1000 && !rows.isFull(); i++) {
            sparse(rows, new int[] {i}, 1);
        }
        assertEquals(1000, rows.rows());
    }

    private static InternalRow vector(int[] indices, double... values) {
        InternalRow v = new GenericInternalRow(new Object[] {
            (byte) 0, WIDTH, UnsafeArrayData.fromPrimitiveArray(indices), UnsafeArrayData.fromPrimitiveArray(values)
        });
        return new GenericInternalRow(new Object[] {v});
    }

    @Test
    void unsortedAndRepeatedIndicesAreSortedAndAdded() {
        FeatureReader reader = new FeatureReader("x", SQLDataTypes.VectorType(), WIDTH);
        assertNull(reader.read(vector(new int[] {9, 2, 9}, 1, 5, 3), 0));
        BlockBuilder rows = new BlockBuilder(false, 0, List.of(FIELD));
        reader.addTo(rows.column(0));
        rows.end(0, 1);
        try (Scope scope = Scope.open();
                Batch batch = batch(1)) {
            NDArray[] parts = csr(batch, rows);
            assertArrayEquals(new int[] {2, 9}, parts[0].toIntArray());
            assertArrayEquals(new float[] {5, 4}, parts[1].toFloatArray());
        }
    }

    @Test
    void indicesOutOfRangeAreToldAndNotSkipped() {
        FeatureReader reader = new FeatureReader("x", SQLDataTypes.VectorType(), WIDTH);
        assertEquals(
                "has index 100, expected 0 to 99; fix or drop such rows",
                reader.read(vector(new int[] {2, 100}, 1, 1), 0));
        assertEquals(false, reader.isInvalid());
        assertEquals(
                "has index -1, expected 0 to 99; fix or drop such rows", reader.read(vector(new int[] {-1}, 1), 0));
        assertEquals(
                "has 2 indices and 1 values, expected as many of both", reader.read(vector(new int[] {1, 2}, 1), 0));
    }
}

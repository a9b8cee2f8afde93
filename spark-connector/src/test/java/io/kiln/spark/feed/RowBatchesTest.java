package io.kiln.spark.feed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class RowBatchesTest {
    private static RowBatches batches(int width, int capacity) {
        Field field = new Field(
                "x",
                List.of("x"),
                List.of(SQLDataTypes.VectorType()),
                DType.FLOAT32,
                List.of((long) width),
                null,
                null);
        return new RowBatches(List.of(field), capacity, Set.of(0));
    }

    private static InternalRow sparse(int width, int... indices) {
        double[] ones = new double[indices.length];
        Arrays.fill(ones, 1);
        return row((byte) 0, width, UnsafeArrayData.fromPrimitiveArray(indices), ones);
    }

    private static InternalRow dense(double... values) {
        return row((byte) 1, null, null, values);
    }

    private static InternalRow row(byte type, Integer size, UnsafeArrayData indices, double... values) {
        return new GenericInternalRow(new Object[] {
            new GenericInternalRow(new Object[] {type, size, indices, UnsafeArrayData.fromPrimitiveArray(values)})
        });
    }

    @Test
    void aDenseVectorInFrontDoesNotMakeABatchOfWideRowsDense() {
        int width = 1 << 20;
        double[] first = new double[width];
        first[7] = 2;
        first[width - 1] = 3;
        try (RowBatches batches = batches(width, 512)) {
            assertNull(batches.add(dense(first)));
            for (int i = 1; i < 512; i++) {
                assertNull(batches.add(sparse(width, i)));
            }
            batches.run(b -> {
                assertTrue(b.isSparse(0));
                NDArray[] csr = b.csr(0);
                int[] indices = csr[0].toIntArray();
                assertEquals(7, indices[0]);
                assertEquals(width - 1, indices[1]);
                assertEquals(511, indices[512]);
                assertArrayEquals(new float[] {2, 3, 1}, Arrays.copyOf(csr[1].toFloatArray(), 3));
                return List.of();
            });
        }
    }

    @Test
    void fewDenseRowsReserveMemoryForThemselvesOnly() {
        try (RowBatches batches = batches(3, 1 << 20)) {
            batches.add(dense(1, 2, 3));
            batches.add(sparse(3, 1));
            batches.run(b -> {
                assertFalse(b.isSparse(0));
                assertEquals(2, b.capacity());
                assertArrayEquals(new float[] {1, 2, 3, 0, 1, 0}, b.features().toFloatArray());
                return List.of();
            });
            batches.add(dense(1, 2, 3));
            batches.add(dense(4, 5, 6));
            batches.add(dense(7, 8, 9));
            batches.run(b -> {
                assertArrayEquals(
                        new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, b.features().toFloatArray());
                return List.of();
            });
        }
    }
}

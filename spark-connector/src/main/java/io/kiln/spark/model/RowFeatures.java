package io.kiln.spark.model;

import io.kiln.spark.feed.FeatureType;
import io.kiln.spark.feed.Float32;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;

/**
 * Reads features from rows as a Transformer gets them.
 *
 * @param column name of the features' column, for messages
 * @param ordinal its place
 * @param type its kind
 * @param width expected number of features
 */
record RowFeatures(String column, int ordinal, FeatureType type, int width) implements Serializable {
    /** Writes a row's features into an array. */
    void read(Row row, float[] to, int at) {
        if (row.isNullAt(ordinal)) {
            throw bad("is null; fill or drop such rows");
        }
        switch (type) {
            case VECTOR -> vector(row.getAs(ordinal), to, at);
            case BYTES -> bytes(row.getAs(ordinal), to, at);
            default -> list(row.getList(ordinal), to, at);
        }
    }

    private void vector(Vector v, float[] to, int at) {
        check(v.size());
        java.util.Arrays.fill(to, at, at + width, 0);
        v.foreachActive((i, x) -> {
            to[at + (Integer) i] = checked((Double) x, (Integer) i);
            return scala.runtime.BoxedUnit.UNIT;
        });
    }

    private void bytes(byte[] b, float[] to, int at) {
        check(b.length);
        for (int i = 0; i < width; i++) {
            to[at + i] = b[i] & 0xff;
        }
    }

    private void list(List<? extends Number> values, float[] to, int at) {
        check(values.size());
        int i = 0;
        for (Number n : values) {
            if (n == null) {
                throw bad("has null as feature %d; fill or drop such rows".formatted(i));
            }
            to[at + i] = checked(n.doubleValue(), i);
            i++;
        }
    }

    private float checked(double x, int index) {
        float f = (float) x;
        String wrong = Float32.fits(f) ? null : Float32.wrong(index, x);
        if (wrong != null) {
            throw bad(wrong);
        }
        return f;
    }

    private void check(int got) {
        if (got != width) {
            throw bad("has %d features, the model was trained with %d".formatted(got, width));
        }
    }

    private IllegalArgumentException bad(String what) {
        return new IllegalArgumentException("features: column \"%s\" %s".formatted(column, what));
    }
}

package io.kiln.spark.feed;

import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;

/** The kinds of columns that features are read from. */
public enum FeatureType {
    /** MLlib vectors, dense and sparse; packed as float32. */
    VECTOR,
    /** {@code array<float>}. */
    FLOATS,
    /** {@code array<double>}; packed as float32. */
    DOUBLES,
    /** {@code binary}: one unsigned byte per feature. */
    BYTES;

    /**
     * The kind of a column.
     *
     * @param column the column's name, for the message
     * @param type the column's type
     * @return the kind
     * @throws IllegalArgumentException when features cannot be read from such a column
     */
    public static FeatureType of(String column, DataType type) {
        if (type.equals(SQLDataTypes.VectorType())) {
            return VECTOR;
        } else if (type instanceof BinaryType) {
            return BYTES;
        } else if (type instanceof ArrayType a && a.elementType() instanceof FloatType) {
            return FLOATS;
        } else if (type instanceof ArrayType a && a.elementType() instanceof DoubleType) {
            return DOUBLES;
        }
        throw new IllegalArgumentException(
                "features: column \"%s\" is of type %s; expected a vector, array<float>, array<double> or binary (uint8);%s"
                        .formatted(
                                column,
                                type.catalogString(),
                                " assemble numeric columns with VectorAssembler, turn text into numbers first"));
    }
}

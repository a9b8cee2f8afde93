package io.kiln.spark.feed;

import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;

/** The kinds of columns from which features can be read. */
public enum FeatureType {
    /** MLlib vectors, dense and sparse; packed as float32. */
    VECTOR,
    /** {@code array<float>}. */
    FLOATS,
    /** {@code array<double>}; packed as float32. */
    DOUBLES,
    /** Arrays of other numbers or of booleans; packed as float32. */
    NUMBERS,
    /** A single number or boolean; packed as float32. */
    NUMBER,
    /** {@code binary}: one unsigned byte per feature. */
    BYTES;

    /**
     * Returns the kind of a column.
     *
     * @param column the column's name, for the message
     * @param type the column's type
     * @return the kind
     * @throws IllegalArgumentException if features cannot be read from such a column
     */
    public static FeatureType of(String column, DataType type) {
        if (type.equals(SQLDataTypes.VectorType())) {
            return VECTOR;
        } else if (type instanceof BinaryType) {
            return BYTES;
        } else if (Numbers.isNumber(type)) {
            return NUMBER;
        } else if (type instanceof ArrayType a && a.elementType() instanceof FloatType) {
            return FLOATS;
        } else if (type instanceof ArrayType a && a.elementType() instanceof DoubleType) {
            return DOUBLES;
        } else if (type instanceof ArrayType a && Numbers.isNumber(a.elementType())) {
            return NUMBERS;
        }
        throw new IllegalArgumentException(
                "features: column \"%s\" is of type %s; expected a vector, a number or boolean, an array of these, or binary (uint8);%s"
                        .formatted(
                                column,
                                type.catalogString(),
                                " convert text to numbers first, such as with StringIndexer"));
    }
}

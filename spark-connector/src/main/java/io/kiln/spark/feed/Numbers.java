package io.kiln.spark.feed;

import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.ShortType;

/** Reads numbers of any SQL type, and booleans as 0 and 1, from rows and arrays. */
final class Numbers {
    private Numbers() {}

    static boolean isNumber(DataType type) {
        return type instanceof NumericType || type instanceof BooleanType;
    }

    /** Reads the number at an index that is not null. */
    static double read(SpecializedGetters from, int at, DataType type) {
        if (type instanceof DoubleType) {
            return from.getDouble(at);
        } else if (type instanceof FloatType) {
            return from.getFloat(at);
        } else if (type instanceof IntegerType) {
            return from.getInt(at);
        } else if (type instanceof LongType) {
            return from.getLong(at);
        } else if (type instanceof ShortType) {
            return from.getShort(at);
        } else if (type instanceof ByteType) {
            return from.getByte(at);
        } else if (type instanceof BooleanType) {
            return from.getBoolean(at) ? 1 : 0;
        }
        DecimalType d = (DecimalType) type;
        return from.getDecimal(at, d.precision(), d.scale()).toDouble();
    }

    static boolean isWhole(DataType type) {
        return type instanceof IntegralType;
    }
}

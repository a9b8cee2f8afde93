package io.kiln.ndarray;

import java.util.Locale;

/** Element types of arrays. The order of the constants is the order of promotion within one kind. */
public enum DType {
    /** Truth values, one byte each, 0 or 1. */
    BOOL(1, Kind.BOOLEAN),
    /** Unsigned 8-bit integers. */
    UINT8(1, Kind.INTEGER),
    /** Signed 32-bit integers. */
    INT32(4, Kind.INTEGER),
    /** Signed 64-bit integers. */
    INT64(8, Kind.INTEGER),
    /** IEEE 754 binary16: storage and casts; arithmetic runs in float32. */
    FLOAT16(2, Kind.FLOATING),
    /** bfloat16, the upper half of a float32: storage and casts; arithmetic runs in float32. */
    BFLOAT16(2, Kind.FLOATING),
    /** IEEE 754 binary32. */
    FLOAT32(4, Kind.FLOATING),
    /** IEEE 754 binary64. */
    FLOAT64(8, Kind.FLOATING);

    private enum Kind {
        BOOLEAN,
        INTEGER,
        FLOATING
    }

    private final int bytes;
    private final Kind kind;

    DType(int bytes, Kind kind) {
        this.bytes = bytes;
        this.kind = kind;
    }

    /**
     * Size of one element.
     *
     * @return bytes per element
     */
    public int bytes() {
        return bytes;
    }

    /**
     * Whether this is a floating-point type.
     *
     * @return true for float16, bfloat16, float32 and float64
     */
    public boolean isFloating() {
        return kind == Kind.FLOATING;
    }

    /**
     * Whether this is an integer type; bool is not.
     *
     * @return true for uint8, int32 and int64
     */
    public boolean isInteger() {
        return kind == Kind.INTEGER;
    }

    /**
     * The dtype of the result of arithmetic on two dtypes: floating wins over integer, integer over bool; within a kind
     * the wider one wins; float16 with bfloat16 gives float32.
     *
     * @param other the other operand's type
     * @return the common dtype
     */
    public DType promote(DType other) {
        if (this == other) {
            return this;
        }
        if (kind != other.kind) {
            return kind.ordinal() > other.kind.ordinal() ? this : other;
        }
        if (kind == Kind.FLOATING && bytes == 2 && other.bytes == 2) {
            return FLOAT32;
        }
        return ordinal() > other.ordinal() ? this : other;
    }

    /** {@return the name as in NumPy, such as {@code float32}} */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

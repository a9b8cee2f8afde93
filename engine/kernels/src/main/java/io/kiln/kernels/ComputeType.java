package io.kiln.kernels;

import io.kiln.ndarray.DType;

/** A type in which kernels compute. */
enum ComputeType {
    /** For float32 and the types of 16 bits. */
    FLOAT("float", DType.FLOAT32),
    /** For float64, on devices that have it. */
    DOUBLE("double", DType.FLOAT64),
    /** For integers and booleans. */
    LONG("long", DType.INT64);

    private final String word;
    private final DType dtype;

    ComputeType(String word, DType dtype) {
        this.word = word;
        this.dtype = dtype;
    }

    /** The type in which numbers of a dtype are computed with. */
    static ComputeType of(DType dtype) {
        return !dtype.isFloating() ? LONG : dtype == DType.FLOAT64 ? DOUBLE : FLOAT;
    }

    /** The word of the dialect. */
    String word() {
        return word;
    }

    /** The array type of the same numbers. */
    DType dtype() {
        return dtype;
    }

    /** The macros that choose it. */
    String macros() {
        return "-DT=" + word + " -DT_" + name();
    }

    /** Whether a device computes in it. */
    boolean isOn(KernelDevice device) {
        return this != DOUBLE || device.hasDoubles();
    }

    /** Numbers as a struct or a buffer of this type. */
    Object numbers(double... values) {
        switch (this) {
            case FLOAT -> {
                float[] numbers = new float[values.length];
                for (int i = 0; i < numbers.length; i++) {
                    numbers[i] = (float) values[i];
                }
                return numbers;
            }
            case LONG -> {
                long[] numbers = new long[values.length];
                for (int i = 0; i < numbers.length; i++) {
                    numbers[i] = (long) values[i];
                }
                return numbers;
            }
            default -> {
                return values;
            }
        }
    }
}

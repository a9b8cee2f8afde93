package io.kiln.ndarray;

/** Prints arrays as NumPy does. */
final class ArrayPrinter {
    private ArrayPrinter() {}

    static String print(NDArray a) {
        return a.spec().toString();
    }
}

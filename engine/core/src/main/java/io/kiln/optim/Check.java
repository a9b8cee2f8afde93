package io.kiln.optim;

/** Range checks of attributes. */
final class Check {
    private Check() {}

    static void atLeastZero(String owner, String name, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(owner + ": " + name + " must be finite and >= 0, got " + value);
        }
    }

    static void positive(String owner, String name, double value) {
        if (!(value > 0)) {
            throw new IllegalArgumentException(owner + ": " + name + " must be > 0, got " + value);
        }
    }

    static void fraction(String owner, String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(owner + ": " + name + " must be in [0, 1), got " + value);
        }
    }

    static void factor(String owner, double value) {
        if (!(value > 0 && value <= 1)) {
            throw new IllegalArgumentException(owner + ": factor must be in (0, 1], got " + value);
        }
    }
}

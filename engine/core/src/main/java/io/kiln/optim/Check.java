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

    static void share(String owner, String name, double value) {
        if (!(value > 0 && value <= 1)) {
            throw new IllegalArgumentException(owner + ": " + name + " must be in (0, 1], got " + value);
        }
    }

    static void factor(String owner, double value) {
        share(owner, "factor", value);
    }

    /** Checks the attributes of optimizers with moving averages of the gradient and of its square. */
    static void moments(String owner, double beta1, double beta2, double epsilon) {
        fraction(owner, "beta1", beta1);
        fraction(owner, "beta2", beta2);
        positive(owner, "epsilon", epsilon);
    }

    /** Checks the attributes of optimizers with a moving average of the gradient's square. */
    static void meanSquare(String owner, double rho, double epsilon) {
        fraction(owner, "rho", rho);
        positive(owner, "epsilon", epsilon);
    }
}

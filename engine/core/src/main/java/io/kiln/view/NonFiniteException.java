package io.kiln.view;

/** Thrown when a {@link NonFiniteDetector} finds an operator that returned NaN or infinity. */
public final class NonFiniteException extends ArithmeticException {
    private static final long serialVersionUID = 1;

    /**
     * Creates an exception.
     *
     * @param message names block, operator and inputs
     */
    public NonFiniteException(String message) {
        super(message);
    }
}

package io.kiln.view;

/** A {@link NonFiniteDetector} found an operator that returned NaN or infinity. */
public final class NonFiniteException extends ArithmeticException {
    private static final long serialVersionUID = 1;

    /**
     * An exception.
     *
     * @param message names block, operator and inputs
     */
    public NonFiniteException(String message) {
        super(message);
    }
}

package io.kiln.view;

/** An operator gave NaN or infinity while a {@link NonFiniteDetector} was looking. */
public final class NonFiniteException extends ArithmeticException {
    private static final long serialVersionUID = 1;

    /**
     * An exception.
     *
     * @param message names block, operator and what it was given
     */
    public NonFiniteException(String message) {
        super(message);
    }
}

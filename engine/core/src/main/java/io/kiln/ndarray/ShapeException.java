package io.kiln.ndarray;

/**
 * Thrown when the shapes of an operation's arrays do not fit; the message names operation, argument, expected and got.
 */
public class ShapeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message operation, argument, expected, got, remedy
     */
    public ShapeException(String message) {
        super(message);
    }
}

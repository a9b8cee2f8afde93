package io.kiln.kvstore;

/**
 * Thrown when a call on a store, or on the layers below it, cannot be carried out. The message says what was expected.
 */
public class KVStoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message operation, argument, expected, got, remedy
     */
    public KVStoreException(String message) {
        super(message);
    }

    /**
     * Creates an exception with a cause.
     *
     * @param message operation, argument, expected, got, remedy
     * @param cause the underlying failure
     */
    public KVStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}

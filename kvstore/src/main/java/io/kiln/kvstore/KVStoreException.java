package io.kiln.kvstore;

/** A call on a store, or on what it stands on, that could not be carried out. The message says what was expected. */
public class KVStoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message operation, argument, expected, got, remedy
     */
    public KVStoreException(String message) {
        super(message);
    }

    /**
     * Makes one with a cause.
     *
     * @param message operation, argument, expected, got, remedy
     * @param cause what lies beneath
     */
    public KVStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}

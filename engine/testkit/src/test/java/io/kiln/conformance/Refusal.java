package io.kiln.conformance;

/** Kiln has no operator, or not this option of it, for a case; the message says which. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refusal(String what) {
        super(what);
    }
}

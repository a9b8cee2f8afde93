package io.kiln.optim;

/** Thrown when gradients overflow float16 at the smallest loss scale: no further step is possible. */
public final class LossScaleException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    LossScaleException(String message) {
        super(message);
    }
}

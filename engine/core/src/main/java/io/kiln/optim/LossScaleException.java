package io.kiln.optim;

/** Gradients overflow float16 at the smallest scale of the loss: no step can be made any more. */
public final class LossScaleException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    LossScaleException(String message) {
        super(message);
    }
}

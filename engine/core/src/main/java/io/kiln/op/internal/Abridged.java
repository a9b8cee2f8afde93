package io.kiln.op.internal;

import io.kiln.op.Operator;

/**
 * An operator that leaves out results that its gradient would otherwise compute again. Where a gradient will be taken and the backend keeps
 * no {@linkplain io.kiln.backend.Backend#residuals residuals} of it, the operator that returns them, behind the same outputs, takes its
 * place on the tape and in compiled training steps.
 */
public interface Abridged extends Operator {
    /**
     * The operator that takes its place.
     *
     * @return an operator of the same inputs with more outputs
     */
    Operator unabridged();
}

package io.kiln.optim;

/** How {@link Adam} corrects the bias of its moving averages, which start at zero. */
public enum BiasCorrection {
    /** \(w \leftarrow w - \eta\, \hat m / (\sqrt{\hat v} + \epsilon)\): Algorithm 1 of the paper. */
    EXACT,
    /**
     * \(w \leftarrow w - \eta \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} m / (\sqrt v + \epsilon)\): the paper's remark on
     * efficiency at the end of its section 2, in which epsilon stays outside the correction.
     */
    EFFICIENT
}

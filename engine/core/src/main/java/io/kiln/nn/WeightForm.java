package io.kiln.nn;

/** How a layer's weight follows from its parameters; rows are the weight's axis 0, flattened behind it. */
public enum WeightForm {
    /** The weight is the parameter {@code weight}. */
    PLAIN,
    /**
     * Weight normalisation: \(w_i = g_i\, v_i / \|v_i\|\) for each row, with \(v\) the parameter {@code weight} and \(g\)
     * the parameter {@code gain}, which begins with ones. T. Salimans, D. Kingma, NeurIPS 2016.
     */
    WEIGHT_NORM,
    /**
     * Spectral normalisation: \(w = v / \sigma(v)\), where \(\sigma\) is the largest singular value, by one step of power
     * iteration per forward pass from the vector that {@code direction} remembers; passes in train mode move it. T. Miyato
     * et al., ICLR 2018.
     */
    SPECTRAL_NORM
}

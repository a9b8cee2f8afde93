package io.kiln.nn;

/**
 * How a layer's weight is computed from its parameters; rows are the weight's axis 0, with the other axes flattened.
 */
public enum WeightForm {
    /** The weight is the parameter {@code weight}. */
    PLAIN,
    /**
     * Weight normalisation: \(w_i = g_i\, v_i / \|v_i\|\) for each row, with \(v\) the parameter {@code weight} and
     * \(g\) the parameter {@code gain}, which is initialized to ones. T. Salimans, D. Kingma, NeurIPS 2016.
     */
    WEIGHT_NORM,
    /**
     * Spectral normalisation: \(w = v / \sigma(v)\), where \(\sigma\) is the largest singular value, by one step of
     * power iteration per forward pass from the vector stored in {@code direction}; passes in train mode update it. T.
     * Miyato et al., ICLR 2018.
     */
    SPECTRAL_NORM
}

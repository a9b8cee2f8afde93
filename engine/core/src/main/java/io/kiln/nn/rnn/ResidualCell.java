package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;

/** Adds the input to the output of a cell, which must have the same shape (Wu et al. 2016). */
public final class ResidualCell extends ModifierCell {
    /**
     * Creates a cell.
     *
     * @param base the cell to whose output the input is added
     */
    public ResidualCell(RecurrentCell base) {
        super(base);
    }

    @Override
    protected NDArray[] step(NDArray x, NDArray... states) {
        NDArray[] all = base.callAll(join(x, states));
        all[0] = all[0].add(x);
        return all;
    }

    @Override
    protected Steps run(NDArray[] steps, NDArray[] begin, NDArray lengths, boolean reverse) {
        Steps result = base.run(steps, begin, lengths, reverse);
        for (int t = 0; t < steps.length; t++) {
            result.outputs()[t] = result.outputs()[t].add(steps[t]);
        }
        return result;
    }
}

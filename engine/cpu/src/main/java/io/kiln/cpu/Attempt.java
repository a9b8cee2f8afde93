package io.kiln.cpu;

import io.kiln.backend.Span;
import io.kiln.ndarray.NDArray;

/** The work of a kernel that may find out at run time that another kernel must do it. */
@FunctionalInterface
public interface Attempt {
    /**
     * Does the work.
     *
     * @param inputs arrays of the planned layouts
     * @param outputs arrays of the planned strides
     * @param workspace memory of the planned size, or null
     * @return whether it is done; if not, the contents of the outputs are undefined
     */
    boolean run(NDArray[] inputs, NDArray[] outputs, Span workspace);
}

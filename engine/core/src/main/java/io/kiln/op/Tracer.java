package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.TraceMeta;

/** Turns calls of operators into nodes of a graph. */
public interface Tracer {
    /**
     * Adds a node.
     *
     * @param operator the operator
     * @param inputs its inputs; arrays with data become constants of the graph
     * @return arrays that stand for its outputs
     */
    NDArray[] apply(Operator operator, NDArray... inputs);

    /** A value of a graph under construction. */
    interface Value extends TraceMeta {
        /**
         * The tracer that takes a call of an operator on this value.
         *
         * @return the value's own, or that of a body that the thread traces inside its graph
         */
        Tracer tracer();
    }
}

package io.kiln.compile;

import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;

/**
 * A call of a kernel.
 *
 * @param name the node's name
 * @param operator the operator
 * @param inputs slots read
 * @param outputs slots written; of views the slot made
 * @param specs shapes and dtypes of the outputs
 */
record Step(String name, Operator operator, int[] inputs, int[] outputs, Spec[] specs) {}

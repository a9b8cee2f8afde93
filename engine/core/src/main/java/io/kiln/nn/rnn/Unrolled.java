package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;

/**
 * The outputs and final states of a sequence.
 *
 * @param outputs the outputs of all steps, in the layout of the sequence; zeros after the end of a row
 * @param states the states after the last step of each row
 */
public record Unrolled(NDArray outputs, NDArray... states) {}

package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;

/**
 * What a sequence gave.
 *
 * @param outputs the outputs of all steps, in the layout of the sequence; zeros behind the end of a row
 * @param states the states behind the last step of each row
 */
public record Unrolled(NDArray outputs, NDArray... states) {}

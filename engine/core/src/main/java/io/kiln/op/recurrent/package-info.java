/**
 * Recurrent networks over whole sequences (LSTM, GRU, plain), one layer and direction per operator, and operators for sequences of
 * different lengths: {@link io.kiln.op.recurrent.Sequences}. Layers and cells are in {@code io.kiln.nn.rnn}.
 */
package io.kiln.op.recurrent;

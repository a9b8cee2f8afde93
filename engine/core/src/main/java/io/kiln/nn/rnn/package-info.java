/**
 * Recurrent networks. A {@link io.kiln.nn.rnn.RecurrentCell cell} is one step, and is unrolled over a sequence; cells
 * modify and contain each other. A {@link io.kiln.nn.rnn.RecurrentLayer layer} runs the whole sequence, in several
 * layers and both directions, with one operator each.
 *
 * <p>Weights have the layout of libtorch, MXNet and cuDNN: {@code i2h_weight} [gates·hidden, inputs],
 * {@code h2h_weight} [gates·hidden, hidden], {@code i2h_bias} and {@code h2h_bias} [gates·hidden], with gates in the
 * order input, forget, candidate, output (LSTM) and reset, update, candidate (GRU), so their arrays can be used
 * unchanged: libtorch's {@code weight_ih_l0}, {@code weight_hh_l0}, {@code bias_ih_l0}, {@code bias_hh_l0} are a
 * layer's {@code l0_i2h_weight}, {@code l0_h2h_weight}, {@code l0_i2h_bias}, {@code l0_h2h_bias}, which are MXNet's own
 * names. In the reverse direction MXNet's names start with {@code r}, and libtorch's end with {@code _reverse}.
 */
package io.kiln.nn.rnn;

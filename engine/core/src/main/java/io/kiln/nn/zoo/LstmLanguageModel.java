package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Embedding;
import io.kiln.nn.rnn.Lstm;
import io.kiln.nn.rnn.SequenceLayout;
import io.kiln.nn.rnn.Unrolled;

/**
 * A language model of LSTM layers: embedding, dropout, LSTM, dropout, and an output map. W. Zaremba, I. Sutskever, O.
 * Vinyals: Recurrent neural network regularization, 2014. With tied weights the output map is the embedding itself
 * (Press and Wolf, EACL 2017). As a block it takes tokens[N,T] and returns logits[N,T,vocabulary]; given the states h
 * and c [layers,N,hidden] after the tokens, it returns the final states too.
 */
public final class LstmLanguageModel extends Block {
    private final Embedding embedding;
    private final Dropout dropout;
    private final Lstm lstm;
    private final Dense decoder;

    /**
     * Creates a model with embeddings of the size of the states, and a separate output map.
     *
     * @param vocabulary number of words
     * @param hidden size of embeddings and states
     * @param layers number of LSTM layers
     * @param dropout probability that an element before, between and after the layers is dropped in train mode
     */
    public LstmLanguageModel(long vocabulary, long hidden, int layers, double dropout) {
        this(vocabulary, hidden, layers, dropout, false);
    }

    /**
     * Creates a model with embeddings of the size of the states.
     *
     * @param vocabulary number of words
     * @param hidden size of embeddings and states
     * @param layers number of LSTM layers
     * @param dropout probability that an element before, between and after the layers is dropped in train mode
     * @param tied whether the output map is the embedding, without a bias
     */
    public LstmLanguageModel(long vocabulary, long hidden, int layers, double dropout, boolean tied) {
        embedding = addChild("embedding", new Embedding(vocabulary, hidden));
        this.dropout = addChild("dropout", new Dropout(dropout));
        lstm = addChild(
                "lstm",
                Lstm.builder()
                        .hidden(hidden)
                        .layers(layers)
                        .dropout(dropout)
                        .layout(SequenceLayout.NTC)
                        .build());
        decoder = tied
                ? null
                : addChild(
                        "decoder",
                        Dense.builder().units(vocabulary).flatten(false).build());
    }

    @Override
    public NDArray forward(NDArray tokens) {
        return words(lstm.call(dropout.call(embedding.call(tokens))));
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        if (inputs.length == 1) {
            return new NDArray[] {forward(inputs[0])};
        }
        if (inputs.length != 3) {
            throw new IllegalArgumentException(
                    "lstmLanguageModel: takes tokens, or tokens, h and c; got " + inputs.length + " inputs");
        }
        NDArray[] begin = {inputs[1], inputs[2]};
        Unrolled all = lstm.run(dropout.call(embedding.call(inputs[0])), begin, null);
        return new NDArray[] {words(all.outputs()), all.states()[0], all.states()[1]};
    }

    private NDArray words(NDArray y) {
        NDArray dropped = dropout.call(y);
        return decoder != null ? decoder.call(dropped) : Tied.words(dropped, embedding);
    }

    /**
     * The initial states, zeros.
     *
     * @param tokens tokens [N,T]
     * @return h and c, [layers,N,hidden]
     */
    public NDArray[] beginState(NDArray tokens) {
        return lstm.beginState(embedding.call(tokens));
    }
}

package io.kiln.nn.zoo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import org.junit.jupiter.api.Test;

/** Numbers of parameters against what is published, and shapes. */
class SequenceZooTest {
    private static long count(Block network, Shape... inputs) {
        network.inferShapes(inputs);
        return network.parameters().values().stream()
                .filter(Parameter::isTrained)
                .mapToLong(p -> p.shape().size())
                .sum();
    }

    private static final Shape TOKENS = Shape.of(Shape.UNKNOWN, 8);

    /** Zaremba et al.'s medium model, published as 20 million: embedding, 2 layers of 4 gates with two biases, decoder. */
    @Test
    void lstmLanguageModel() {
        long embedding = 10_000 * 650;
        long layer = 4 * 650 * (650 + 650) + 2 * 4 * 650;
        long decoder = 650 * 10_000 + 10_000;
        assertEquals(19_780_400, embedding + 2 * layer + decoder);
        assertEquals(19_780_400, count(new LstmLanguageModel(10_000, 650, 2, 0.5), TOKENS));
        assertEquals(embedding + 2 * layer, count(new LstmLanguageModel(10_000, 650, 2, 0.5, true), TOKENS));
    }

    /** Table 3 of Vaswani et al. says 65 and 213 million, for a vocabulary of about 37,000. */
    @Test
    void transformer() {
        long embedding = 37_000 * 512;
        long attention = 4 * (512 * 512 + 512);
        long inside = 512 * 2048 + 2048 + 2048 * 512 + 512;
        long norm = 2 * 512;
        long encoder = 6 * (attention + inside + 2 * norm);
        long decoder = 6 * (2 * attention + inside + 3 * norm);
        long base = count(Transformer.base(37_000, 64), TOKENS, TOKENS);
        assertEquals(embedding + encoder + decoder, base);
        assertEquals(65e6, base, 0.04 * 65e6);
        assertEquals(213e6, count(Transformer.big(37_000, 64), TOKENS, TOKENS), 0.02 * 213e6);
    }

    /** 109,482,240 and 335,141,888 are those of the published checkpoints' encoders with pooler (110M and 340M in the paper). */
    @Test
    void bert() {
        long embedding = (30_522 + 512 + 2) * 768L + 2 * 768;
        long layer = 4 * (768 * 768 + 768) + 768 * 3072 + 3072 + 3072 * 768 + 768 + 4 * 768;
        long pooler = 768 * 768 + 768;
        assertEquals(109_482_240, embedding + 12 * layer + pooler);
        assertEquals(109_482_240, count(Bert.base(), TOKENS, TOKENS));
        assertEquals(335_141_888, count(Bert.large(), TOKENS, TOKENS));
    }

    /** The numbers of the published checkpoints: 124M, 355M, 774M and 1,558M. */
    @Test
    void gpt2() {
        long embedding = (50_257 + 1024) * 768L;
        long layer = 4 * (768 * 768 + 768) + 768 * 3072 + 3072 + 3072 * 768 + 768 + 4 * 768;
        assertEquals(124_439_808, embedding + 12 * layer + 2 * 768);
        assertEquals(124_439_808, count(Gpt2.small(), TOKENS));
        assertEquals(354_823_168, count(Gpt2.medium(), TOKENS));
        assertEquals(774_030_080, count(Gpt2.large(), TOKENS));
        assertEquals(1_557_611_200, count(Gpt2.extraLarge(), TOKENS));
    }

    @Test
    void outputsHaveTheShapesTheySay() {
        try (Scope scope = Scope.open()) {
            NDArray tokens = NDArray.of(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
            NDArray there = NDArray.of(Shape.of(2, 3), 1, 1, 1, 1, 1, 0);
            LstmLanguageModel lstm = new LstmLanguageModel(9, 4, 2, 0.1);
            assertEquals(Shape.of(2, 3, 9), lstm.forward(tokens).shape());
            NDArray[] begin = lstm.beginState(tokens);
            NDArray[] all = lstm.forwardAll(tokens, begin[0], begin[1]);
            assertEquals(Shape.of(2, 2, 4), all[1].shape());
            NDArray source = tokens.cast(DType.INT64);
            Transformer transformer = new Transformer(9, 5, 1, io.kiln.nn.transformer.TransformerSettings.of(4, 2, 8));
            assertEquals(Shape.of(2, 3, 9), transformer.forwardAll(source, tokens, there)[0].shape());
            NDArray[] bert = new Bert(9, 5, 1, 4, 2).forwardAll(tokens, there, there);
            assertEquals(Shape.of(2, 3, 4), bert[0].shape());
            assertEquals(Shape.of(2, 4), bert[1].shape());
        }
    }
}

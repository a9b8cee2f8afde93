package io.kiln.nn.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.init.Sinusoids;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Embedding;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.rnn.Lstm;
import io.kiln.nn.rnn.SequenceLayout;
import io.kiln.nn.zoo.Gpt2;
import io.kiln.op.attention.Attention;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.optim.Adam;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What attention and transformers do beyond the numbers of {@link GoldenLayersTest}. */
class TransformerTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(9);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static NDArray random(long... dims) {
        return RandomOps.normal(Shape.of(dims), 0, 1, DType.FLOAT32);
    }

    private static void same(NDArray expected, NDArray actual) {
        assertEquals(expected.shape(), actual.shape());
        assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), 1e-5f);
    }

    @Test
    void keysAndValuesThatAreKeptGiveWhatTheWholeSequenceGives() {
        MultiHeadAttention layer = MultiHeadAttention.builder()
                .size(16)
                .heads(4)
                .keyHeads(2)
                .rotary(20)
                .causal(true)
                .build();
        NDArray x = random(2, 7, 8);
        NDArray whole = layer.forward(x);
        NDArray[] first = layer.extend(x.slice(1, 0, 4));
        NDArray[] second = layer.extend(x.slice(1, 4, 5), first[1], first[2]);
        NDArray[] third = layer.extend(x.slice(1, 5, 7), second[1], second[2]);
        same(whole.slice(1, 0, 4), first[0]);
        same(whole.slice(1, 4, 5), second[0]);
        same(whole.slice(1, 5, 7), third[0]);
        assertEquals(Shape.of(2, 2, 7, 4), third[1].shape());
    }

    @Test
    void languageModelGoesOnFromKeptKeysAsFromTheWholeText() {
        Gpt2 model = new Gpt2(11, 9, 2, 8, 2);
        model.initialize(4);
        NDArray text = NDArray.of(Shape.of(1, 6), 3, 1, 4, 1, 5, 9);
        NDArray whole = model.forward(text);
        NDArray[] state = model.extend(text.slice(1, 0, 3));
        for (int i = 3; i < 6; i++) {
            state = model.extend(text.slice(1, i, i + 1), Arrays.copyOfRange(state, 1, state.length));
            same(whole.slice(1, i, i + 1), state[0]);
        }
    }

    @Test
    void rotaryProductsDependOnDistancesOnly() {
        RotaryPositions rotary = new RotaryPositions(50);
        NDArray q = random(1, 1, 6);
        NDArray k = random(1, 1, 6);
        double near = product(rotary.turn(q, 3), rotary.turn(k, 1));
        assertEquals(near, product(rotary.turn(q, 42), rotary.turn(k, 40)), 1e-4);
        assertTrue(Math.abs(near - product(rotary.turn(q, 30), rotary.turn(k, 1))) > 1e-3);
        same(q, rotary.turn(q, 0));
    }

    private static double product(NDArray a, NDArray b) {
        return a.mul(b).sum().item();
    }

    @Test
    void groupsOfQueriesEqualRepeatedKeys() {
        NDArray q = random(2, 2, 3, 5, 4);
        NDArray k = random(2, 2, 1, 5, 4);
        NDArray v = random(2, 2, 1, 5, 4);
        NDArray shared = Attention.scaledDotProduct(q, k, v, null, true);
        Shape all = Shape.of(2, 2, 3, 5, 4);
        same(Attention.scaledDotProduct(q, k.broadcastTo(all), v.broadcastTo(all), null, true), shared);
    }

    @Test
    void dropoutThinsAttentionInTrainModeAndKeepsItsMean() {
        NDArray q = NDArray.zeros(Shape.of(1, 400, 2), DType.FLOAT32);
        NDArray k = NDArray.zeros(Shape.of(1, 50, 2), DType.FLOAT32);
        NDArray v = NDArray.ones(Shape.of(1, 50, 1), DType.FLOAT32);
        NDArray plain = Attention.scaledDotProduct(q, k, v, null, false, 0.4);
        assertEquals(1, plain.min().item(), 1e-6);
        NDArray dropped;
        try (Autograd.Mode train = Autograd.trainMode()) {
            dropped = Attention.scaledDotProduct(q, k, v, null, false, 0.4);
        }
        assertEquals(1, dropped.mean().item(), 0.02);
        assertTrue(dropped.min().item() < 0.9);
    }

    @Test
    void waves() {
        float[] w = new Sinusoids().create(Shape.of(3, 4)).toFloatArray();
        assertEquals(Math.sin(2), w[8], 1e-6);
        assertEquals(Math.cos(2), w[9], 1e-6);
        assertEquals(Math.sin(0.02), w[10], 1e-6);
        assertEquals(Math.cos(0.02), w[11], 1e-6);
        NDArray x = NDArray.zeros(Shape.of(2, 3, 4), DType.FLOAT32);
        assertArrayEquals(w, Arrays.copyOf(new SinusoidalPositions(5).forward(x).toFloatArray(), 12));
    }

    @Test
    void mistakesSayWhatIsWrong() {
        NDArray x = random(2, 3, 4);
        assertThrows(IllegalArgumentException.class, () -> new MultiHeadAttention(6, 4));
        assertThrows(ShapeException.class, () -> new MultiHeadAttention(4, 2).forward(random(3, 4)));
        assertThrows(ShapeException.class, () -> new LearnedPositions(2).forward(x));
        assertThrows(ShapeException.class, () -> new RotaryPositions(9).forward(random(2, 3, 5)));
        assertThrows(ShapeException.class, () -> Attention.scaledDotProduct(x, random(2, 3, 5), x, null, false));
        assertThrows(ShapeException.class, () -> Attention.scaledDotProduct(x, x, x, random(2, 2, 3), false));
        assertThrows(IllegalArgumentException.class, () -> new TransformerDecoder(1, TransformerSettings.of(4, 2, 8))
                .forward(x));
        assertThrows(IllegalArgumentException.class, () -> new Sinusoids(1));
    }

    private static final int SYMBOLS = 6;
    private static final int LENGTH = 5;
    private static final int BATCH = 32;

    /** Trains to give back, behind a separator, the symbols that stood before it, and returns the share of right ones. */
    private static double learnToCopy(Block network, int steps) {
        Random random = new Random(1);
        network.initialize(2);
        Trainer trainer = null;
        int[] right = new int[2];
        for (int step = 0; step < steps + 5; step++) {
            try (Scope inner = Scope.open()) {
                int[] in = new int[BATCH * (2 * LENGTH + 1)];
                int[] out = new int[BATCH * LENGTH];
                for (int n = 0; n < BATCH; n++) {
                    int at = n * (2 * LENGTH + 1);
                    in[at + LENGTH] = SYMBOLS;
                    for (int t = 0; t < LENGTH; t++) {
                        out[n * LENGTH + t] = random.nextInt(SYMBOLS);
                        in[at + t] = out[n * LENGTH + t];
                        in[at + LENGTH + 1 + t] = SYMBOLS + 1 + t;
                    }
                }
                NDArray tokens = NDArray.of(Shape.of(BATCH, 2 * LENGTH + 1), in);
                NDArray label = NDArray.of(Shape.of(BATCH * LENGTH), out);
                NDArray loss;
                NDArray y;
                try (Autograd.Mode record = Autograd.record()) {
                    y = network.call(tokens)
                            .slice(1, LENGTH + 1, 2 * LENGTH + 1)
                            .reshape(BATCH * LENGTH, SYMBOLS);
                    loss = new SoftmaxCrossEntropy().mean(y, label);
                }
                if (step >= steps) {
                    int[] best = y.argMax(1).toIntArray();
                    for (int i = 0; i < best.length; i++) {
                        right[best[i] == out[i] ? 1 : 0]++;
                    }
                    continue;
                }
                Autograd.backward(loss);
                trainer =
                        trainer != null ? trainer : new Trainer(network.parameters(), new UpdateRule(new Adam(), 5e-3));
                trainer.step(1);
            }
        }
        trainer.close();
        network.close();
        return right[1] / (double) (right[0] + right[1]);
    }

    /** Tokens to classes by a body between embedding and a linear map. */
    private static final class Tagger extends Block {
        private final Embedding embedding = addChild("embedding", new Embedding(SYMBOLS + 1 + LENGTH, 32));
        private final LearnedPositions positions = addChild("positions", new LearnedPositions(2 * LENGTH + 1));
        private final Block body;
        private final Dense output =
                addChild("output", Dense.builder().units(SYMBOLS).flatten(false).build());

        Tagger(Block body) {
            this.body = addChild("body", body);
        }

        @Override
        public NDArray forward(NDArray tokens) {
            return output.call(body.call(positions.call(embedding.call(tokens).mul(30))));
        }
    }

    @Tag("long")
    @Test
    void lstmLearnsToCopy() {
        Block lstm = Lstm.builder().hidden(64).layout(SequenceLayout.NTC).build();
        double share = learnToCopy(new Tagger(lstm), 400);
        assertTrue(share > 0.95, "right: " + share);
    }

    @Tag("long")
    @Test
    void transformerLearnsToCopy() {
        Block encoder = new TransformerEncoder(
                2,
                TransformerSettings.of(32, 4, 64)
                        .with(FeedForward.Kind.GELU)
                        .normalisedFirst()
                        .hidingLater());
        double share = learnToCopy(new Tagger(encoder), 300);
        assertTrue(share > 0.95, "right: " + share);
    }

    @Test
    void decoderIsTracedWithItsMemory() {
        TransformerDecoder decoder =
                new TransformerDecoder(2, TransformerSettings.of(8, 2, 16).with(FeedForward.Kind.SWIGLU));
        Spec x = new Spec(Shape.of(Shape.UNKNOWN, 3, 8), DType.FLOAT32);
        Spec memory = new Spec(Shape.of(Shape.UNKNOWN, 5, 8), DType.FLOAT32);
        Spec mask = new Spec(Shape.of(Shape.UNKNOWN, 5), DType.INT32);
        GraphBlock graph = decoder.toGraphBlock(x, memory, mask);
        NDArray[] in = {random(2, 3, 8), random(2, 5, 8), NDArray.of(Shape.of(2, 5), 1, 1, 0, 0, 0, 1, 1, 1, 1, 0)};
        assertArrayEquals(decoder.forwardAll(in)[0].toFloatArray(), graph.forwardAll(in)[0].toFloatArray());
        NDArray other = in[1].copy();
        other.slice(1, 2, 5).slice(0, 0, 1).assign(random(1, 3, 8));
        same(decoder.forwardAll(in)[0].slice(0, 0, 1), decoder.forwardAll(in[0], other, in[2])[0].slice(0, 0, 1));
    }
}

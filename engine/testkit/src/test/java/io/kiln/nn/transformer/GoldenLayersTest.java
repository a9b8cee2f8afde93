package io.kiln.nn.transformer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.rnn.Gru;
import io.kiln.nn.rnn.Lstm;
import io.kiln.nn.rnn.RecurrentLayer;
import io.kiln.nn.rnn.Rnn;
import io.kiln.op.attention.Attention;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers of attention, transformers and recurrent stacks against PyTorch: outputs and gradients of the inputs. */
class GoldenLayersTest {
    private static final JsonNode GOLDEN = Golden.read("nn/transformer/transformer.json");
    private static final int SIZE = 4;
    private static final int HEADS = 2;

    private static final Map<String, Supplier<Block>> BLOCKS = Map.ofEntries(
            Map.entry("cross attention", () -> new MultiHeadAttention(SIZE, HEADS)),
            Map.entry("attention with padding", () -> new MultiHeadAttention(SIZE, HEADS)),
            Map.entry("attention with a mask", () -> new MultiHeadAttention(SIZE, HEADS)),
            Map.entry("encoder layer, post-norm", () -> new TransformerEncoderLayer(settings())),
            Map.entry("encoder layer, pre-norm", () -> new TransformerEncoderLayer(pre())),
            Map.entry("decoder layer, post-norm", () -> new TransformerDecoderLayer(settings())),
            Map.entry("decoder layer, pre-norm", () -> new TransformerDecoderLayer(pre())),
            Map.entry("grouped queries", Grouped::new),
            Map.entry("lstm", () -> lstm(false)),
            Map.entry("lstm with lengths", () -> lstm(true)),
            Map.entry(
                    "lstm with projection",
                    () -> Lstm.builder().hidden(3).layers(2).projection(2).build()),
            Map.entry("gru", () -> sized(Gru.builder(), false).build()),
            Map.entry("gru with lengths", () -> sized(Gru.builder(), true).build()),
            Map.entry("rnn", () -> sized(Rnn.builder(), false).build()),
            Map.entry("rnn with lengths", () -> sized(Rnn.builder(), true).build()));

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** Four heads of queries over two of keys. */
    private static final class Grouped extends Block {
        @Override
        public NDArray forward(NDArray x) {
            throw new UnsupportedOperationException();
        }

        @Override
        public NDArray[] forwardAll(NDArray... in) {
            NDArray q = in[0].reshape(2, 2, 2, 3, 2);
            NDArray y = Attention.scaledDotProduct(q, in[1].expandDims(2), in[2].expandDims(2), null, true);
            return new NDArray[] {y.reshape(in[0].shape())};
        }
    }

    private static TransformerSettings settings() {
        return TransformerSettings.of(SIZE, HEADS, 6);
    }

    private static TransformerSettings pre() {
        return settings().with(FeedForward.Kind.GELU).normalisedFirst();
    }

    private static Block lstm(boolean lengths) {
        return sized(Lstm.builder(), lengths).build();
    }

    private static <B extends RecurrentLayer.Builder<B>> B sized(B builder, boolean lengths) {
        return builder.hidden(3).layers(2).bidirectional(true).useLengths(lengths);
    }

    static Stream<String> names() {
        return BLOCKS.keySet().stream().sorted();
    }

    private static NDArray array(JsonNode node) {
        long[] dims = new long[node.get("shape").size()];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = node.get("shape").get(i).asLong();
        }
        return NDArray.of(Shape.of(dims), Golden.floats(node.get("values")));
    }

    @ParameterizedTest
    @MethodSource("names")
    void outputsAndGradientsEqualPyTorch(String name) {
        JsonNode golden = GOLDEN.get(name);
        Block block = BLOCKS.get(name).get();
        List<NDArray> inputs = new ArrayList<>();
        golden.get("inputs").forEach(n -> inputs.add(array(n)));
        NDArray[] all = inputs.toArray(new NDArray[0]);
        int varied = golden.get("gradients").size();
        for (int i = varied; i < all.length; i++) {
            all[i] = all[i].cast(DType.INT64);
        }
        block.forwardAll(all);
        assertEquals(golden.get("weights").size(), block.parameters().size());
        golden.get("weights")
                .properties()
                .forEach(e -> block.parameters().get(e.getKey()).set(array(e.getValue())));
        for (int i = 0; i < varied; i++) {
            Autograd.attachGradient(all[i]);
        }
        NDArray y;
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            y = block.forwardAll(all)[0];
            loss = y.mul(NDArray.arange(1, y.size() + 1, 1, DType.FLOAT32).reshape(y.shape()))
                    .sum();
        }
        Autograd.backward(loss);
        assertEquals(array(golden.get("output")).shape(), y.shape());
        assertSame(name + ": output", golden.get("output"), y);
        for (int i = 0; i < varied; i++) {
            assertSame(
                    name + ": gradient of input " + i, golden.get("gradients").get(i), Autograd.gradient(all[i]));
        }
    }

    private static void assertSame(String what, JsonNode expected, NDArray actual) {
        Golden.assertClose(
                Golden.doubles(expected.get("values")),
                actual.cast(DType.FLOAT64).toDoubleArray(),
                5e-5,
                what);
    }
}

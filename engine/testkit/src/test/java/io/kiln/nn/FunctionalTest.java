package io.kiln.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.json.BlockJson;
import io.kiln.op.activation.Activation;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FunctionalTest {
    private static final Spec IDS = new Spec(Shape.of(-1), DType.INT32);

    private static Functional ratings() {
        return new Functional("user", "item")
                .add("u", new Embedding(5, 3), "user")
                .add("i", new Embedding(7, 3), "item")
                .add("pair", Merge.concat(1), "u", "i")
                .add("hidden", new Sequential(new Dense(4, Activation.RELU), new Dense(4)), "pair")
                .add("rating", new Dense(1), "hidden")
                .add("liked", new Dense(2), "hidden")
                .outputs("rating", "liked");
    }

    private static NDArray[] run(Graph g, Block block, NDArray... data) {
        Map<String, NDArray> values = new HashMap<>(block.values());
        return g.run(values, data);
    }

    @Test
    void inputsAndOutputsKeepTheirNamesInJson() {
        Graph g = ratings().trace(IDS, IDS);
        Graph again = Graph.fromJson(g.toJson());
        assertEquals(
                List.of("user", "item"),
                again.inputs().stream().map(Graph.Input::name).toList());
        assertEquals(List.of("rating", "liked"), again.outputNames());
        assertEquals(g, again);
        assertEquals(g.outputNames(), new GraphBlock(again).trace(IDS, IDS).outputNames());
    }

    @Test
    void graphsWithoutNamesOfOutputsHaveTheDefaults() {
        Graph one = new Dense(2).trace(new Spec(Shape.of(-1, 3), DType.FLOAT32));
        assertFalse(one.toJson().contains("outputNames"), "older versions can read it");
        assertEquals(List.of("output"), Graph.fromJson(one.toJson()).outputNames());
        assertEquals(List.of("output0", "output1"), Graph.defaultOutputNames(2));
    }

    @Test
    void anyNamedValueCanBeAnOutput() {
        try (Scope scope = Scope.open();
                Functional net = ratings()) {
            net.initialize(1);
            NDArray users = NDArray.of(Shape.of(2), new int[] {1, 4});
            NDArray items = NDArray.of(Shape.of(2), new int[] {6, 0});
            NDArray[] whole = net.callAll(users, items);
            Graph g = net.trace(IDS, IDS);
            Graph part = g.upTo(List.of("liked", "i", "hidden.0", "u/gather"));
            NDArray[] y = run(part, net, users, items);
            assertArrayEquals(whole[1].toFloatArray(), y[0].toFloatArray());
            assertArrayEquals(new long[] {2, 3}, y[1].shape().dims());
            assertArrayEquals(new long[] {2, 4}, y[2].shape().dims());
            Graph itemsOnly = g.upTo(List.of("i"));
            assertEquals(1, itemsOnly.inputs().size(), "users are not needed");
            assertEquals(
                    List.of("i.weight"),
                    itemsOnly.parameters().stream()
                            .map(Graph.ParameterInfo::name)
                            .toList());
            assertArrayEquals(y[1].toFloatArray(), run(itemsOnly, net, items)[0].toFloatArray());
        }
    }

    @Test
    void faultsNameWhatThereIs() {
        Graph g = ratings().trace(IDS, IDS);
        String unknown = assertThrows(IllegalArgumentException.class, () -> g.upTo(List.of("ratings")))
                .getMessage();
        assertTrue(unknown.contains("is named \"ratings\"") && unknown.contains("rating"), unknown);
        String late = assertThrows(
                        IllegalArgumentException.class, () -> new Functional("a").add("x", new Dense(1), "b"))
                .getMessage();
        assertTrue(late.contains("refers to \"b\"; there are inputs [a]"), late);
        Graph two = new Functional("a")
                .add("x", new Parallel(new Dense(1), new Dense(2)), "a")
                .outputs("x", "x:1")
                .trace(new Spec(Shape.of(-1, 3), DType.FLOAT32));
        String several = assertThrows(IllegalArgumentException.class, () -> two.withOutputNames(List.of("p", "q"))
                        .find("x"))
                .getMessage();
        assertTrue(several.contains("2 values leave block \"x\""), several);
        assertThrows(IllegalArgumentException.class, () -> two.withOutputNames(List.of("p", "p")));
    }

    @Test
    void jsonWiresTheSameNetwork() {
        Block read = BlockJson.read(
                """
                {"Functional": {"inputs": ["user", "item"], "outputs": ["rating", "liked"], "steps": [
                  {"name": "u", "block": {"Embedding": {"count": 5, "dimension": 3}}, "inputs": "user"},
                  {"name": "i", "block": {"Embedding": {"count": 7, "dimension": 3}}, "inputs": "item"},
                  {"name": "pair", "block": {"Merge.concat": {"axis": 1}}, "inputs": ["u", "i"]},
                  {"name": "hidden", "block": [{"Dense": {"units": 4, "activation": "relu"}}, {"Dense": {"units": 4}}],
                   "inputs": "pair"},
                  {"name": "rating", "block": {"Dense": {"units": 1}}, "inputs": "hidden"},
                  {"name": "liked", "block": {"Dense": {"units": 2}}, "inputs": "hidden"}]}}""");
        assertEquals(ratings().trace(IDS, IDS).toJson(), read.trace(IDS, IDS).toJson());
    }

    @Test
    void bagsIgnorePaddingAndTakeUnknownLengths() {
        try (Scope scope = Scope.open();
                EmbeddingBag bag = new EmbeddingBag(6, 2)) {
            bag.initialize(3);
            NDArray tokens = NDArray.of(Shape.of(2, 3), new int[] {1, 2, 0, 5, 0, 0});
            float[] byLength = bag.callAll(tokens, NDArray.of(Shape.of(2), new int[] {2, 0}))[0].toFloatArray();
            float[] byMask =
                    bag.callAll(tokens, NDArray.of(Shape.of(2, 3), new float[] {1, 1, 0, 0, 0, 0}))[0].toFloatArray();
            float[] table = bag.values().values().iterator().next().toFloatArray();
            assertArrayEquals(
                    new float[] {(table[2] + table[4]) / 2, (table[3] + table[5]) / 2, 0, 0}, byLength, 1e-6f);
            assertArrayEquals(byLength, byMask, 1e-6f);
            Graph g = bag.trace(new Spec(Shape.of(-1, -1), DType.INT32), IDS);
            assertEquals(
                    List.of("tokens", "tokens_length"),
                    g.inputs().stream().map(Graph.Input::name).toList());
            assertEquals(Shape.of(-1, 2), g.spec(g.outputs().get(0)).shape());
        }
    }
}

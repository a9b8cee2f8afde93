package io.kiln.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.fuzz.Mutations;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Activation;
import io.kiln.op.control.ForEach;
import io.kiln.op.math.MulScalar;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.vision.Interpolate;
import io.kiln.op.vision.InterpolationMode;
import io.kiln.symbol.Symbol;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class GraphJsonTest {
    private static Graph sample() {
        try (GraphBuilder b = GraphBuilder.open()) {
            NDArray x = b.input("x", new Spec(Shape.of(Shape.UNKNOWN, 3, 8, 8), DType.FLOAT32));
            NDArray w = b.input("w", new Spec(Shape.of(4, 3, 3, 3), DType.FLOAT32));
            Convolution conv = new Convolution(List.of(1L, 1L), List.of(1L, 1L), List.of(1L, 1L), 1, Activation.RELU);
            b.enter("stem");
            NDArray y = Dispatch.one(conv, x, w);
            b.leave();
            return b.build(
                    y, Dispatch.one(new MulScalar(Double.NEGATIVE_INFINITY), y).reshape(-1, 4 * 8 * 8));
        }
    }

    @Test
    void aGraphSurvivesTheWayThroughJson() {
        Graph g = sample();
        assertEquals(g, Graph.fromJson(g.toJson()));
        assertEquals(g.toJson(), Graph.fromJson(g.toJson()).toJson());
    }

    @Test
    void attributesYoungerThanAFileHaveTheirDefaults() {
        Graph g;
        try (GraphBuilder b = GraphBuilder.open()) {
            NDArray x = b.input("x", new Spec(Shape.of(2, 3, 8, 8), DType.FLOAT32));
            List<Long> two = List.of(2L, 2L);
            NDArray y = Dispatch.one(new MaxPool(two, two, List.of(0L, 0L)), x);
            y = Dispatch.one(new AvgPool(two, two, List.of(1L, 1L), true), y);
            g = b.build(Dispatch.one(new Interpolate(List.of(5L, 5L), InterpolationMode.LINEAR, true), y));
        }
        String old = g.toJson();
        for (String younger : new String[] {"dilation", "ceilMode", "divisor", "antialias"}) {
            assertTrue(old.contains(younger), old);
            old = old.replaceAll(",\\s*\"" + younger + "\" : (\\[[^\\]]*\\]|\\w+)", "");
            assertFalse(old.contains(younger), old);
        }
        assertEquals(g, Graph.fromJson(old));
        String without = old.replaceAll(",\\s*\"countPad\" : \\w+", "");
        String m = assertThrows(IllegalArgumentException.class, () -> Graph.fromJson(without))
                .getMessage();
        assertTrue(m.contains("avgPool lacks attribute countPad"), m);
    }

    @Test
    void unknownBatchSizesPassThroughShapeRules() {
        Graph g = sample();
        assertEquals(
                Shape.of(Shape.UNKNOWN, 4, 8, 8), g.spec(g.outputs().get(0)).shape());
        assertEquals("stem/convolution", g.nodes().get(0).name());
    }

    @Test
    void aMistakeWhileTracingNamesNodeAndShapes() {
        try (GraphBuilder b = GraphBuilder.open()) {
            NDArray x = b.input("x", new Spec(Shape.of(2, 3), DType.FLOAT32));
            b.enter("head");
            ShapeException e = assertThrows(ShapeException.class, () -> x.matmul(x));
            assertTrue(
                    e.getMessage().contains("in node head/matMul: matmul: inner sizes differ: a[2,3]"), e.getMessage());
        }
    }

    @Test
    void valuesOfTracedArraysAreNotThere() {
        try (GraphBuilder b = GraphBuilder.open()) {
            NDArray x = b.input("x", new Spec(Shape.of(2), DType.FLOAT32));
            IllegalStateException e = assertThrows(IllegalStateException.class, x::toFloatArray);
            assertTrue(e.getMessage().contains("input x"), e.getMessage());
        }
    }

    @Test
    void otherVersionsAreRefusedWithBothNumbers() {
        String json = sample().toJson().replace("\"version\" : 1", "\"version\" : 7");
        String m = assertThrows(IllegalArgumentException.class, () -> Graph.fromJson(json))
                .getMessage();
        assertTrue(m.contains("version 1") && m.contains("version 7"), m);
    }

    @Test
    void aFileCannotNameClassesThatAreNoOperators() {
        for (String name :
                List.of("java.lang.Runtime", "../Copy", "operator", "dispatch", "doesNotExist", "activation")) {
            String json = sample().toJson().replace("\"mulScalar\"", "\"" + name + "\"");
            String m = assertThrows(IllegalArgumentException.class, () -> Graph.fromJson(json))
                    .getMessage();
            assertTrue(m.contains("unknown Operator"), m);
        }
    }

    /** Everything that a file can hold: parameters, updates, attributes, graphs inside operators. */
    private static Graph rich() {
        Symbol c = Symbol.op("convolution")
                .named("conv")
                .set("channels", 4)
                .set("kernel", "(3,3)")
                .set("pad", "(1,1)")
                .attribute("lr_mult", "2")
                .of(Symbol.variable("x", Shape.of(Shape.UNKNOWN, 3, 8, 8)));
        Symbol net = Symbol.op(new BatchNormOp(1e-5, 0.9)).named("norm").of(c);
        Graph body;
        try (GraphBuilder b = GraphBuilder.openBody()) {
            NDArray entry = b.input("entry", new Spec(Shape.of(4, 8, 8), DType.FLOAT32));
            NDArray state = b.input("state", new Spec(Shape.of(4, 8, 8), DType.FLOAT32));
            body = b.build(entry.mul(state).softmax(-1), state.add(entry));
        }
        return Symbol.of(new ForEach(body, 1, 1), net, Symbol.variable("s", Shape.of(4, 8, 8)))
                .toGraph(Map.of());
    }

    @Test
    void damagedFilesGiveOneClearErrorOrAValidGraph() {
        String[] prefixes = {"graph: ", "json: ", "shape: ", "forEach: ", "symbol: "};
        byte[] json = rich().toJson().getBytes(StandardCharsets.UTF_8);
        int refused = Mutations.run(json, 1000, IllegalArgumentException.class, prefixes, copy -> {
            Graph g = Graph.fromJson(new String(copy, StandardCharsets.UTF_8));
            assertEquals(g, Graph.fromJson(g.toJson()));
            Symbol.fromGraph(g);
        });
        assertTrue(refused > 300, "only " + refused + " were refused");
    }

    @Test
    void graphsNestedWithoutEndAreRefused() {
        String start = "{\"format\":\"kiln-graph\",\"version\":1,\"inputs\":[],\"parameters\":[],\"nodes\":"
                + "[{\"op\":\"cond\",\"attributes\":{\"then\":";
        assertThrows(IllegalArgumentException.class, () -> Graph.fromJson(start.repeat(100_000)));
    }

    @Test
    void namesThatOccurTwiceInAnObjectAreRefused() {
        String json = sample().toJson();
        String twice = json.replaceFirst("\"version\" : 1", "\"version\" : 1, \"version\" : 1");
        assertThrows(IllegalArgumentException.class, () -> Graph.fromJson(twice));
        String attributes = json.replaceFirst("\"op\" : ", "\"op\" : \"neg\", \"op\" : ");
        assertThrows(IllegalArgumentException.class, () -> Graph.fromJson(attributes));
    }

    @Test
    void hugeNumbersAreRefusedOrKeptWithoutMemoryForThem() {
        String json = sample().toJson();
        for (String huge : List.of("9223372036854775808", "-5", "1e400", "9".repeat(100_000), "1.5")) {
            String changed = json.replaceFirst("\"shape\" : \\[[^\\]]*\\]", "\"shape\" : [ " + huge + " ]");
            assertThrows(IllegalArgumentException.class, () -> Graph.fromJson(changed), huge);
        }
    }
}

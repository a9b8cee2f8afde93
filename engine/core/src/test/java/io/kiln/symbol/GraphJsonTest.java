package io.kiln.symbol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Activation;
import io.kiln.op.Convolution;
import io.kiln.op.Dispatch;
import io.kiln.op.MulScalar;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

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

    @Test
    void mutatedFilesGiveOneClearErrorOrAValidGraph() {
        byte[] json = sample().toJson().getBytes(StandardCharsets.UTF_8);
        Random random = new Random(7);
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] bad = json.clone();
            for (int k = random.nextInt(4); k >= 0; k--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(128);
            }
            try {
                Graph.fromJson(new String(bad, StandardCharsets.UTF_8));
            } catch (IllegalArgumentException e) {
                refused++;
                assertTrue(e.getMessage() != null && !e.getMessage().isBlank());
            }
        }
        assertTrue(refused > 1000, "only " + refused + " were refused");
    }
}

package io.kiln.symbol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Allocator;
import io.kiln.backend.Backends;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.init.Ones;
import io.kiln.init.Zeros;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Role;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Neural;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphRunTest {
    private static final BatchNormOp NORM = new BatchNormOp(1e-5, 0.9);

    /** x, normalised per column, times itself. */
    private static Graph graph() {
        try (GraphBuilder b = GraphBuilder.open()) {
            Spec c = new Spec(Shape.of(2), DType.FLOAT32);
            NDArray x = b.input("x", new Spec(Shape.of(Shape.UNKNOWN, 2), DType.FLOAT32));
            NDArray[] y = Neural.batchNorm(
                    NORM,
                    x,
                    b.parameter("gamma", c, Role.GAMMA, new Ones()),
                    b.parameter("beta", c, Role.BETA, new Zeros()),
                    b.parameter("mean", c, Role.RUNNING_MEAN, new Zeros()),
                    b.parameter("variance", c, Role.RUNNING_VARIANCE, new Ones()));
            b.update("mean", y[1]);
            b.update("variance", y[2]);
            return b.build(y[0].mul(y[0]).add(y[0]));
        }
    }

    private static Map<String, NDArray> values() {
        return Map.of(
                "gamma", NDArray.of(2f, 3f),
                "beta", NDArray.of(0.5f, -1f),
                "mean", NDArray.of(0f, 0f),
                "variance", NDArray.of(1f, 1f));
    }

    @Test
    void trainingMovesRunningStatisticsAndStillDifferentiates() {
        try (Scope scope = Scope.open()) {
            Graph g = Graph.fromJson(graph().toJson());
            Map<String, NDArray> v = values();
            NDArray gamma = Autograd.attachGradient(v.get("gamma"));
            NDArray x = NDArray.of(Shape.of(3, 2), 1f, 2f, 3f, 4f, 5f, 9f);
            NDArray loss;
            try (Autograd.Mode record = Autograd.record()) {
                loss = g.run(v, x)[0].sum();
            }
            assertEquals(0.3, v.get("mean").get(0), 1e-6);
            assertNotEquals(1, v.get("variance").get(1));
            Autograd.backward(loss);
            float[] moved = Autograd.gradient(gamma).toFloatArray();
            double[] numeric = new double[2];
            for (int i = 0; i < 2; i++) {
                double h = 1e-2;
                for (int sign = -1; sign <= 1; sign += 2) {
                    float[] shifted = {2f, 3f};
                    shifted[i] += (float) (sign * h);
                    gamma.assign(shifted);
                    try (Autograd.Mode train = Autograd.trainMode()) {
                        numeric[i] += sign * g.run(v, x)[0].sum().item() / (2 * h);
                    }
                }
                gamma.assign(2f, 3f);
            }
            assertArrayEquals(new float[] {(float) numeric[0], (float) numeric[1]}, moved, 2e-2f);
        }
    }

    @Test
    void predictionLeavesStatisticsAloneAndFreesIntermediateResults() {
        try (Scope scope = Scope.open()) {
            Graph g = graph();
            Map<String, NDArray> v = values();
            Allocator memory = Backends.current().allocator();
            NDArray x = NDArray.zeros(Shape.of(1000, 2), DType.FLOAT32);
            long before = memory.liveBytes();
            NDArray y = g.run(v, x)[0];
            assertTrue(
                    memory.liveBytes() - before <= 8192,
                    "an output of 8,000 bytes holds " + (memory.liveBytes() - before));
            assertEquals(Shape.of(1000, 2), y.shape());
            assertEquals(0, v.get("mean").get(0));
        }
    }

    @Test
    void wrongInputsAndParametersAreNamed() {
        try (Scope scope = Scope.open()) {
            Graph g = graph();
            NDArray wide = NDArray.zeros(Shape.of(1, 3), DType.FLOAT32);
            String m = assertThrows(ShapeException.class, () -> g.run(values(), wide))
                    .getMessage();
            assertTrue(m.contains("input x needs float32[?,2], got float32[1,3]"), m);
            NDArray x = NDArray.zeros(Shape.of(1, 2), DType.FLOAT32);
            m = assertThrows(IllegalArgumentException.class, () -> g.run(Map.of(), x))
                    .getMessage();
            assertTrue(m.contains("no value for parameter gamma"), m);
        }
    }
}

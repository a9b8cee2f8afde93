package io.kiln.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.init.Initializer;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Embedding;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Sequential;
import io.kiln.op.Dispatch;
import io.kiln.op.Role;
import io.kiln.op.activation.Activation;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.sparse.EmbeddingBagOp;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SparseInputsTest {
    private static final int COLUMNS = 9;
    private static final Spec ROWS = new Spec(Shape.of(Shape.UNKNOWN, COLUMNS), DType.FLOAT32);

    private static NDArray dense() {
        float[] x = new float[3 * COLUMNS];
        x[4] = 2;
        x[8] = -1;
        x[2 * COLUMNS] = 3;
        return NDArray.of(Shape.of(3, COLUMNS), x);
    }

    /** The same rows, with zeros behind the last one. */
    private static NDArray[] csr() {
        return new NDArray[] {
            NDArray.of(Shape.of(4), 4, 8, 0, 0), NDArray.of(2, -1, 3, 0), NDArray.of(Shape.of(4), 0, 2, 2, 4)
        };
    }

    @Test
    void aNetworkOfSparseRowsComputesTheSame() {
        for (Activation a : Activation.values()) {
            try (Scope scope = Scope.open();
                    Sequential net = new Sequential(new Dense(5, a), new Dense(2));
                    GraphBlock block = net.toGraphBlock(ROWS)) {
                block.initialize(3);
                SparseInputs.Rewritten r = SparseInputs.rewrite(
                        block.graph(), Set.of(block.inputNames().get(0)));
                String first = block.graph().parameters().get(0).name();
                assertEquals(Set.of(first), r.transposed());
                try (GraphBlock sparse = new GraphBlock(r.graph())) {
                    block.parameters().forEach((name, p) -> sparse.parameters()
                            .get(name)
                            .set(
                                    r.transposed().contains(name)
                                            ? Linalg.matrixTranspose(p.value()).copy()
                                            : p.value()));
                    float[] expected = block.forward(dense()).toFloatArray();
                    assertArrayEquals(expected, sparse.forwardAll(csr())[0].toFloatArray(), 1e-5f);
                }
                assertTrue(SparseInputs.isOnlyLookedUp(r.graph(), first));
                assertFalse(SparseInputs.isOnlyLookedUp(block.graph(), first));
                assertEquals(block.graph().outputNames(), r.graph().outputNames());
            }
        }
    }

    @Test
    void aNetworkThatDoesNotBeginWithDenseSaysWhatReadsTheRows() {
        try (Sequential net = new Sequential(new Dropout(0.5), new Dense(2));
                GraphBlock block = net.toGraphBlock(ROWS)) {
            String input = block.inputNames().get(0);
            String why = SparseInputs.obstacle(block.graph(), input).orElseThrow();
            assertTrue(why.startsWith("is read by ") && why.contains("dropout"), why);
            String message = assertThrows(
                            IllegalArgumentException.class, () -> SparseInputs.rewrite(block.graph(), List.of(input)))
                    .getMessage();
            assertTrue(message.startsWith("sparseInputs: input " + input + " is read by"), message);
        }
    }

    @Test
    void aTableWhoseRowsAreWeightedByAParameterIsNotOnlyLookedUp() {
        for (boolean trained : new boolean[] {false, true}) {
            try (GraphBuilder builder = GraphBuilder.open()) {
                Shape any = Shape.of(Shape.UNKNOWN);
                NDArray table = builder.parameter(
                        "table",
                        new Spec(Shape.of(10, 3), DType.FLOAT32),
                        Role.WEIGHT,
                        Initializer.defaultFor(Role.WEIGHT));
                NDArray scale = builder.parameter(
                        "scale", new Spec(Shape.of(1), DType.FLOAT32), Role.WEIGHT, Initializer.defaultFor(Role.BIAS));
                NDArray indices = builder.input("indices", new Spec(any, DType.INT32));
                NDArray values = builder.input("values", new Spec(any, DType.FLOAT32));
                NDArray indptr = builder.input("indptr", new Spec(any, DType.INT32));
                NDArray y = Dispatch.one(
                        new EmbeddingBagOp(), table, indices, trained ? values.mul(scale) : values, indptr);
                Graph graph = builder.build(y);
                assertEquals(!trained, SparseInputs.isOnlyLookedUp(graph, "table"));
            }
        }
    }

    @Test
    void anEmbeddingIsOnlyLookedUp() {
        try (Embedding table = new Embedding(10, 3);
                GraphBlock block = table.toGraphBlock(new Spec(Shape.of(Shape.UNKNOWN), DType.INT32))) {
            assertTrue(SparseInputs.isOnlyLookedUp(
                    block.graph(), block.graph().parameters().get(0).name()));
        }
    }
}

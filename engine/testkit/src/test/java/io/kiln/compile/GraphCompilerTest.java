package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Lambda;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The compiler as a whole. */
class GraphCompilerTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void explainShowsEachStage() {
        Graph g = new Sequential(new Dense(4, Activation.RELU), new Dense(2)).trace(Programs.MATRIX);
        String text = new GraphCompiler(Backends.current(), new CompileOptions()).explain(g, false, Programs.MATRIX);
        assertTrue(text.contains("== traced") && text.contains("== fusePointwise") && text.contains("== memory"), text);
    }

    @Test
    void unoptimizedProgramsComputeTheSame() {
        try (Block a = new Sequential(
                        new Dense(4, Activation.TANH), new Lambda(x -> x.mul(2).exp()), new Dense(2));
                Block b = new Sequential(
                        new Dense(4, Activation.TANH), new Lambda(x -> x.mul(2).exp()), new Dense(2))) {
            a.initialize(1);
            b.initialize(1);
            b.hybridize(new CompileOptions(false));
            NDArray x = NDArray.arange(0, 12, 1, DType.FLOAT32).reshape(2, 6).copy();
            assertArrayEquals(a.call(x).toFloatArray(), b.call(x).toFloatArray());
        }
    }
}

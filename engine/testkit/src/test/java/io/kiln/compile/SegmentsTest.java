package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Lambda;
import io.kiln.op.nn.Neural;
import io.kiln.op.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which calls belong to the forward pass. */
class SegmentsTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Block twoDraws() {
        return new Lambda(x -> {
            Neural.dropout(x, 0.5);
            return Neural.dropout(x.exp(), 0.5);
        });
    }

    @Test
    void drawsBelongToTheForwardPassEvenIfNobodyUsesThem() {
        Program p = Programs.differentiated(Programs.decomposed(twoDraws()));
        boolean[] forward = Segments.forward(p);
        for (int i = 0; i < forward.length; i++) {
            if (p.graph().nodes().get(i).operator().name().equals("randomBernoulli")) {
                assertTrue(forward[i], "draw " + i);
            }
        }
        assertTrue(!forward[forward.length - 1], "the gradient of the input is no part of it");
    }

    @Test
    void anUnusedDropoutTakesItsDrawAsItDoesEager() {
        NDArray x = NDArray.ones(Shape.of(2, 6), DType.FLOAT32);
        float[][] results = new float[2][];
        for (int i = 0; i < 2; i++) {
            Block net = twoDraws();
            if (i == 1) {
                net.hybridize();
            }
            Autograd.attachGradient(x);
            RandomGenerator.seed(3);
            try (Autograd.Mode record = Autograd.record()) {
                results[i] = net.call(x).toFloatArray();
            }
        }
        assertArrayEquals(results[0], results[1]);
    }
}

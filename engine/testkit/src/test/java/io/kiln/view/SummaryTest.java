package io.kiln.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.nn.zoo.LeNet;
import io.kiln.nn.zoo.ResNet;
import org.junit.jupiter.api.Test;

class SummaryTest {
    private static final Spec DIGIT = new Spec(Shape.of(1, 1, 28, 28), DType.FLOAT32);

    @Test
    void leNetAddsUpToWhatItDoesByHand() {
        Summary s = Summary.of(LeNet.of(10), DIGIT);
        long conv1 = 2 * 25 * (32 * 28 * 28) + 32 * 28 * 28;
        long pool1 = 4 * (32 * 14 * 14);
        long conv2 = 2 * (32 * 25) * (64 * 10 * 10) + 64 * 10 * 10;
        long pool2 = 4 * (64 * 5 * 5);
        long dense = 2 * 1600 * 512 + 512 + 2 * 512 * 10;
        assertEquals(conv1 + pool1 + conv2 + pool2 + dense, s.flops());
        assertEquals(13_206_528, s.flops());
        assertEquals(876_938, s.parameters());
        assertEquals(4 * 876_938, s.parameterBytes());
        assertEquals(4 * 784, s.inputBytes());
        // Convolutions, maxima with the place of each (one byte), dense layers; flattening is a view.
        long activations = 4 * (25_088 + 6_272 + 6_400 + 1_600 + 512 + 10) + 6_272 + 1_600;
        assertEquals(activations, s.activationBytes());
    }

    @Test
    void tableNamesEachLayerAndItsNumbers() {
        assertEquals(
                """
                layer    type        output        parameters    FLOPs
                ------------------------------------------------------
                network  Sequential  [1,10]
                  0      Conv        [1,32,28,28]         832   1.28 M
                  1      Pool        [1,32,14,14]           0  25.09 k
                  2      Conv        [1,64,10,10]      51,264  10.25 M
                  3      Pool        [1,64,5,5]             0   6.40 k
                  4      Dense       [1,512]          819,712   1.64 M
                  5      Dense       [1,10]             5,130  10.24 k
                ------------------------------------------------------
                parameters 876,938 (trained 876,938, fixed 0)
                FLOPs 13.21 M per forward pass (a multiply-add is 2)
                memory: inputs 0.00 MB, activations 0.17 MB, parameters 3.51 MB, total 3.68 MB""",
                Summary.of(LeNet.of(10), DIGIT).toString());
    }

    @Test
    void depthFoldsBlocksWithoutLosingNumbers() {
        Summary s = Summary.of(ResNet.v1(50).build(), new Spec(Shape.of(1, 3, 224, 224), DType.FLOAT32));
        assertEquals(25_557_032, s.parameters());
        assertEquals(53_120, s.fixed());
        assertEquals(2 * 4.089e9, s.flops(), 0.1e9);
        assertTrue(s.table(1).lines().count() < 16, s.table(1));
        long parameters = s.rows().stream()
                .filter(r -> r.depth() == 1)
                .mapToLong(r -> r.total().parameters())
                .sum();
        assertEquals(25_557_032, parameters);
        long own = s.rows().stream().mapToLong(r -> r.own().flops()).sum();
        assertEquals(s.flops(), own);
    }

    @Test
    void sharedLayerCountsItsParametersOnce() {
        Dense shared = new Dense(4);
        Block twice = new Block() {
            private final Block first = addChild("first", shared);

            @Override
            public NDArray forward(NDArray x) {
                return first.call(first.call(x));
            }
        };
        Summary s = Summary.of(twice, new Spec(Shape.of(2, 4), DType.FLOAT32));
        assertEquals(20, s.parameters());
        assertEquals(2 * (2 * 4 * 2 * 4), s.flops());
    }

    @Test
    void graphIsSummarisedByTheNamesOfItsNodes() {
        Block net = new Sequential(new Dense(3), new Dense(2));
        Spec x = new Spec(Shape.of(5, 4), DType.FLOAT32);
        Summary s = Summary.of(net.trace(x));
        assertEquals(Summary.of(net, x).flops(), s.flops());
        assertEquals("0", s.rows().get(1).place());
        assertEquals(15, s.rows().get(1).total().parameters());
    }

    @Test
    void unknownBatchIsRefused() {
        Spec open = new Spec(Shape.of(Shape.UNKNOWN, 1, 28, 28), DType.FLOAT32);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Summary.of(LeNet.of(10), open))
                .getMessage()
                .contains("give a batch size"));
    }
}

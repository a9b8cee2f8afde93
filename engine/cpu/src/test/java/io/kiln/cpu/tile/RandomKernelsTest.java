package io.kiln.cpu.tile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.Stochastic;
import io.kiln.op.internal.Philox;
import io.kiln.op.random.RandomBernoulli;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomNormal;
import io.kiln.op.random.RandomUniform;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RandomKernelsTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
        EngineThreads.set(1);
    }

    private static NDArray draw(Stochastic operator) {
        RandomGenerator.restore(new RandomGenerator.State(0x123456789abcdefL, 3));
        return Dispatch.one(operator);
    }

    /** Known answers of Philox4x32-10 from the test vectors of Random123 (file kat_vectors). */
    @Test
    void philoxGivesThePublishedWords() {
        int[] words = new int[4];
        Philox.fill(new RandomGenerator.State(0, 0), 0, words);
        assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, words);
        Philox.fill(new RandomGenerator.State(-1, -1), -1, words);
        assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, words);
        Philox.fill(new RandomGenerator.State(0x299f31d0a4093822L, 0x0370734413198a2eL), 0x85a308d3243f6a88L, words);
        assertArrayEquals(new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}, words);
    }

    @Test
    void kernelsGiveTheBitsOfTheCompositions() {
        for (long n : new long[] {0, 1, 3, 7, 1024, 1025, 5001}) {
            for (DType type : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.FLOAT16}) {
                Shape shape = Shape.of(n);
                for (Stochastic operator : new Stochastic[] {
                    new RandomUniform(shape, -2, 3, type),
                    new RandomNormal(shape, 1, 0.5, type),
                    new RandomBernoulli(shape, 0.3, type),
                    new RandomBernoulli(shape, 0, type),
                    new RandomBernoulli(shape, 1, type)
                }) {
                    double[] got = draw(operator).toDoubleArray();
                    RandomGenerator.restore(new RandomGenerator.State(0x123456789abcdefL, 3));
                    assertArrayEquals(operator.compose()[0].toDoubleArray(), got, operator.toString());
                }
            }
        }
    }

    @Test
    void theNumberOfThreadsChangesNoBit() {
        Stochastic normal = new RandomNormal(Shape.of(100_001), 0, 1, DType.FLOAT32);
        float[] one = draw(normal).toFloatArray();
        EngineThreads.set(3);
        assertArrayEquals(one, draw(normal).toFloatArray());
    }

    @Test
    void momentsAreThoseOfTheDistributions() {
        int n = 1_000_000;
        NDArray normal = draw(new RandomNormal(Shape.of(n), 2, 3, DType.FLOAT32));
        assertEquals(2, normal.mean().item(), 0.015);
        assertEquals(9 + 4, normal.mul(normal).mean().item(), 0.08);
        NDArray uniform = draw(new RandomUniform(Shape.of(n), -1, 1, DType.FLOAT32));
        assertEquals(0, uniform.mean().item(), 0.003);
        assertEquals(1 / 3.0, uniform.mul(uniform).mean().item(), 0.002);
        assertEquals(
                0.3,
                draw(new RandomBernoulli(Shape.of(n), 0.3, DType.FLOAT32))
                        .mean()
                        .item(),
                0.003);
    }
}

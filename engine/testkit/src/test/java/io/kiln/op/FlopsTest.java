package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Silu;
import io.kiln.op.activation.Softmax;
import io.kiln.op.attention.ScaledDotProductAttention;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.internal.LstmGradient;
import io.kiln.op.internal.ScaledDotProductAttentionGradient;
import io.kiln.op.linalg.Einsum;
import io.kiln.op.linalg.Inverse;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.math.Add;
import io.kiln.op.math.Exp;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.LayerNormOp;
import io.kiln.op.nn.Linear;
import io.kiln.op.nn.MaxPool;
import io.kiln.op.recurrent.GruOp;
import io.kiln.op.recurrent.LstmOp;
import io.kiln.op.recurrent.RnnOp;
import io.kiln.op.reduce.Sum;
import io.kiln.op.shape.Concat;
import io.kiln.op.shape.Pad;
import io.kiln.op.shape.PadMode;
import io.kiln.op.shape.Transpose;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Floating-point operations against numbers computed by hand. */
@Tag("core")
class FlopsTest {
    private static final List<Long> ONE = List.of(1L, 1L);
    private static final List<Long> TWO = List.of(2L, 2L);
    private static final List<Long> THREE = List.of(3L, 3L);
    private static final List<Long> ZERO = List.of(0L, 0L);

    private static long flops(Operator op, long[]... shapes) {
        Spec[] in = new Spec[shapes.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = new Spec(Shape.of(shapes[i]), DType.FLOAT32);
        }
        return op.flops(in, op.infer(in));
    }

    private static long[] s(long... dims) {
        return dims;
    }

    @Test
    void multiplyAddsOfMatrixProductsCountTwo() {
        assertEquals(2 * 3 * 4 * 5, flops(new MatMul(), s(3, 4), s(4, 5)));
        assertEquals(2 * (7 * 6) * 3 * 4 * 5, flops(new MatMul(), s(7, 1, 3, 4), s(6, 4, 5)));
        assertEquals(2 * 8 * 10 * 6, flops(new Linear(Activation.NONE), s(8, 10), s(6, 10), s(6)));
        assertEquals(2 * 8 * 10 * 6 + 8 * 6, flops(new Linear(Activation.RELU), s(8, 10), s(6, 10), s(6)));
    }

    @Test
    void convolutionsCountTheirWindowsOncePerOutput() {
        Convolution plain = new Convolution(ONE, ZERO, ONE, 1, Activation.NONE);
        // y[2,8,5,5], each a sum of 4 channels of 3×3.
        assertEquals(2 * (4 * 9) * (2 * 8 * 25), flops(plain, s(2, 4, 7, 7), s(8, 4, 3, 3)));
        Convolution grouped = new Convolution(TWO, ONE, ONE, 4, Activation.TANH);
        // y[1,8,4,4], each a sum of 1 channel of 3×3, and a tanh each.
        assertEquals(2 * 9 * (8 * 16) + 8 * 16, flops(grouped, s(1, 4, 7, 7), s(8, 1, 3, 3)));
        ConvolutionTranspose transposed = new ConvolutionTranspose(TWO, ZERO, ZERO, ONE, 1);
        // Each of 3·4·4 inputs goes to 5 channels of 2×2.
        assertEquals(2 * (5 * 4) * (3 * 16), flops(transposed, s(1, 3, 4, 4), s(3, 5, 2, 2)));
        ConvolutionWeightGradient gradient = new ConvolutionWeightGradient(ONE, ZERO, ONE, 1, THREE, true);
        assertEquals(2 * (4 * 9) * (2 * 8 * 25) + 2 * 8 * 25, flops(gradient, s(2, 4, 7, 7), s(2, 8, 5, 5)));
    }

    @Test
    void recurrentLayersCountTheirProducts() {
        // 7 steps of 3 rows, 5 features, 4 hidden: weights [16,5] and [16,4] or as many gates as there are.
        long[][] lstm = {s(7, 3, 5), s(16, 5), s(16, 4), s(16), s(16)};
        assertEquals(2 * 21 * (16 * 5 + 16 * 4), flops(new LstmOp(false, false, false, false), lstm));
        long[][] projected = {s(7, 3, 5), s(16, 5), s(16, 2), s(16), s(16), s(2, 4)};
        assertEquals(2 * 21 * (16 * 5 + 16 * 2 + 4 * 2), flops(new LstmOp(false, true, false, false), projected));
        long[][] gru = {s(7, 3, 5), s(12, 5), s(12, 4), s(12), s(12)};
        assertEquals(2 * 21 * (12 * 5 + 12 * 4), flops(new GruOp(true, false, false), gru));
        long[][] rnn = {s(7, 3, 5), s(4, 5), s(4, 4), s(4), s(4)};
        assertEquals(2 * 21 * (4 * 5 + 4 * 4), flops(new RnnOp(Activation.TANH, false, false, false), rnn));
        long[][] gradient = {
            s(7, 3, 4), s(7, 3, 5), s(16, 5), s(16, 4), s(16), s(16), s(7, 3, 4), s(7, 3, 4), s(7, 3, 16)
        };
        assertEquals(
                2 * (2 * 21 * (16 * 5 + 16 * 4)),
                flops(new LstmGradient(false, false, false, false, false, true), gradient));
    }

    @Test
    void attentionCountsItsProductsAndSoftmax() {
        ScaledDotProductAttention attention = new ScaledDotProductAttention(1, false, false, 0);
        // 6 heads of 7 queries and 8 keys: products of 5 and of 3 features.
        assertEquals(
                2 * (6 * 7 * 8 * 5) + 5 * (6 * 7 * 8) + 2 * (6 * 7 * 8 * 3),
                flops(attention, s(6, 7, 5), s(6, 8, 5), s(6, 8, 3)));
        assertEquals(
                4 * (6 * 7 * 8 * (5 + 3)) + 4 * (6 * 7 * 8),
                flops(
                        new ScaledDotProductAttentionGradient(1, false),
                        s(6, 7, 3),
                        s(6, 7, 5),
                        s(6, 8, 5),
                        s(6, 8, 3),
                        s(6, 7, 8)));
    }

    @Test
    void poolingCountsItsWindows() {
        assertEquals(4 * (3 * 4 * 4), flops(new MaxPool(TWO, TWO, ZERO), s(1, 3, 8, 8)));
        assertEquals(9 * (3 * 4 * 4), flops(new AvgPool(THREE, TWO, ONE, true), s(1, 3, 8, 8)));
    }

    @Test
    void normalisationAndSoftmaxCountStepsPerElement() {
        assertEquals(4 * 2 * 3 * 5, flops(new BatchNormOp(1e-5, 0.9), s(2, 3, 5), s(3), s(3), s(3), s(3)));
        assertEquals(7 * 2 * 5, flops(new LayerNormOp(1e-5), s(2, 5), s(5), s(5)));
        assertEquals(5 * 2 * 5, flops(new Softmax(-1), s(2, 5)));
    }

    @Test
    void pointwiseOperatorsCountWhatTheirExpressionComputes() {
        assertEquals(6, flops(new Add(), s(2, 1), s(3)));
        assertEquals(6, flops(new Relu(), s(2, 3)));
        assertEquals(6, flops(new Exp(), s(6)));
        assertEquals(2 * 6, flops(new Silu(), s(6)), "x times its sigmoid");
    }

    @Test
    void reductionsCountTheirInput() {
        assertEquals(12, flops(new Sum(List.of(1L), false), s(3, 4)));
    }

    @Test
    void movingDataIsFree() {
        assertEquals(0, flops(new Concat(0), s(3, 4), s(5, 4)));
        assertEquals(0, flops(new Transpose(List.of(1L, 0L)), s(3, 4)));
        assertEquals(0, flops(new Pad(List.of(1L), List.of(1L), PadMode.CONSTANT, 0), s(3)));
    }

    @Test
    void sumsOfProductsCountThePairsInWhichTheyAreContracted() {
        assertEquals(2 * 3 * 4 * 5, flops(new Einsum("ij,jk->ik"), s(3, 4), s(4, 5)));
        // First the pair with the smaller result: b c is [4,2], a (b c) [3,2].
        assertEquals(2 * (4 * 5 * 2) + 2 * (3 * 4 * 2), flops(new Einsum("ij,jk,kl->il"), s(3, 4), s(4, 5), s(5, 2)));
        assertEquals(12, flops(new Einsum("ij->j"), s(3, 4)));
        assertEquals(2 * 4 * 4 * 4, flops(new Inverse(), s(4, 4)));
    }
}

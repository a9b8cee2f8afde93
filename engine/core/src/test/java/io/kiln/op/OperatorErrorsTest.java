package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.index.Gather;
import io.kiln.op.index.GatherAlong;
import io.kiln.op.index.OneHot;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.index.TopK;
import io.kiln.op.math.Add;
import io.kiln.op.math.Clip;
import io.kiln.op.math.CompareScalar;
import io.kiln.op.math.Comparison;
import io.kiln.op.reduce.Max;
import io.kiln.op.reduce.Norm;
import io.kiln.op.shape.Concat;
import io.kiln.op.shape.Pad;
import io.kiln.op.shape.PadMode;
import io.kiln.op.shape.Slice;
import io.kiln.op.shape.Squeeze;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What operators say of arguments that do not fit: operation, expected, got. */
class OperatorErrorsTest {
    private static Spec f(long... dims) {
        return new Spec(Shape.of(dims), DType.FLOAT32);
    }

    private static Spec i(long... dims) {
        return new Spec(Shape.of(dims), DType.INT64);
    }

    private static void says(String message, Executable call) {
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, call).getMessage().replaceAll("\\s+", " "));
    }

    @Test
    void shapesThatDoNotBroadcastNameTheAxis() {
        says(
                "add: shapes do not broadcast: a[2,3] and b[2,4] differ at axis 1 (3 against 4); sizes must be equal or 1",
                () -> new Add().infer(f(2, 3), f(2, 4)));
    }

    @Test
    void concatNamesTheInputAndTheAxis() {
        says(
                "concat: input 2[3,3] does not fit the inputs before it, [2,5] together: sizes may differ along axis 1 only",
                () -> new Concat(1).infer(f(2, 3), f(2, 2), f(3, 3)));
        says("concat: needs one input at least", () -> new Concat(1).infer());
    }

    @Test
    void maximumOverNothingHasNoValue() {
        says(
                "max: x[2,0] has no elements along axes [1]; there is no value to return",
                () -> new Max(List.of(1L), false).infer(f(2, 0)));
    }

    @Test
    void indicesMustBeIntegers() {
        says("gather: indices must be int32 or int64, got float32[3]; cast them", () -> new Gather(0)
                .infer(f(4, 2), f(3)));
        says("scatterAdd: x[4,2] and indices[3] need updates[3,2], got [3,3]", () -> new ScatterAdd(0)
                .infer(f(4, 2), i(3), f(3, 3)));
        says("gatherAlong: indices[3,2] do not fit x[4,2]: sizes may differ along axis 1 only", () -> new GatherAlong(1)
                .infer(f(4, 2), i(3, 2)));
    }

    @Test
    void topKOfMoreThanThereIsIsRefused() {
        says("topK: k must be from 0 to the size of axis 0 of x[3], got 4", () -> new TopK(4, 0, true).infer(f(3)));
    }

    @Test
    void bordersAreCheckedAgainstTheMode() {
        says(
                "pad: x[3] needs 1 sizes of borders, each from 0 to below the size of the axis in mode REFLECT, got before [3] and after [0]",
                () -> new Pad(List.of(3L), List.of(0L), PadMode.REFLECT, 0).infer(f(3)));
    }

    @Test
    void slicesStepSomewhere() {
        says("slice: steps must not be 0, got [0]", () -> new Slice(List.of(0L), List.of(3L), List.of(0L)));
    }

    @Test
    void attributesAreCheckedWhenTheOperatorIsMade() {
        says("clip: needs min <= max, got min 2.0 and max 1.0", () -> new Clip(2, 1, false));
        says("norm: p must be a number, got NaN", () -> new Norm(Double.NaN, List.of(), false));
        says("oneHot: depth must be at least 0, got -1", () -> new OneHot(-1, DType.FLOAT32));
    }

    @Test
    void axesOfOtherSizesAreNotSqueezed() {
        says("squeeze: axis 0 of x[3,1] has size 3, needs 1", () -> new Squeeze(List.of(0L)).infer(f(3, 1)));
    }

    @Test
    void integersAreNotComparedWithFractions() {
        says(
                "compareScalar: x int64[2] holds integers, c must be whole, got 0.5; cast x to a floating type",
                () -> new CompareScalar(Comparison.LT, 0.5).infer(i(2)));
    }

    @Test
    void argumentsMustBeAsManyAsTheOperatorHas() {
        says("add: needs 2 inputs, got 1", () -> new Add().infer(f(2)));
    }
}

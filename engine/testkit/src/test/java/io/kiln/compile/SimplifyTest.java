package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.BatchNorm;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What changes nothing is left out, and nothing else. */
class SimplifyTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static List<String> simplified(UnaryOperator<NDArray> code) {
        Program before = Programs.of(code);
        Program after = Programs.run(new DeadNodes(), Programs.run(new Simplify(), before));
        Programs.assertSame("simplified", before, after);
        return Programs.operators(after);
    }

    @Test
    void leavesOutCopiesCastsFactorsAndShapesThatChangeNothing() {
        assertEquals(List.of("neg"), simplified(x -> x.copy().neg()));
        assertEquals(List.of("neg"), simplified(x -> x.cast(DType.FLOAT32).neg()));
        assertEquals(List.of("neg"), simplified(x -> x.mul(1).neg()));
        assertEquals(List.of("neg"), simplified(x -> x.div(1).neg()));
        assertEquals(List.of("neg"), simplified(x -> x.reshape(2, 6).neg()));
        assertEquals(List.of("neg"), simplified(x -> x.transpose(0, 1).neg()));
        assertEquals(
                List.of("neg"), simplified(x -> x.broadcastTo(Shape.of(2, 6)).neg()));
    }

    @Test
    void joinsReshapesToOneOrNone() {
        assertEquals(
                List.of("neg"),
                simplified(x -> x.reshape(3, 4).flatten(1).reshape(2, 6).neg()));
        assertEquals(
                List.of("reshape", "neg"),
                simplified(x -> x.reshape(3, 4).reshape(12).neg()));
        assertEquals(List.of("neg"), simplified(x -> x.mul(1)
                .cast(DType.FLOAT32)
                .copy()
                .reshape(3, 4)
                .flatten(1)
                .reshape(2, 6)
                .neg()));
    }

    @Test
    void keepsWhatChangesSomething() {
        assertEquals(
                List.of("cast", "neg"), simplified(x -> x.cast(DType.FLOAT64).neg()));
        assertEquals(List.of("mulScalar", "neg"), simplified(x -> x.mul(2).neg()));
        assertEquals(
                List.of("transpose", "neg"), simplified(x -> x.transpose(1, 0).neg()));
        assertEquals(List.of("broadcastTo", "neg"), simplified(x -> x.broadcastTo(Shape.of(3, 2, 6))
                .neg()));
        // A factor of 1 makes integers of truth values.
        assertEquals(
                List.of("gt", "mulScalar", "neg"),
                simplified(x -> x.gt(x).mul(1).neg()));
    }

    @Test
    void aCopyThatIsAResultStays() {
        assertEquals(List.of("copy"), simplified(NDArray::copy));
    }

    @Test
    void copiesOfStatisticsThatAreOverwrittenStayForTheBackwardPass() {
        Program p = Programs.differentiated(
                Programs.of(new BatchNorm(), true, new Spec(Shape.of(4, 3, 2, 2), DType.FLOAT32)));
        Programs.assertSame("batch norm", p, Programs.run(new Simplify(), p));
    }
}

package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Block;
import io.kiln.nn.Lambda;
import io.kiln.op.nn.Neural;
import io.kiln.op.reduce.Reductions;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Equal calls are made once. */
class CommonSubexpressionsTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Program shared(UnaryOperator<NDArray> code) {
        Program before = Programs.of(code);
        Program after = Programs.run(new CommonSubexpressions(), before);
        Programs.assertSame("shared", before, after);
        return after;
    }

    @Test
    void equalCallsOnTheSameValueAreMadeOnce() {
        assertEquals(
                List.of("exp", "add"), Programs.operators(shared(x -> x.exp().add(x.exp()))));
    }

    @Test
    void equalChainsAreMadeOnce() {
        Program p = shared(x -> x.exp().sum(1).add(x.exp().sum(1)).mul(x.exp().sum(1)));
        assertEquals(List.of("exp", "sum", "add", "mul"), Programs.operators(p));
    }

    @Test
    void attributesAndOperandsCount() {
        assertEquals(2, Programs.count(shared(x -> x.mul(2).add(x.mul(3))), "mulScalar"));
        assertEquals(2, Programs.count(shared(x -> x.exp().add(x.neg().exp())), "exp"));
        assertEquals(2, Programs.count(shared(x -> x.sum(0).sum().add(x.sum(1).sum())), "sum") - 2);
    }

    @Test
    void callsOfSeveralOutputsAreSharedWhole() {
        Program p = shared(x -> Reductions.cummax(x, 1)[0].add(Reductions.cummax(x, 1)[0]));
        assertEquals(List.of("cumulativeMax", "add"), Programs.operators(p));
    }

    @Test
    void randomNumbersAreDrawnEachTime() {
        Block twice = new Lambda(x -> Neural.dropout(x, 0.5).add(Neural.dropout(x, 0.5)));
        Program p = Programs.run(new CommonSubexpressions(), Programs.decomposed(twice));
        assertEquals(2, Programs.count(p, "randomBernoulli"));
    }
}

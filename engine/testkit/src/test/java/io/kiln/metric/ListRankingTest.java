package io.kiln.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Metrics of ranked lists, against sums written out by hand. */
class ListRankingTest {
    private static final double TINY = 1e-12;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static double log2(double x) {
        return Math.log(x) / Math.log(2);
    }

    private static NDArray scores() {
        return NDArray.of(Shape.of(3, 4), 0.1f, 0.9f, 0.5f, 9f, 3f, 2f, 1f, 0f, 1f, 2f, 3f, 4f);
    }

    /** The first list has ended after three items, the last one has no relevant item. */
    private static NDArray relevances() {
        return NDArray.of(Shape.of(3, 4), 2f, 0f, 1f, -1f, 3f, 0f, 0f, 1f, 0f, 0f, 0f, 0f);
    }

    @Test
    void ndcg() {
        double first = (1 / log2(3) + 3 / log2(4)) / (3 + 1 / log2(3));
        double second = (7 + 1 / log2(5)) / (7 + 1 / log2(3));
        Ndcg all = new Ndcg();
        all.update(scores(), relevances());
        assertEquals((first + second) / 2, all.value(), TINY);
        Ndcg two = new Ndcg(2);
        two.update(scores().expandDims(-1), relevances());
        assertEquals((1 / log2(3) / (3 + 1 / log2(3)) + 7 / (7 + 1 / log2(3))) / 2, two.value(), TINY);
        assertEquals("ndcg@2", two.name());
        assertTrue(two.isLargerBetter());
    }

    @Test
    void meanAveragePrecision() {
        MeanAveragePrecision map = new MeanAveragePrecision();
        map.update(scores(), relevances());
        assertEquals(((1 / 2.0 + 2 / 3.0) / 2 + (1 + 2 / 4.0) / 2) / 2, map.value(), TINY);
    }

    @Test
    void listsHaveWeights() {
        Ndcg one = new Ndcg();
        one.update(scores(), relevances(), NDArray.of(3f, 0f, 1f));
        assertEquals((1 / log2(3) + 3 / log2(4)) / (3 + 1 / log2(3)), one.value(), TINY);
        Ndcg merged = new Ndcg();
        merged.update(scores().slice(0, 1, 3), relevances().slice(0, 1, 3));
        merged.merge(one.state());
        double second = (7 + 1 / log2(5)) / (7 + 1 / log2(3));
        assertEquals((3 * one.value() + second) / 4, merged.value(), TINY);
    }

    @Test
    void tiesAndNanNeverHelp() {
        NDArray relevance = NDArray.of(Shape.of(1, 2), 1f, 0f);
        for (float score : new float[] {5f, Float.NaN}) {
            Ndcg ndcg = new Ndcg();
            ndcg.update(NDArray.of(Shape.of(1, 2), score, 5f), relevance);
            assertEquals(1 / log2(3), ndcg.value(), TINY);
            MeanAveragePrecision map = new MeanAveragePrecision();
            map.update(NDArray.of(Shape.of(1, 2), score, 5f), relevance);
            assertEquals(0.5, map.value(), TINY);
        }
    }

    @Test
    void nothingRelevantIsNoValue() {
        Ndcg ndcg = new Ndcg();
        ndcg.update(NDArray.of(Shape.of(1, 2), 1f, 2f), NDArray.of(Shape.of(1, 2), 0f, 0f));
        assertTrue(Double.isNaN(ndcg.value()));
        assertThrows(IllegalArgumentException.class, () -> new Ndcg(0));
        String message = assertThrows(ShapeException.class, () -> new Ndcg().update(scores(), NDArray.of(1f, 2f, 3f)))
                .getMessage();
        assertTrue(message.contains("[3,4]") && message.contains("[3]"), message);
    }
}

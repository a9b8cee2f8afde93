package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.BatchNorm;
import io.kiln.op.Dispatch;
import io.kiln.op.random.RandomGamma;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls whose results nobody needs are left out. */
class DeadNodesTest {
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
    void chainsThatNobodyUsesAreLeftOut() {
        Program p = Programs.of(x -> {
            x.exp().sum();
            return x.neg();
        });
        assertEquals(List.of("neg"), Programs.operators(Programs.run(new DeadNodes(), p)));
    }

    @Test
    void valuesThatUpdateParametersAreNeeded() {
        Program p = Programs.of(new BatchNorm(), true, new Spec(Shape.of(4, 3, 2, 2), DType.FLOAT32));
        Program after = Programs.run(new DeadNodes(), p);
        assertEquals(2, after.graph().updates().size());
        Programs.assertSame("batch norm", p, after);
    }

    @Test
    void drawsStayAndWhatTheyReadStaysWithThem() {
        Program p = Programs.of(x -> {
            Dispatch.one(new RandomGamma(), x.exp());
            return x.neg();
        });
        assertEquals(List.of("exp", "randomGamma", "neg"), Programs.operators(Programs.run(new DeadNodes(), p)));
    }
}

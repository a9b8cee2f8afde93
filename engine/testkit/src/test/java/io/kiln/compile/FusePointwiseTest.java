package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.math.Elementwise;
import io.kiln.op.random.RandomGamma;
import io.kiln.op.random.RandomOps;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Chains of pointwise operators become programs. */
class FusePointwiseTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Program fused(Program before) {
        Program after = Programs.run(new FusePointwise(Programs.target()), before);
        Programs.assertSame("fused", before, after);
        return after;
    }

    private static Program fused(UnaryOperator<NDArray> code) {
        return fused(Programs.of(code));
    }

    @Test
    void aChainBecomesOneProgram() {
        assertEquals(
                List.of("fusedPointwise"),
                Programs.operators(fused(x -> x.mul(2).exp().add(x).square())));
    }

    @Test
    void aResultThatOthersNeedIsAFurtherOutput() {
        Program p = fused(x -> {
            NDArray y = x.mul(2).exp();
            return y.add(y.sum(1).expandDims(-1)).sqrt();
        });
        assertEquals(2, Programs.count(p, "fusedPointwise"));
        assertEquals(4, Programs.operators(p).size());
    }

    @Test
    void makesNoCycle() {
        Program p = fused(x -> {
            NDArray a = x.square();
            NDArray outside = a.softmax(1);
            return a.exp().add(outside).mul(a);
        });
        assertEquals(3, Programs.operators(p).size());
    }

    @Test
    void arraysOfOtherShapesAreReadButNotMade() {
        Program p = fused(x -> x.exp().add(x.sum(0).exp()));
        assertEquals(2, Programs.count(p, "fusedPointwise"));
    }

    @Test
    void conditionsAreFusedWithWhatTheyChoose() {
        assertEquals(
                List.of("fusedPointwise"),
                Programs.operators(fused(x -> Elementwise.where(x.gt(x.neg()), x.exp(), x.mul(2)))));
    }

    @Test
    void narrowTypesStayApartAsEachOperatorRoundsThem() {
        Program p = fused(x -> x.cast(DType.BFLOAT16).exp().neg().cast(DType.FLOAT32));
        assertEquals(List.of("cast", "exp", "neg", "cast"), unfused(p));
    }

    /** Names of the operators, those of programs of one operator by themselves. */
    private static List<String> unfused(Program p) {
        return p.graph().nodes().stream()
                .map(n -> n.operator() instanceof FusedPointwise f
                        ? String.join("+", f.members())
                        : n.operator().name())
                .toList();
    }

    @Test
    void longChainsAreCut() {
        Program p = fused(x -> {
            NDArray y = x;
            for (int i = 0; i < 100; i++) {
                y = i % 2 == 0 ? y.sub(1) : y.mul(x);
            }
            return y;
        });
        assertTrue(Programs.operators(p).size() > 1, "one program of 100 operators");
        for (Graph.Node n : p.graph().nodes()) {
            assertTrue(((FusedPointwise) n.operator()).members().size() <= 40, n.toString());
        }
    }

    @Test
    void programsReadNoMoreArraysThanTheirTilesFit() {
        Program p = fused(x -> {
            NDArray sum = x;
            for (int i = 0; i < 30; i++) {
                sum = sum.add(x.softmax(1).mul(i + 2).softmax(0));
            }
            return sum;
        });
        for (Graph.Node n : p.graph().nodes()) {
            assertTrue(!(n.operator() instanceof FusedPointwise) || n.inputs().size() <= 12, n.toString());
        }
    }

    @Test
    void drawsKeepTheirOrder() {
        Program p = fused(x -> {
            NDArray alpha = x.exp();
            NDArray first = Dispatch.one(new RandomGamma(), alpha);
            NDArray second = RandomOps.uniform(Shape.of(2, 6), 0, 1, DType.FLOAT32);
            return alpha.mul(second).add(first);
        });
        List<String> draws = Programs.operators(p).stream()
                .filter(n -> n.startsWith("random"))
                .toList();
        assertEquals(List.of("randomGamma", "randomUniform"), draws);
    }

    @Test
    void theForwardPassDoesNotWaitForTheGradientsOfItsOutputs() {
        Program p = fused(Programs.differentiated(Programs.of(x -> x.mul(2).exp())));
        boolean[] forward = Segments.forward(p);
        assertEquals(2, forward.length);
        assertTrue(forward[0] && !forward[1]);
    }
}

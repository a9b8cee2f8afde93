package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Dropout;
import io.kiln.op.Dispatch;
import io.kiln.op.random.RandomGamma;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.shape.Movement;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operators without kernel as what they are composed of. */
class DecomposeTest {
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
    void writesOperatorsWithoutKernelAsTheirParts() {
        assertEquals(
                List.of("randomBernoulli", "mulScalar", "mul"),
                Programs.operators(Programs.decomposed(new Dropout(0.5))));
    }

    @Test
    void partsFollowTheModeOfTheProgram() {
        Program p = Programs.run(
                new Decompose(new Plans(Backends.current())), Programs.of(new Dropout(0.5), false, Programs.MATRIX));
        assertEquals(List.of("alias"), Programs.operators(p));
    }

    @Test
    void viewsPointwiseOperatorsAndThoseWithAKernelStayWhole() {
        Program before = Programs.of(x -> x.transpose().exp().softmax(1));
        assertTrue(Programs.run(new Decompose(new Plans(Backends.current())), before) == before);
    }

    @Test
    void operatorsWhosePartsLookAtMemoryStayWhole() {
        Program before = Programs.of(x -> Movement.flip(x, 1).add(x));
        assertEquals(
                List.of("flip", "add"),
                Programs.operators(Programs.run(new Decompose(new Plans(Backends.current())), before)));
    }

    @Test
    void partsOfPartsAreWrittenToo() {
        Program p = Programs.run(
                new Decompose(new Plans(Backends.current())),
                Programs.of(x -> Movement.roll(Movement.repeat(x, 2, 1), 1, 1)));
        List<String> left = Programs.operators(p);
        assertTrue(!left.contains("roll") && !left.contains("repeat"), left.toString());
    }

    @Test
    void theDeviceSaysForWhichTypesItHasAKernel() {
        Program p = Programs.of(x -> x.softmax(1).cast(DType.FLOAT64).softmax(1));
        Program written = Programs.run(new Decompose(new Plans(without(DType.FLOAT64))), p);
        assertEquals(List.of("softmax", "cast"), Programs.operators(written).subList(0, 2));
        assertEquals(1, Programs.count(written, "softmax"));
        Programs.assertSame("softmax of float64", p, written);
    }

    /** The backend without its kernels for a type. */
    private static Backend without(DType type) {
        Backend all = Backends.current();
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, given) -> {
                    boolean isPlan = method.getName().equals("plan");
                    return isPlan && ((Layout[]) given[1])[0].dtype() == type ? null : method.invoke(all, given);
                });
    }

    @Test
    void takesNoDrawsOfTheGenerator() {
        RandomGenerator.seed(5);
        long before = RandomGenerator.state().draws();
        Programs.run(
                new Decompose(new Plans(Backends.current())),
                Programs.of(x -> Dispatch.one(new RandomGamma(), x.exp())));
        assertEquals(before, RandomGenerator.state().draws());
    }
}

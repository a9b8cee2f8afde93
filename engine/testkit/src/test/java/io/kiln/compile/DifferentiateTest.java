package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.init.Ones;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Parameter;
import io.kiln.nn.Sequential;
import io.kiln.op.Role;
import io.kiln.op.reduce.Reductions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The backward pass that is added to a program. */
class DifferentiateTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Program two(boolean fromOnes, Set<String> variables) {
        Block net = new Block() {
            private final Parameter w = addParameter(new Parameter("w", Role.WEIGHT, new Ones()));
            private final Parameter unused = addParameter(new Parameter("unused", Role.WEIGHT, new Ones()));

            @Override
            public NDArray forward(NDArray x) {
                throw new UnsupportedOperationException();
            }

            @Override
            public NDArray[] forwardAll(NDArray... x) {
                NDArray weight = w.complete(Shape.of(6)).data();
                unused.complete(Shape.of(6)).data();
                return new NDArray[] {x[0].mul(weight).sum(), x[0].argMax(1), x[0].add(weight)};
            }
        };
        return new Differentiate(Backends.current(), variables, fromOnes).run(Programs.of(net, true, Programs.MATRIX));
    }

    @Test
    void ordersGradientsAsTheBackwardPassEndsThem() {
        Block net = new Sequential(new Dense(4), new Dense(3));
        Program p = new Differentiate(
                        Backends.current(), Set.of("input", "0.weight", "0.bias", "1.weight", "1.bias"), false)
                .run(Programs.of(net, true, Programs.MATRIX));
        Verifier.check("differentiate", p);
        assertEquals(List.of("1.weight", "1.bias", "input", "0.weight", "0.bias"), p.gradients());
        assertEquals(List.of(0), p.heads());
        assertEquals(1, p.dataCount());
        assertEquals(1, p.outputCount());
    }

    @Test
    void eachFloatingOutputGetsAnInputForItsGradient() {
        Program p = two(false, Set.of("input", "w", "unused"));
        Verifier.check("differentiate", p);
        assertEquals(List.of(0, 2), p.heads());
        assertEquals(3, p.graph().inputs().size());
        assertEquals(Shape.of(2, 6), p.graph().inputs().get(2).spec().shape());
        assertEquals(Set.of("input", "w"), Set.copyOf(p.gradients()));
    }

    @Test
    void aLossIsDifferentiatedFromOneAndOtherOutputsAreNot() {
        Program p = two(true, Set.of("w"));
        Verifier.check("differentiate", p);
        assertEquals(List.of(), p.heads());
        assertEquals(List.of("w"), p.gradients());
        NDArray x = NDArray.arange(0, 12, 1, DType.FLOAT32).reshape(2, 6);
        Map<String, NDArray> values = new HashMap<>(p.constants());
        values.put("w", NDArray.ones(Shape.of(6), DType.FLOAT32));
        values.put("unused", NDArray.ones(Shape.of(6), DType.FLOAT32));
        NDArray[] y = p.graph().run(values, x);
        assertArrayEquals(new float[] {6, 8, 10, 12, 14, 16}, y[3].toFloatArray());
    }

    @Test
    void variablesThatAreNotAskedForCostNothing() {
        Program all = two(false, Set.of("input", "w"));
        Program none = two(false, Set.of());
        assertEquals(List.of(), none.gradients());
        assertTrue(none.graph().nodes().size() < all.graph().nodes().size());
    }

    @Test
    void gradientsOfRandomNetworksAreThoseOfTheTape() {
        for (long seed = 0; seed < 40; seed++) {
            RandomNetwork network = new RandomNetwork(seed);
            Program p = Programs.differentiated(Programs.of(network, false, network.inputs()));
            NDArray[] x = network.data();
            NDArray[] y;
            NDArray loss = null;
            for (NDArray a : x) {
                Autograd.attachGradient(a);
            }
            try (Autograd.Mode record = Autograd.record();
                    Autograd.Mode predict = Autograd.predictMode()) {
                y = network.callAll(x);
                for (int i : p.heads()) {
                    NDArray sum = y[i].sum();
                    loss = loss == null ? sum : loss.add(sum);
                }
            }
            if (loss == null) {
                continue;
            }
            Autograd.backward(loss);
            List<NDArray> inputs = new ArrayList<>(List.of(x));
            p.heads().forEach(i -> inputs.add(NDArray.ones(y[i].shape(), y[i].dtype())));
            Map<String, NDArray> values = new HashMap<>(p.constants());
            network.parameters().forEach((n, q) -> values.put(n, q.value()));
            NDArray[] results;
            try (Autograd.Mode predict = Autograd.pauseInMode(false)) {
                results = p.graph().run(values, inputs.toArray(NDArray[]::new));
            }
            for (int i = 0; i < p.gradients().size(); i++) {
                String name = p.gradients().get(i);
                NDArray expected = name.startsWith("input")
                        ? Autograd.gradient(x[Integer.parseInt(name.substring(5))])
                        : network.parameters().get(name).gradient();
                assertArrayEquals(
                        expected.toDoubleArray(),
                        results[p.outputCount() + i].toDoubleArray(),
                        1e-4,
                        "seed " + seed + ", " + name);
            }
        }
    }

    @Test
    void operatorsWhoseGradientIsThatOfTheirPartsHaveIt() {
        NDArray x = NDArray.of(Shape.of(2, 6), 3f, 1, 2, 6, 5, 4, 1, 2, 3, 4, 5, 9);
        Program p = Programs.differentiated(Programs.of(a -> Reductions.median(a, 1)));
        Verifier.check("differentiate", p);
        NDArray[] y = p.graph().run(p.constants(), x, NDArray.of(1, 2));
        assertArrayEquals(new float[] {3.5f, 3.5f}, y[0].toFloatArray());
        assertArrayEquals(new float[] {0.5f, 0, 0, 0, 0, 0.5f, 0, 0, 1, 1, 0, 0}, y[1].toFloatArray());
    }
}

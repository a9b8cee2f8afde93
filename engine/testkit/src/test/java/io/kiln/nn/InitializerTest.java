package io.kiln.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.graph.RecordJson;
import io.kiln.init.Bilinear;
import io.kiln.init.Constant;
import io.kiln.init.Eye;
import io.kiln.init.Initializer;
import io.kiln.init.Initializers;
import io.kiln.init.LstmBias;
import io.kiln.init.SparseNormal;
import io.kiln.init.TruncatedNormal;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.random.RandomGenerator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InitializerTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(5);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static void check(String golden, Initializer initializer, Shape shape) {
        JsonNode expected = Golden.read("nn/layers_mxnet.json").get(golden);
        Golden.assertClose(Golden.doubles(expected), initializer.create(shape).toDoubleArray(), 1e-6, golden);
    }

    @Test
    void bilinearFiltersAndLstmBiasesAreThoseOfMxnet() {
        check("bilinear4", new Bilinear(), Shape.of(2, 1, 4, 4));
        check("bilinear3", new Bilinear(), Shape.of(1, 1, 3, 3));
        check("lstmBias", new LstmBias(), Shape.of(12));
    }

    @Test
    void truncatedNormalElementsStayWithinTheirBound() {
        NDArray x = new TruncatedNormal(0.5).create(Shape.of(100, 200));
        double squares = 0;
        for (double v : x.toDoubleArray()) {
            assertEquals(0, v, 1);
            squares += v * v;
        }
        // of a standard normal within ±2 the variance is 1 - 4 φ(2) / (2 Φ(2) - 1)
        assertEquals(0.25 * 0.7737, squares / x.size(), 0.004);
        assertEquals(0, x.mean().item(), 0.01);
    }

    @Test
    void sparseNormalHasAsManyZerosInEachColumn() {
        NDArray x = new SparseNormal(0.3).create(Shape.of(10, 40));
        float[] zeros = x.eq(0).cast(DType.FLOAT32).sum(0).toFloatArray();
        assertArrayEquals(NDArray.full(Shape.of(40), 3, DType.FLOAT32).toFloatArray(), zeros);
    }

    @Test
    void variancesOfHeAndLecunFollowFromFanIn() {
        Map<Initializer, Double> factors = Map.of(
                Initializers.heNormal(), 2.0,
                Initializers.heUniform(), 2.0,
                Initializers.lecunNormal(), 1.0,
                Initializers.lecunUniform(), 1.0);
        factors.forEach((initializer, factor) -> {
            NDArray w = initializer.create(Shape.of(300, 50));
            assertEquals(factor / 50, w.square().mean().item(), 0.05 * factor / 50);
        });
    }

    @Test
    void initializersTravelByNameAndAttributes() {
        for (Initializer i : List.<Initializer>of(
                new TruncatedNormal(), new Bilinear(), new LstmBias(), new SparseNormal(0.2), new Eye(2, 3))) {
            assertEquals(i, RecordJson.read(Initializer.class, i.name(), RecordJson.write(i)));
        }
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        assertThrows(ShapeException.class, () -> new SparseNormal(0.3).create(Shape.of(3)));
        assertThrows(ShapeException.class, () -> new Bilinear().create(Shape.of(3, 3)));
        assertThrows(ShapeException.class, () -> new LstmBias().create(Shape.of(6)));
        assertThrows(ShapeException.class, () -> new Eye(1, 2).create(Shape.of(3, 3)));
        assertThrows(IllegalArgumentException.class, () -> new TruncatedNormal(1, 0.5));
    }

    private static Sequential network() {
        Sequential net = new Sequential(new Dense(2), new BatchNorm(), new Dense(3));
        net.forward(NDArray.ones(Shape.of(1, 4), DType.FLOAT32));
        return net;
    }

    @Test
    void mixedInitializersGoByNameAndTheFirstThatFitsDecides() {
        Sequential net = network();
        int changed = new Mixed()
                .add("^0\\..*weight", new Constant(7))
                .add("weight$|gamma", new Constant(8))
                .applyTo(net);
        assertEquals(3, changed);
        net.initialize(1);
        Map<String, NDArray> values = net.values();
        assertEquals(7, values.get("0.weight").get(1, 3));
        assertEquals(8, values.get("2.weight").get(2, 1));
        assertEquals(8, values.get("1.gamma").get(1));
        assertEquals(0, values.get("2.bias").get(2));
    }

    @Test
    void loadSetsWhatThereIsAndNamesTheRest() {
        Sequential net = new Sequential(new Dense(2), new Dense(3));
        net.forward(NDArray.ones(Shape.of(1, 4), DType.FLOAT32));
        NDArray bias = NDArray.of(5f, 6f);
        Map<String, NDArray> given = Map.of("body.0.bias", bias, "body.9", bias);
        assertEquals(Set.of("0.weight", "1.weight", "1.bias"), Load.from(given, n -> "body." + n, net));
        assertArrayEquals(new float[] {5, 6}, net.values().get("0.bias").toFloatArray());
        Map<String, NDArray> wrong = Map.of("0.bias", NDArray.of(1f, 1f), "1.bias", bias);
        assertThrows(ShapeException.class, () -> Load.from(wrong, n -> n, net));
        assertEquals(5, net.values().get("0.bias").get(0), "nothing is changed by a refused load");
    }
}

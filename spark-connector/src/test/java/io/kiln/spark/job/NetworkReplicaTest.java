package io.kiln.spark.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.kiln.autograd.Autograd;
import io.kiln.format.ByteChunks;
import io.kiln.format.SafeTensors;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.init.Initializer;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.op.CastLists;
import io.kiln.op.Dispatch;
import io.kiln.op.Precision;
import io.kiln.op.Role;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.Linear;
import io.kiln.optim.Sgd;
import io.kiln.optim.UpdateRule;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("core")
class NetworkReplicaTest {
    private static final Random RANDOM = new Random(3);

    private static NDArray images(int count) {
        float[] pixels = new float[count * 128];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) RANDOM.nextGaussian();
        }
        return NDArray.of(Shape.of(count, 2, 8, 8), pixels);
    }

    private static TrainingPlan plan(Graph graph, Precision precision) {
        RunSettings run = new RunSettings(
                new RunSettings.Cluster(1, 1, "cpu", "local", "MEMORY_ONLY", null),
                new RunSettings.Epochs(
                        6,
                        1,
                        4,
                        false,
                        new RunSettings.EarlyStopping(0, "loss"),
                        new RunSettings.Arithmetic(precision.name().toLowerCase(java.util.Locale.ROOT), 0, 1),
                        RunSettings.Smoothing.NONE),
                new RunSettings.Saves("", RunSettings.Saves.NEVER, RunSettings.Saves.NEVER),
                new RunSettings.Watching(false, ""));
        return new TrainingPlan(
                new TrainingPlan.Model(
                        graph.toJson(),
                        ByteChunks.EMPTY,
                        Set.of(),
                        Set.of(),
                        Map.of(),
                        new TrainingPlan.Input(new long[] {2, 8, 8}, false, 1),
                        Objective.classifier("softmaxCrossEntropy")),
                new UpdateRule(new Sgd(), 0.1).toJson(),
                run,
                null,
                0);
    }

    /** After steps that move weights and running statistics, for two sizes of the batch, each twice. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void compiledPredictionsFollowTheWeights(Precision precision) throws Exception {
        Sequential net = new Sequential(
                Conv2D.builder().channels(8).kernel(3).build(),
                new BatchNorm(),
                Pool.max2D(2),
                new Dropout(0.5),
                new Dense(5, Activation.TANH),
                new Dense(3));
        Graph graph = net.trace(new Spec(Shape.of(Shape.UNKNOWN, 2, 8, 8), DType.FLOAT32));
        try (Scope scope = Scope.open();
                NetworkReplica worker = new NetworkReplica(plan(graph, precision), null)) {
            NDArray labels = NDArray.of(Shape.of(6), 0, 1, 2, 0, 1, 2);
            for (int step = 0; step < 3; step++) {
                worker.exchange().beginStep(6);
                worker.train(worker.exchange().lossScale(), images(6), labels);
                worker.exchange().step();
                for (int count : List.of(4, 7)) {
                    NDArray x = images(count);
                    NDArray y = worker.predict(x);
                    assertEquals(DType.FLOAT32, y.dtype());
                    Map<String, NDArray> values = SafeTensors.read(ByteChunks.write(worker::saveWeights))
                            .tensors();
                    try (GraphBlock plain = new GraphBlock(graph);
                            Autograd.Mode predict = Autograd.pause()) {
                        Graph interpreted = precision == Precision.FLOAT32
                                ? graph
                                : plain.inPrecision(precision, CastLists.STANDARD);
                        NDArray expected = interpreted.run(values, x)[0].cast(DType.FLOAT32);
                        assertArrayEquals(
                                expected.toFloatArray(),
                                y.toFloatArray(),
                                precision == Precision.FLOAT32 ? 1e-5f : 2e-2f);
                    }
                }
            }
        }
    }

    /** A fixed random projection of a sparse input, which the network captured as a constant. */
    @Test
    void aConstantWeightOfASparseInputIsUsedAndSavedAsItIs() throws Exception {
        float[] projection = new float[4 * 9];
        for (int i = 0; i < projection.length; i++) {
            projection[i] = (float) RANDOM.nextGaussian();
        }
        try (Scope scope = Scope.open()) {
            Graph graph;
            Map<String, NDArray> constants;
            try (GraphBuilder builder = GraphBuilder.open()) {
                NDArray x = builder.input("input", new Spec(Shape.of(Shape.UNKNOWN, 9), DType.FLOAT32));
                NDArray w = NDArray.of(Shape.of(4, 9), projection);
                NDArray last = builder.parameter(
                        "last",
                        new Spec(Shape.of(2, 4), DType.FLOAT32),
                        Role.WEIGHT,
                        Initializer.defaultFor(Role.WEIGHT));
                graph = builder.build(Dispatch.one(new Linear(), Dispatch.one(new Linear(), x, w), last));
                constants = builder.constantValues();
            }
            String constant = constants.keySet().iterator().next();
            TrainingPlan p = plan(graph, Precision.FLOAT32);
            TrainingPlan.Model m = p.model();
            TrainingPlan.Model sparse = new TrainingPlan.Model(
                    m.graph(),
                    SafeTensors.toChunks(constants, Map.of()),
                    m.frozen(),
                    m.byRows(),
                    m.rates(),
                    sparse(),
                    m.goal());
            try (NetworkReplica worker =
                    new NetworkReplica(new TrainingPlan(sparse, p.rule(), p.run(), null, 0), null)) {
                NDArray[] csr = {NDArray.of(Shape.of(2), 2, 8), NDArray.of(1f, -2f), NDArray.of(Shape.of(2), 0, 2)};
                float[] row = {0, 0, 1, 0, 0, 0, 0, 0, -2};
                for (int step = 0; step < 2; step++) {
                    Map<String, NDArray> saved = SafeTensors.read(ByteChunks.write(worker::saveWeights))
                            .tensors();
                    assertArrayEquals(projection, saved.get(constant).toFloatArray());
                    float[] expected = graph.run(saved, NDArray.of(Shape.of(1, 9), row))[0].toFloatArray();
                    assertArrayEquals(expected, worker.predictAll(csr)[0].toFloatArray(), 1e-5f);
                    worker.exchange().beginStep(1);
                    worker.train(1, csr[0], csr[1], csr[2], NDArray.of(Shape.of(1), 1));
                    worker.exchange().step();
                }
            }
        }
    }

    @Test
    void equalPlansWithSparseInputsHaveEqualFingerprints() {
        Graph graph;
        try (Sequential net = new Sequential(new Dense(2))) {
            graph = net.traceCopy(new Spec(Shape.of(Shape.UNKNOWN, 9), DType.FLOAT32))
                    .graph();
        }
        String dense = fingerprint(graph, new TrainingPlan.Input(new long[] {9}, false, 1));
        String sparse = fingerprint(graph, sparse());
        assertEquals(sparse, fingerprint(graph, sparse()));
        assertNotEquals(dense, sparse);
    }

    private static SparseFeed sparse() {
        return new SparseFeed(new TrainingPlan.Input(new long[] {9}, false, 1), Set.of("input"), Set.of(0));
    }

    private static String fingerprint(Graph graph, TrainingPlan.FeedInput input) {
        TrainingPlan p = plan(graph, Precision.FLOAT32);
        TrainingPlan.Model m = p.model();
        TrainingPlan.Model same =
                new TrainingPlan.Model(m.graph(), m.values(), m.frozen(), m.byRows(), m.rates(), input, m.goal());
        return new TrainingPlan(same, p.rule(), p.run(), null, 0).fingerprint();
    }
}

package io.kiln.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Activations;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Lambda;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.optim.Sgd;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import io.kiln.view.Monitor;
import io.kiln.view.NonFiniteDetector;
import io.kiln.view.NonFiniteException;
import io.kiln.view.Profiler;
import io.kiln.view.Statistics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What observers are told, and what profiler, monitor and detector make of it. */
class ObservationTest {
    private Scope scope;
    private Sequential network;
    private NDArray x;

    @BeforeEach
    void open() {
        scope = Scope.open();
        network = new Sequential(new Dense(4, Activation.RELU), new Sequential(new Dense(3), Activations.softmax()));
        network.initialize(1);
        x = NDArray.of(Shape.of(2, 5), 1f, 2, 3, 4, 5, -1, -2, -3, -4, -5);
        network.call(x); // draws the weights
    }

    @AfterEach
    void close() {
        network.close();
        scope.close();
    }

    private static final class Log implements Observer {
        final List<String> calls = new ArrayList<>();
        final List<String> blocks = new ArrayList<>();

        @Override
        public void ran(Call call) {
            if (call.depth() == 0) {
                calls.add(call.place() + (call.phase() == Call.Phase.BACKWARD ? " backward" : ""));
            }
        }

        @Override
        public void finished(String place, NDArray... outputs) {
            blocks.add(place + " " + outputs[0].shape());
        }
    }

    private void trainOnce() {
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            loss = network.call(x).square().sum();
        }
        Autograd.backward(loss);
    }

    @Test
    void namesOperatorsAndBlocksByTheirPlace() {
        Log log = new Log();
        try (Observation o = Observation.open(log)) {
            network.call(x);
        }
        assertEquals(List.of("0/linear", "1.0/linear", "1.1/softmax"), log.calls);
        assertEquals(List.of("0 [2,4]", "1.0 [2,3]", "1.1 [2,3]", "1 [2,3]", " [2,3]"), log.blocks);
    }

    @Test
    void backwardPassIsNamedAfterTheForwardCalls() {
        Log log = new Log();
        try (Observation o = Observation.open(log)) {
            trainOnce();
        }
        assertTrue(log.calls.contains("0/linear backward"), log.calls.toString());
        assertTrue(log.calls.contains("1.1/softmax backward"), log.calls.toString());
        assertTrue(log.calls.indexOf("1.1/softmax backward") < log.calls.indexOf("0/linear backward"));
    }

    @Test
    void nodesOfAGraphHaveTheNamesOfTheirBlocks() {
        Log log = new Log();
        network.call(x);
        try (Block graph = network.toGraphBlock(new Spec(x.shape(), x.dtype()));
                Observation o = Observation.open(log)) {
            graph.call(x);
        }
        assertEquals(List.of("0/linear", "1.0/linear", "1.1/softmax"), log.calls);
    }

    @Test
    void compiledBlocksTellOfTheirKernelsForwardAndBackward() {
        network.hybridize();
        network.call(x);
        Log log = new Log();
        try (Observation o = Observation.open(log)) {
            trainOnce();
        }
        // Where a backend has no kernel for linear, it is compiled to the product that it is made of.
        assertTrue(log.calls.contains("0/linear") || log.calls.contains("0/matMul"), log.calls.toString());
        assertTrue(log.calls.contains("1.1/softmax"), log.calls.toString());
        assertTrue(log.calls.stream().anyMatch(c -> c.endsWith(" backward")), log.calls.toString());
        assertEquals(List.of(" [2,3]"), log.blocks);
    }

    @Test
    void nothingIsToldAfterTheEndNorOnOtherThreads() throws InterruptedException {
        Log log = new Log();
        try (Observation o = Observation.open(log)) {
            Thread other = new Thread(() -> NDArray.of(1f, 2).square().close());
            other.start();
            other.join();
        }
        x.square();
        assertEquals(List.of(), log.calls);
        assertNull(Observation.current());
        assertNull(Observation.span("nobody looks"));
    }

    @Test
    void nestedObserversAreBothToldAndDoNotSeeEachOther() {
        Log outer = new Log();
        Log inner = new Log();
        Observer working = new Observer() {
            @Override
            public void ran(Call call) {
                call.outputs()[0].add(1);
                inner.ran(call);
            }
        };
        try (Observation a = Observation.open(outer)) {
            x.square();
            try (Observation b = Observation.open(working)) {
                x.exp();
            }
            x.abs();
        }
        assertEquals(List.of("square", "exp", "abs"), outer.calls);
        assertEquals(List.of("exp"), inner.calls);
    }

    @Test
    void profilerCountsCallsWorkAndTrafficOfEachOperator() {
        network.call(x);
        Profiler profiler = new Profiler();
        try (Observation o = Observation.open(profiler)) {
            network.call(x);
            network.call(x);
        }
        Profiler.Row linear = profiler.byOperator().stream()
                .filter(r -> r.name().equals("linear"))
                .findFirst()
                .orElseThrow();
        assertEquals(4, linear.calls());
        assertEquals(2 * ((2 * 2 * 5 * 4 + 2 * 4) + 2 * 2 * 4 * 3), linear.flops());
        assertEquals(2 * 4 * ((10 + 20 + 4 + 8) + (8 + 12 + 3 + 6)), linear.bytes());
        assertTrue(linear.nanos() > 0);
        assertEquals(3, profiler.byPlace().size());
        assertEquals(1, profiler.byThread().size());
        String table = profiler.table(1e12);
        assertTrue(table.lines().findFirst().orElseThrow().contains("GFLOP/s  % peak"), table);
        assertTrue(table.contains("softmax  forward      2"), table);
    }

    @Test
    void profilerSeesBackwardAndUpdate() {
        Trainer trainer = new Trainer(network.parameters(), new UpdateRule(new Sgd()));
        Profiler profiler = new Profiler();
        try (Observation o = Observation.open(profiler);
                trainer) {
            trainOnce();
            trainer.step(1);
        }
        List<String> phases = profiler.byOperator().stream()
                .map(Profiler.Row::phase)
                .distinct()
                .sorted()
                .toList();
        assertEquals(List.of("backward", "forward", "span"), phases);
        assertTrue(profiler.byOperator().stream().anyMatch(r -> r.name().equals("update") && r.calls() == 1));
    }

    @Test
    void profilerKeepsThreadsApart() throws InterruptedException {
        Profiler profiler = new Profiler();
        Runnable work = () -> {
            try (Scope own = Scope.open();
                    Observation o = Observation.open(profiler)) {
                NDArray.of(1, 2, 3).square();
            }
        };
        Thread other = new Thread(work, "other");
        other.start();
        work.run();
        other.join();
        assertEquals(2, profiler.byThread().size());
        assertEquals(2, profiler.byOperator().get(0).calls());
        assertTrue(profiler.events().stream().anyMatch(e -> e.thread().name().equals("other")));
    }

    @Test
    void chromeTraceHasAnEventPerCallWithinTheSpanThatContainsIt(@TempDir Path dir) throws Exception {
        Profiler profiler = new Profiler();
        try (Observation o = Observation.open(profiler)) {
            try (Observation.Span span = Observation.span("my \"work\"")) {
                network.call(x);
            }
        }
        Path file = dir.resolve("trace.json");
        profiler.writeChromeTrace(file);
        JsonNode events = new ObjectMapper().readTree(Files.readString(file)).get("traceEvents");
        Map<String, JsonNode> byName = new LinkedHashMap<>();
        events.forEach(e -> byName.put(e.get("name").asText(), e));
        JsonNode span = byName.get("my \"work\"");
        JsonNode softmax = byName.get("softmax");
        assertEquals("X", softmax.get("ph").asText());
        assertEquals("1.1/softmax", softmax.get("args").get("place").asText());
        assertEquals("M", byName.get("thread_name").get("ph").asText());
        assertEquals(span.get("tid"), softmax.get("tid"));
        double end = softmax.get("ts").asDouble() + softmax.get("dur").asDouble();
        assertTrue(span.get("ts").asDouble() <= softmax.get("ts").asDouble());
        assertTrue(end <= span.get("ts").asDouble() + span.get("dur").asDouble() + 0.002);
    }

    @Test
    void monitorReportsWhatMatchesItsPattern() {
        Map<String, Statistics> seen = new LinkedHashMap<>();
        Monitor monitor = new Monitor("1\\.1(/softmax backward)?|0\\.weight gradient", seen::put);
        try (Observation o = Observation.open(monitor)) {
            trainOnce();
        }
        monitor.gradients(network);
        assertEquals(List.of("1.1", "1.1/softmax backward", "0.weight gradient"), List.copyOf(seen.keySet()));
        Statistics softmax = seen.get("1.1");
        assertEquals(1.0 / 3, softmax.mean(), 1e-6);
        assertTrue(softmax.min() >= 0 && softmax.max() <= 1, softmax.toString());
        assertEquals(Shape.of(4, 5), seen.get("0.weight gradient").shape());
    }

    @Test
    void statisticsAreThoseOfFiniteElements() {
        NDArray a = NDArray.of(Float.NaN, 1, 2, 6, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
        Statistics s = Statistics.of(a);
        assertEquals(new Statistics(Shape.of(6), 1, 6, 3, Math.sqrt(14.0 / 3), 1, 2), s);
        assertFalse(s.allFinite());
        assertTrue(Double.isNaN(Statistics.of(NDArray.of(Float.NaN)).mean()));
    }

    @Test
    void detectorNamesTheOperatorAndBlockThatMadeTheFirstNan() {
        Block net = new Sequential(
                new Dense(4), new Sequential(new Lambda(v -> v.abs().neg()), new Lambda(NDArray::log)), new Dense(2));
        net.initialize(1);
        NonFiniteException e = assertThrows(NonFiniteException.class, () -> {
            try (Observation o = Observation.open(new NonFiniteDetector())) {
                net.call(x);
            }
        });
        assertTrue(e.getMessage().startsWith("1.1/log: log made NaN or infinity: output 0"), e.getMessage());
        assertTrue(e.getMessage().contains("8 NaN"), e.getMessage());
        net.close();
    }

    @Test
    void nanWeightsBehindAReluMakeTheLossNanAndTheDetectorSpeaks() {
        NDArray x = NDArray.ones(Shape.of(5, 7), DType.FLOAT32);
        NDArray labels = NDArray.of(Shape.of(5), 0, 1, 2, 0, 1);
        for (boolean compiled : new boolean[] {false, true}) {
            try (Block net = new Sequential(new Dense(6, Activation.RELU), new Dense(3))) {
                net.initialize(1);
                net.call(x);
                net.parameters().values().forEach(p -> p.set(NDArray.full(p.shape(), Double.NaN, DType.FLOAT32)));
                if (compiled) {
                    net.hybridize();
                }
                assertTrue(Double.isNaN(
                        new SoftmaxCrossEntropy().mean(net.call(x), labels).item()));
                assertThrows(NonFiniteException.class, () -> {
                    try (Observation o = Observation.open(new NonFiniteDetector())) {
                        net.call(x);
                    }
                });
            }
        }
    }

    @Test
    void detectorTellsOfBadInputsThatWereGiven() {
        NonFiniteException e = assertThrows(NonFiniteException.class, () -> {
            try (Observation o = Observation.open(new NonFiniteDetector())) {
                NDArray.of(1, Float.NaN).add(1);
            }
        });
        assertTrue(e.getMessage().contains("was given and passed on"), e.getMessage());
    }

    @Test
    void detectorOfNanLetsMasksPass() {
        NDArray masked = NDArray.of(1f, Float.NEGATIVE_INFINITY);
        NonFiniteException e = assertThrows(NonFiniteException.class, () -> {
            try (Observation o = Observation.open(new NonFiniteDetector(false))) {
                masked.softmax(0);
                masked.sub(masked);
            }
        });
        assertTrue(e.getMessage().startsWith("sub: sub made NaN"), e.getMessage());
    }

    @Test
    void detectorFindsInfinityInTheBackwardPass() {
        NDArray v = Autograd.attachGradient(NDArray.of(0, 4));
        NonFiniteException e = assertThrows(NonFiniteException.class, () -> {
            try (Observation o = Observation.open(new NonFiniteDetector())) {
                NDArray y;
                try (Autograd.Mode record = Autograd.record()) {
                    y = v.sqrt().sum();
                }
                Autograd.backward(y);
            }
        });
        assertTrue(e.getMessage().startsWith("sqrt (backward): "), e.getMessage());
        assertTrue(e.getMessage().contains(" made NaN or infinity"), e.getMessage());
    }

    @Test
    void operatorsOfACompositionLieDeeper() {
        List<Integer> depths = new ArrayList<>();
        NDArray wide = NDArray.ones(Shape.of(2, 3), DType.FLOAT64);
        Observer depth = new Observer() {
            @Override
            public void ran(Call call) {
                depths.add(call.depth());
            }
        };
        try (Observation o = Observation.open(depth)) {
            o.run(new LogSoftmax(-1), new NDArray[] {wide}, () -> new LogSoftmax(-1).compose(wide));
        }
        assertEquals(0, depths.get(depths.size() - 1));
        assertTrue(depths.size() > 1
                && depths.subList(0, depths.size() - 1).stream().allMatch(d -> d > 0));
    }
}

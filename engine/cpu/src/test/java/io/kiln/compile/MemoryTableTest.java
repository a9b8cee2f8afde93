package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Movement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * How much memory compiling saves: internal memory of well-known networks at batch 32, planned and not run, against the
 * results of all operators as the network is written, none of which shares memory (what MXNet's table calls naive).
 */
class MemoryTableTest {
    private static final Spec IMAGES = new Spec(Shape.of(32, 3, 224, 224), DType.FLOAT32);
    private static final Spec LABELS = new Spec(Shape.of(32), DType.INT32);

    private static Block vgg16() {
        Sequential net = new Sequential();
        for (int[] stage : new int[][] {{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}}) {
            for (int i = 0; i < stage[0]; i++) {
                net.add(Conv2D.builder().channels(stage[1]).kernel(3).pad(1).build());
                net.add(Activations.relu());
            }
            net.add(Pool.max2D(2));
        }
        return net.add(new Dense(4096))
                .add(Activations.relu())
                .add(new Dropout(0.5))
                .add(new Dense(4096))
                .add(Activations.relu())
                .add(new Dropout(0.5))
                .add(new Dense(1000));
    }

    private static Sequential convNorm(int channels, int kernel, int stride, boolean relu) {
        Sequential s = new Sequential(
                Conv2D.builder()
                        .channels(channels)
                        .kernel(kernel)
                        .stride(stride)
                        .pad(kernel / 2)
                        .useBias(false)
                        .build(),
                new BatchNorm());
        return relu ? s.add(Activations.relu()) : s;
    }

    private static final class Bottleneck extends Block {
        private final Block body;
        private final Block shortcut;

        Bottleneck(int width, int stride, boolean project) {
            body = addChild(
                    "body",
                    new Sequential(
                            convNorm(width, 1, 1, true),
                            convNorm(width, 3, stride, true),
                            convNorm(4 * width, 1, 1, false)));
            shortcut = project ? addChild("shortcut", convNorm(4 * width, 1, stride, false)) : null;
        }

        @Override
        public NDArray forward(NDArray x) {
            return body.call(x).add(shortcut == null ? x : shortcut.call(x)).relu();
        }
    }

    private static Block resnet50() {
        Sequential net =
                new Sequential(convNorm(64, 7, 2, true), Pool.max2D(3).stride(2).pad(1));
        int[] depths = {3, 4, 6, 3};
        for (int s = 0; s < 4; s++) {
            for (int i = 0; i < depths[s]; i++) {
                net.add(new Bottleneck(64 << s, i == 0 && s > 0 ? 2 : 1, i == 0));
            }
        }
        return net.add(Pool.globalAverage()).add(new Dense(1000));
    }

    /** Branches that are joined along the channels. */
    private static final class Branches extends Block {
        private final List<Block> branches = new ArrayList<>();

        Branches(Block... all) {
            for (Block b : all) {
                branches.add(addChild("branch" + branches.size(), b));
            }
        }

        @Override
        public NDArray forward(NDArray x) {
            return Movement.concat(1, branches.stream().map(b -> b.call(x)).toArray(NDArray[]::new));
        }
    }

    private static Block inception() {
        Sequential net = new Sequential(
                convNorm(32, 3, 2, true),
                convNorm(64, 3, 1, true),
                Pool.max2D(3).stride(2).pad(1));
        net.add(convNorm(192, 3, 1, true)).add(Pool.max2D(3).stride(2).pad(1));
        for (int i = 0; i < 9; i++) {
            net.add(new Branches(
                    convNorm(64, 1, 1, true),
                    new Sequential(convNorm(48, 1, 1, true), convNorm(64, 5, 1, true)),
                    new Sequential(convNorm(64, 1, 1, true), convNorm(96, 3, 1, true), convNorm(96, 3, 1, true)),
                    new Sequential(Pool.average2D(3).stride(1).pad(1), convNorm(64, 1, 1, true))));
            if (i == 2 || i == 6) {
                net.add(Pool.max2D(3).stride(2).pad(1));
            }
        }
        return net.add(Pool.globalAverage()).add(new Dense(1000));
    }

    private static double ratio(String name, Block net, boolean training) {
        Compiler compiler = new Compiler(Backends.current(), new CompileOptions());
        try (Scope scope = Scope.open()) {
            Block.Traced traced = training
                    ? net.capture(
                            in -> new NDArray[] {new SoftmaxCrossEntropy().mean(net.call(in[0]), in[1])},
                            IMAGES,
                            LABELS)
                    : net.capture(net::forwardAll, IMAGES);
            Set<String> variables = net.parameters().entrySet().stream()
                    .filter(e -> e.getValue().isTrained())
                    .map(Map.Entry::getKey)
                    .collect(Collectors.toSet());
            try (Executable e = training
                    ? compiler.step(traced.graph(), traced.constants(), variables, IMAGES, LABELS)
                    : compiler.predictor(traced.graph(), traced.constants(), false, IMAGES)) {
                long eager = unfused(traced, training, variables);
                System.out.printf(
                        "%-10s %-8s %6d MiB planned, %6d MiB without sharing, %6d MiB eager operators: 1/%.2f, 1/%.2f%n",
                        name,
                        training ? "train" : "predict",
                        e.arenaBytes() >> 20,
                        e.naiveBytes() >> 20,
                        eager >> 20,
                        (double) e.naiveBytes() / e.arenaBytes(),
                        (double) eager / e.arenaBytes());
                return (double) eager / e.arenaBytes();
            }
        }
    }

    /** Bytes of all results of the program as it is before anything is fused. */
    private static long unfused(Block.Traced traced, boolean training, Set<String> variables) {
        Compiler plain = new Compiler(Backends.current(), new CompileOptions(false));
        try (Executable e = training
                ? plain.step(traced.graph(), traced.constants(), variables, IMAGES, LABELS)
                : plain.predictor(traced.graph(), traced.constants(), false, IMAGES)) {
            return e.naiveBytes();
        }
    }

    @Test
    void internalMemoryIsHalfInTrainingAndAQuarterInPrediction() {
        Map<String, Block> nets = Map.of("vgg16", vgg16(), "resnet50", resnet50(), "inception", inception());
        nets.forEach((name, net) -> {
            double train = ratio(name, net, true);
            double predict = ratio(name, net, false);
            assertTrue(train >= 2, name + " train " + train);
            assertTrue(predict >= 4, name + " predict " + predict);
        });
    }
}

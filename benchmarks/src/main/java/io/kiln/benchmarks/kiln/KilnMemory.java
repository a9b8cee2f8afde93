package io.kiln.benchmarks.kiln;

import io.kiln.backend.Backends;
import io.kiln.benchmarks.Aim;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.Workload.Case;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.zoo.InceptionV3;
import io.kiln.nn.zoo.ResNet;
import io.kiln.nn.zoo.Vgg;
import io.kiln.view.InternalMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** MiB that compiled networks need for the values on the way, planned, or if no operator's result shared memory with another's. */
public final class KilnMemory implements Contender {

    private static final int BATCH = 32;
    private static final int CLASSES = 1000;
    private static final String TRAINING = "_train";
    private static final String PREDICTION = "_infer";

    private final boolean naive;

    /** Tells the planned size, or the naive one. */
    public KilnMemory(boolean naive) {
        this.naive = naive;
    }

    private enum Net {
        VGG16(224) {
            @Override
            Block block() {
                return Vgg.of(16, false, CLASSES);
            }
        },
        RESNET50(224) {
            @Override
            Block block() {
                return ResNet.v1(50).build();
            }
        },
        INCEPTION_V3(299) {
            @Override
            Block block() {
                return InceptionV3.of(CLASSES);
            }
        };

        private final int side;

        Net(int side) {
            this.side = side;
        }

        abstract Block block();

        private InternalMemory memory(boolean training) {
            Spec images = new Spec(Shape.of(BATCH, 3, side, side), DType.FLOAT32);
            Spec labels = new Spec(Shape.of(BATCH), DType.INT32);
            try (Block network = block()) {
                return training
                        ? InternalMemory.ofTraining(network, new SoftmaxCrossEntropy(), images, labels)
                        : InternalMemory.ofPrediction(network, images);
            }
        }
    }

    /** A training step and a prediction of each network. */
    public static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Net net : Net.values()) {
            String name = net.name().toLowerCase(Locale.ROOT);
            cases.add(Case.amount(net.name() + TRAINING, name + "_train_MiB").aim(Aim.overBest(2)));
            cases.add(Case.amount(net.name() + PREDICTION, name + "_infer_MiB").aim(Aim.overBest(4)));
        }
        return cases;
    }

    @Override
    public Facts setup(Setup setup) {
        Backends.current().setThreads(setup.threads());
        return new Facts("Kiln, " + Backends.current().describe(), 0);
    }

    @Override
    public double step(String caseName) {
        boolean training = caseName.endsWith(TRAINING);
        Net net = Net.valueOf(caseName.substring(0, caseName.length() - TRAINING.length()));
        InternalMemory memory = net.memory(training);
        return (naive ? memory.naive() : memory.planned()) / (double) (1 << 20);
    }

    @Override
    public void close() {}
}

package io.kiln.benchmarks.kiln;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Network;
import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.compile.GraphCompiler;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.zoo.ResNet;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;

/**
 * ResNet-50 from blocks to an executable: built, traced with its shapes inferred, compiled and given up again. Nothing is computed,
 * and no weight is drawn. The check is the number of kernel calls.
 */
public final class KilnCompile implements Contender {

    /** Case: the very first time in a new JVM, of which there is one: it is told again as often as it is asked for. */
    public static final String FIRST = "first";

    /** Case: when the JVM has compiled the compiler, to some extent. */
    public static final String WARM = "warm";

    private final boolean training;
    private NDArray images;
    private NDArray labels;
    private io.kiln.benchmarks.Block first;

    /** Compiles a training step, or a prediction. */
    public KilnCompile(boolean training) {
        this.training = training;
    }

    @Override
    public Facts setup(Setup setup) {
        Backend backend = Backends.current();
        backend.setThreads(setup.threads());
        images = NDArray.zeros(Shape.of(Network.RESNET50.inputShape()), DType.FLOAT32);
        labels = NDArray.zeros(Shape.of(Network.RESNET50.batch()), DType.INT32);
        return new Facts("Kiln, " + backend.describe(), 0);
    }

    @Override
    public io.kiln.benchmarks.Block run(String caseName, int steps) throws Exception {
        if (first == null) {
            first = Contender.super.run(FIRST, 1);
        }
        return caseName.equals(FIRST) ? first : Contender.super.run(caseName, steps);
    }

    @Override
    public double step(String caseName) {
        try (Block network = ResNet.v1(50).build();
                Scope scope = Scope.open()) {
            return training ? trainer(network) : predictor(network);
        }
    }

    private int trainer(Block network) {
        UpdateRule rule = new UpdateRule(new Sgd(Network.MOMENTUM), Network.RESNET50.learningRate());
        try (TrainStep step = new TrainStep(network, new SoftmaxCrossEntropy(), rule)) {
            return step.executable(images, labels).kernelCalls();
        }
    }

    private int predictor(Block network) {
        try (Autograd.Mode mode = Autograd.predictMode()) {
            Block.Traced traced = network.capture(network::forwardAll, images.spec());
            GraphCompiler compiler = new GraphCompiler(Backends.current(), new CompileOptions());
            try (Executable program = compiler.predictor(traced.graph(), traced.constants(), false, images.spec())) {
                return program.kernelCalls();
            }
        }
    }

    @Override
    public void close() {
        images.close();
        labels.close();
    }
}

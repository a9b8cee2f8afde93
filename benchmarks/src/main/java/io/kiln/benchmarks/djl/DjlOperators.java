package io.kiln.benchmarks.djl;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.mxnet.jna.JnaUtils;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Operators;
import io.kiln.benchmarks.Setup;

/** Eager operators on small arrays: what a call costs. Each result is closed at once, which is DJL's cheapest way. */
public final class DjlOperators implements Contender {

    private static final Shape ONE = new Shape(1, 1);

    private final String engine;
    private final boolean asynchronous;
    private NDManager manager;
    private NDArray a;
    private NDArray b;
    private NDArray image;
    private NDArray filter;

    /** The engine by the name that DJL knows it by. */
    public DjlOperators(String engine) {
        this.engine = engine;
        this.asynchronous = engine.equals("MXNet");
    }

    @Override
    public Facts setup(Setup setup) {
        manager = NDManager.newBaseManager(Device.cpu(), engine);
        a = manager.create(Operators.left(), new Shape(Operators.SIDE, Operators.SIDE));
        b = manager.create(Operators.right(), new Shape(Operators.SIDE, Operators.SIDE));
        long n = Operators.SIDE;
        image = manager.create(Operators.image(), new Shape(1, n, n, n));
        filter = manager.create(Operators.filter(), new Shape(n, n, Operators.KERNEL, Operators.KERNEL));
        return new Facts(engine + " " + Engine.getEngine(engine).getVersion(), 0);
    }

    @Override
    public double step(String caseName) {
        for (int i = 1; i < Operators.CALLS; i++) {
            try (NDArray c = call(caseName)) {
                assert c != null;
            }
        }
        try (NDArray c = call(caseName)) {
            if (asynchronous) {
                JnaUtils.waitAll();
            }
            return Operators.check(c.toFloatArray());
        }
    }

    private NDArray call(String caseName) {
        return switch (caseName) {
            case Operators.ADD -> a.add(b);
            case Operators.MATMUL -> a.matMul(b);
            default ->
                image.getNDArrayInternal()
                        .convolution(image, filter, null, ONE, ONE, ONE, 1)
                        .singletonOrThrow();
        };
    }

    @Override
    public void close() {
        manager.close();
    }
}

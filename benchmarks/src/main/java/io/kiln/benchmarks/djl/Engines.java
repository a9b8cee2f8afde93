package io.kiln.benchmarks.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** The engines of the Deep Java Library. */
final class Engines {

    private Engines() {}

    /** Loads an engine's libraries and lets it make its first array. */
    static void load(String engine) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), engine);
                NDArray first = manager.ones(new Shape(1))) {
            first.toFloatArray();
        }
    }
}

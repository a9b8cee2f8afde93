package io.kiln.backend;

import java.util.Locale;

/**
 * A place where arrays live and operators run.
 *
 * @param kind the kind of device
 * @param index which one of its kind, from 0
 */
public record Device(Kind kind, int index) {
    /** Kinds of devices. */
    public enum Kind {
        /** Processor cores and main memory. */
        CPU,
        /** An NVIDIA GPU. */
        CUDA,
        /** An OpenCL device. */
        OPENCL
    }

    /**
     * The processor.
     *
     * @return device {@code cpu(0)}
     */
    public static Device cpu() {
        return new Device(Kind.CPU, 0);
    }

    /** {@return kind and index, such as {@code cpu(0)}} */
    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT) + "(" + index + ")";
    }
}

package io.kiln.spark.device;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import java.io.Serializable;
import java.util.Set;

/**
 * What the Param {@code device} asks for.
 *
 * @param type a {@linkplain Device#type type} of device, or {@code auto}
 * @param index index of the device among those of its type on the executor's machine; {@link #ANY} if not given
 */
public record DeviceSetting(String type, int index) implements Serializable {
    /** In place of an index: the device that Spark assigns, or else the worker's turn on its machine decides. */
    public static final int ANY = -1;

    private static final String AUTO = "auto";
    private static final String CPU = Device.cpu().type();
    private static final Set<String> KNOWN = Set.of(CPU, "cuda", "opencl");

    /** The CPU. */
    public static DeviceSetting cpu() {
        return new DeviceSetting(CPU, ANY);
    }

    /**
     * Whether a text is a setting: {@code auto}, or a type of device, with or without an index such as {@code cuda:1}.
     *
     * @param text the text
     * @return false for types that neither Kiln nor a backend on the class path knows
     */
    public static boolean isValid(String text) {
        try {
            DeviceSetting s = parse(text);
            return s.isAuto() || KNOWN.contains(s.type) || Backends.types().contains(s.type);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * Reads a setting.
     *
     * @param text its text
     * @return the setting
     * @throws IllegalArgumentException if it is none
     */
    public static DeviceSetting parse(String text) {
        Device device = Device.parse(text);
        boolean bare = text.equals(device.type());
        boolean single = device.type().equals(AUTO) || device.type().equals(CPU);
        if (single && !bare && (device.index() > 0 || device.type().equals(AUTO))) {
            throw new IllegalArgumentException("device: %s has no index, got %s".formatted(device.type(), text));
        }
        return new DeviceSetting(device.type(), bare || single ? ANY : device.index());
    }

    /** {@return whether Spark's assignment of GPUs decides} */
    public boolean isAuto() {
        return type.equals(AUTO);
    }

    /** {@return whether it is the CPU} */
    public boolean isCpu() {
        return type.equals(CPU);
    }

    /** {@return whether it names a device, not only a type} */
    public boolean hasIndex() {
        return index != ANY;
    }

    /** {@return the text that {@link #parse} reads} */
    @Override
    public String toString() {
        return hasIndex() ? type + ":" + index : type;
    }
}

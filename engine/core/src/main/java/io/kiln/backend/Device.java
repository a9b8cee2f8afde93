package io.kiln.backend;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place where arrays live and operators run.
 *
 * @param type the type of device, provided by a {@link BackendProvider}: {@code cpu}, {@code cuda}, {@code opencl}, …
 * @param index index among devices of its type, from 0
 */
public record Device(String type, int index) {
    private static final Pattern FORM = Pattern.compile("([a-z][a-z0-9]*)(?:\\((\\d{1,9})\\)|:(\\d{1,9}))?");

    private static final Pattern TYPE = Pattern.compile("[a-z][a-z0-9]*");
    private static final Device CPU = new Device("cpu", 0);

    /** Checks the parts. */
    public Device {
        if (!TYPE.matcher(type).matches() || index < 0) {
            throw new IllegalArgumentException(
                    "device: needs a type of small letters, such as cpu, and an index of at least 0," + " got type "
                            + type + " and index " + index);
        }
    }

    /**
     * The CPU.
     *
     * @return device {@code cpu(0)}
     */
    public static Device cpu() {
        return CPU;
    }

    /**
     * Reads a device's text form.
     *
     * @param text type and index, such as {@code cuda(1)} or {@code cuda:1}, or only a type, for index 0
     * @return the device
     * @throws IllegalArgumentException if the text is not a device
     */
    public static Device parse(String text) {
        Matcher m = FORM.matcher(text);
        if (!m.matches()) {
            throw new IllegalArgumentException("device: needs a form such as cpu, cuda(1) or cuda:1, got " + text);
        }
        String index = m.group(2) == null ? m.group(3) : m.group(2);
        return new Device(m.group(1), index == null ? 0 : Integer.parseInt(index));
    }

    /** {@return type and index, such as {@code cpu(0)}} */
    @Override
    public String toString() {
        return type + "(" + index + ")";
    }
}

package io.kiln.backend;

import java.util.List;
import java.util.Optional;

/**
 * What a {@link BackendProvider} finds on this machine, for diagnosis and for checks before a job starts: the devices of
 * its type, and the drivers and libraries that they need.
 *
 * @param type the {@linkplain Device#type type} of the devices
 * @param devices the devices, by index
 * @param components drivers and libraries, found or missing
 */
public record Survey(String type, List<Found> devices, List<Component> components) {
    /** Makes the lists unmodifiable. */
    public Survey {
        devices = List.copyOf(devices);
        components = List.copyOf(components);
    }

    /** Kinds of devices. */
    public enum Kind {
        /** The processor, also if it is offered under another name; it can be shared. */
        CPU,
        /** A graphics processor. */
        GPU,
        /** Any other accelerator, such as an FPGA. */
        OTHER
    }

    /**
     * A device.
     *
     * @param device type and index
     * @param kind what it is
     * @param name its model
     * @param memoryBytes its memory in bytes; 0 if unknown
     * @param details driver version, compute capability, instruction set, …; one line, may be empty
     * @param addresses names under which cluster managers and environment variables know it besides its index, such as
     *     its UUID; may be empty
     * @param problem why it cannot be used, with the remedy; empty if it can
     */
    public record Found(
            Device device,
            Kind kind,
            String name,
            long memoryBytes,
            String details,
            List<String> addresses,
            String problem) {
        /** Makes the list unmodifiable. */
        public Found {
            addresses = List.copyOf(addresses);
        }

        /** {@return whether it can be used} */
        public boolean isUsable() {
            return problem.isEmpty();
        }

        /** {@return device, model, details and memory in one line, followed by the problem if there is one} */
        @Override
        public String toString() {
            return device + ": " + name
                    + (details.isEmpty() ? "" : ", " + details)
                    + (memoryBytes == 0 ? "" : ", " + (memoryBytes >> 20) + " MiB")
                    + (isUsable() ? "" : "; not usable: " + problem);
        }
    }

    /**
     * A driver or library.
     *
     * @param name its name
     * @param version its version; empty if it is missing or does not tell
     * @param where the file or place where it was found; for a missing one, the places where it was looked for
     * @param remedy how to get it; empty if it was found
     */
    public record Component(String name, String version, String where, String remedy) {
        /**
         * Describes a component that was found.
         *
         * @param name its name
         * @param version its version; may be empty
         * @param where its file or place
         * @return the component
         */
        public static Component found(String name, String version, String where) {
            return new Component(name, version, where, "");
        }

        /**
         * Describes a component that was not found.
         *
         * @param name its name
         * @param where the places where it was looked for
         * @param remedy how to get it
         * @return the component
         */
        public static Component missing(String name, String where, String remedy) {
            return new Component(name, "", where, remedy);
        }

        /**
         * Describes what a class was missing for: its jar, not a driver or a native library.
         *
         * @param e what the JVM has thrown
         * @param remedy the jar to add
         * @return the component; empty if the error is another
         */
        public static Optional<Component> missingClass(LinkageError e, String remedy) {
            String name = e instanceof NoClassDefFoundError && e.getMessage() != null ? e.getMessage() : "";
            // The same error, with words in place of a name, follows a class whose native library did not load.
            return name.matches("[\\w/$]+")
                    ? Optional.of(missing("class " + name.replace('/', '.'), "the class path", remedy))
                    : Optional.empty();
        }

        /** {@return whether it was found} */
        public boolean isFound() {
            return remedy.isEmpty();
        }

        /** {@return one line: name, version and place; or name, where it was looked for and the remedy} */
        @Override
        public String toString() {
            return isFound()
                    ? name + (version.isEmpty() ? "" : " " + version) + (where.isEmpty() ? "" : ", " + where)
                    : name + ": missing; looked for in " + where + "; " + remedy;
        }
    }

    /** {@return the usable devices that are not the processor} */
    public List<Found> accelerators() {
        return devices.stream()
                .filter(d -> d.kind() != Kind.CPU && d.isUsable())
                .toList();
    }

    /** {@return the usable devices} */
    public List<Found> usable() {
        return devices.stream().filter(Found::isUsable).toList();
    }

    /** {@return what is missing, one line each} */
    public List<String> missing() {
        return components.stream()
                .filter(c -> !c.isFound())
                .map(Component::toString)
                .toList();
    }
}

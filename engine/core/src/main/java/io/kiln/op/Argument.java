package io.kiln.op;

import java.util.Optional;

/**
 * An input of an operator, as seen by symbols.
 *
 * @param name its name, such as {@code weight}
 * @param role the role of a variable created for it; empty for data
 */
public record Argument(String name, Optional<Role> role) {
    /**
     * An input for data.
     *
     * @param name its name
     * @return the argument
     */
    public static Argument data(String name) {
        return new Argument(name, Optional.empty());
    }

    /**
     * An input for a parameter.
     *
     * @param name its name
     * @param role what it is for
     * @return the argument
     */
    public static Argument parameter(String name, Role role) {
        return new Argument(name, Optional.of(role));
    }
}

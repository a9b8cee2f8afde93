package io.kiln.nn;

import io.kiln.format.SafeTensors;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.ShapeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Begins a network with values of another one, as far as their names agree: what fine-tuning begins with.
 * {@link Block#load} is for all values of the same network; {@link #matching} leaves out values of another shape.
 */
public final class Load {
    private Load() {}

    /**
     * Sets the parameters that a file has values for.
     *
     * @param file a safetensors file
     * @param network the network
     * @return the names of the parameters that the file has no value for
     * @throws IOException when reading fails or the file is damaged
     * @throws ShapeException when a shape differs
     */
    public static Set<String> from(Path file, Block network) throws IOException {
        try (Scope scope = Scope.open()) {
            return from(SafeTensors.read(file).tensors(), UnaryOperator.identity(), network);
        }
    }

    /**
     * Sets the parameters that there are values for.
     *
     * @param values arrays by name; they are copied
     * @param naming from the structural name of a parameter to the name of its value
     * @param network the network
     * @return the names of the parameters without a value
     * @throws ShapeException when a shape differs; no parameter is changed then
     */
    public static Set<String> from(Map<String, NDArray> values, UnaryOperator<String> naming, Block network) {
        Set<String> missing = new LinkedHashSet<>();
        Map<String, Parameter> parameters = network.parameters();
        parameters.forEach((name, p) -> {
            NDArray value = values.get(naming.apply(name));
            if (value == null) {
                missing.add(name);
            } else if (p.shape() != null && !p.shape().equals(value.shape())) {
                throw new ShapeException("load: " + name + " needs shape " + p.shape() + ", the value "
                        + naming.apply(name) + " has " + value.shape());
            }
        });
        parameters.forEach((name, p) -> {
            if (!missing.contains(name)) {
                p.set(values.get(naming.apply(name)));
            }
        });
        return missing;
    }

    /**
     * What {@link #matching} did.
     *
     * @param loaded parameters that got a value
     * @param missing parameters without a value
     * @param otherShape parameters whose value has another shape, such as those of a new head; they stay as they were
     * @param unused values that no parameter has taken
     */
    public record Report(Set<String> loaded, Set<String> missing, Set<String> otherShape, Set<String> unused) {}

    /**
     * Sets the parameters that a file has values of their shape for: a network whose last layer is new begins with the rest.
     *
     * @param file a safetensors file
     * @param network the network, whose shapes are known
     * @return what was loaded and what was not
     * @throws IOException when reading fails or the file is damaged
     * @throws IllegalStateException when a shape of the network is not known yet
     */
    public static Report matching(Path file, Block network) throws IOException {
        try (Scope scope = Scope.open()) {
            return matching(SafeTensors.read(file).tensors(), UnaryOperator.identity(), network);
        }
    }

    /**
     * Sets the parameters that there are values of their shape for.
     *
     * @param values arrays by name; they are copied
     * @param naming from the structural name of a parameter to the name of its value
     * @param network the network, whose shapes are known
     * @return what was loaded and what was not
     * @throws IllegalStateException when a shape of the network is not known yet; no parameter is changed then
     */
    public static Report matching(Map<String, NDArray> values, UnaryOperator<String> naming, Block network) {
        Map<String, Parameter> parameters = network.parameters();
        parameters.forEach((name, p) -> {
            if (p.shape() == null) {
                throw new IllegalStateException("load: the shape of " + name
                        + " is not known yet, so what matches is not either; call inferShapes on the network first");
            }
        });
        Report report = new Report(
                new LinkedHashSet<>(),
                new LinkedHashSet<>(),
                new LinkedHashSet<>(),
                new LinkedHashSet<>(values.keySet()));
        parameters.forEach((name, p) -> {
            String source = naming.apply(name);
            NDArray value = values.get(source);
            if (value == null) {
                report.missing.add(name);
            } else if (!p.shape().equals(value.shape())) {
                report.otherShape.add(name);
            } else {
                p.set(value);
                report.loaded.add(name);
            }
            report.unused.remove(source);
        });
        return report;
    }
}

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
 * Initializes a network with values of another one, as far as their names agree, for fine-tuning. {@link Block#load}
 * loads all values of the same network; {@link #matching} skips values of another shape.
 */
public final class Load {
    private Load() {}

    /**
     * Sets the parameters for which a file has values.
     *
     * @param file a safetensors file
     * @param network the network
     * @return the names of the parameters without a value
     * @throws IOException if reading fails or the file is damaged
     * @throws ShapeException if a shape differs
     */
    public static Set<String> from(Path file, Block network) throws IOException {
        try (Scope scope = Scope.open()) {
            return from(SafeTensors.read(file).tensors(), UnaryOperator.identity(), network);
        }
    }

    /**
     * Sets the parameters for which there are values.
     *
     * @param values arrays by name; they are copied
     * @param naming maps the structural name of a parameter to the name of its value
     * @param network the network
     * @return the names of the parameters without a value
     * @throws ShapeException if a shape differs; no parameter is changed in this case
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
     * The result of {@link #matching}.
     *
     * @param loaded parameters that got a value
     * @param missing parameters without a value
     * @param otherShape parameters whose value has another shape, such as those of a new head; they are not changed
     * @param unused values that no parameter has used
     */
    public record Report(Set<String> loaded, Set<String> missing, Set<String> otherShape, Set<String> unused) {}

    /**
     * Sets the parameters for which a file has values of the same shape: a network with a new last layer starts from
     * the others.
     *
     * @param file a safetensors file
     * @param network the network, with known shapes
     * @return what was loaded and what was not
     * @throws IOException if reading fails or the file is damaged
     * @throws IllegalStateException if a shape of the network is not known yet
     */
    public static Report matching(Path file, Block network) throws IOException {
        try (Scope scope = Scope.open()) {
            return matching(SafeTensors.read(file).tensors(), UnaryOperator.identity(), network);
        }
    }

    /**
     * Sets the parameters for which there are values of the same shape.
     *
     * @param values arrays by name; they are copied
     * @param naming maps the structural name of a parameter to the name of its value
     * @param network the network, with known shapes
     * @return what was loaded and what was not
     * @throws IllegalStateException if a shape of the network is not known yet; no parameter is changed in this case
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

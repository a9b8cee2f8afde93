package io.kiln.symbol;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The inferred shapes and dtypes of the values of a symbol. A shape may contain {@link Shape#UNKNOWN} sizes, and is
 * absent if not even the number of axes is known; a size of 0 means 0.
 *
 * @param arguments the variables that are not auxiliary states, in the order of {@link Symbol#listArguments}
 * @param outputs the outputs, in order
 * @param auxiliaryStates the auxiliary states, in the order of {@link Symbol#listAuxiliaryStates}
 */
public record InferredSpecs(Map<String, Known> arguments, List<Known> outputs, Map<String, Known> auxiliaryStates) {
    /**
     * The inferred shape and dtype of one value.
     *
     * @param shape its shape; empty if its rank is unknown
     * @param dtype its element type; empty if unknown
     */
    public record Known(Optional<Shape> shape, Optional<DType> dtype) {
        /**
         * Whether everything is known.
         *
         * @return true if shape, all sizes and dtype are known
         */
        public boolean isComplete() {
            return dtype.isPresent() && shape.isPresent() && shape.get().isKnown();
        }

        /** {@return dtype and shape, with question marks for unknown parts} */
        @Override
        public String toString() {
            return dtype.map(DType::toString).orElse("?")
                    + shape.map(Shape::toString).orElse("[…]");
        }
    }

    /**
     * The shape of an argument or auxiliary state.
     *
     * @param name its name
     * @return the shape
     * @throws IllegalArgumentException if there is no such variable, or its rank is unknown
     */
    public Shape shape(String name) {
        Known known = arguments.getOrDefault(name, auxiliaryStates.get(name));
        if (known == null) {
            throw new IllegalArgumentException("symbol: has no argument or auxiliary state " + name + ", only "
                    + Stream.concat(arguments.keySet().stream(), auxiliaryStates.keySet().stream())
                            .toList());
        }
        return known.shape()
                .orElseThrow(() -> new IllegalArgumentException("symbol: nothing is known of the shape of " + name));
    }

    /**
     * The shape of an output.
     *
     * @param index index of the output
     * @return the shape
     * @throws IllegalArgumentException if its rank is unknown
     */
    public Shape outputShape(int index) {
        return outputs.get(index)
                .shape()
                .orElseThrow(
                        () -> new IllegalArgumentException("symbol: nothing is known of the shape of output " + index));
    }
}

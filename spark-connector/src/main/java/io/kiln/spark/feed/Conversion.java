package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How values of columns become numbers of the network's inputs. Components have the names of the Params that set them.
 *
 * @param inputScale factor on inputs that are read from bytes
 * @param inputScales factor on the input of each of inputCols; empty: inputScale
 * @param imageFit how images of other sizes are brought to the network's
 * @param imageTransforms what is done to training images in each epoch; empty for prediction
 * @param vocabularies the texts that have been counted, by input
 */
public record Conversion(
        double inputScale,
        List<Double> inputScales,
        ImageCoding.Fit imageFit,
        List<String> imageTransforms,
        Map<String, List<String>> vocabularies)
        implements Serializable {
    /**
     * Makes the lists unmodifiable.
     *
     * @throws IllegalArgumentException if both kinds of scales are given
     */
    public Conversion {
        inputScales = List.copyOf(inputScales);
        imageTransforms = List.copyOf(imageTransforms);
        vocabularies = new TreeMap<>(vocabularies);
        if (!inputScales.isEmpty() && inputScale != 1) {
            throw new IllegalArgumentException(
                    "inputScale: is %s, but inputScales %s has a factor for each column; set one of both"
                            .formatted(inputScale, inputScales));
        }
    }

    /**
     * The same with texts that have been counted.
     *
     * @param counted the texts by input
     * @return the conversion
     */
    Conversion with(Map<String, List<String>> counted) {
        return new Conversion(inputScale, inputScales, imageFit, imageTransforms, counted);
    }

    /** The same for some of the columns. */
    Conversion only(List<Integer> columns) {
        return new Conversion(
                inputScale,
                inputScales.isEmpty()
                        ? List.of()
                        : columns.stream().map(inputScales::get).toList(),
                imageFit,
                imageTransforms,
                vocabularies);
    }
}

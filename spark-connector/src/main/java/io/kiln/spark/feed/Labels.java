package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.List;

/**
 * The allowed labels, and how rows are weighted by them.
 *
 * @param classes number of classes, for labels 0 … classes-1; 0 if labels are arbitrary finite numbers
 * @param classWeights factors on the weights of training rows, one per class; empty if all classes have the same weight
 * @param ignored labels whose rows are skipped, in training and validation
 */
public record Labels(int classes, List<Double> classWeights, List<Double> ignored) implements Serializable {
    /**
     * Checks and copies the lists.
     *
     * @throws IllegalArgumentException if there is not one weight per class
     */
    public Labels {
        classWeights = List.copyOf(classWeights);
        ignored = List.copyOf(ignored);
        if (!classWeights.isEmpty() && classWeights.size() != classes) {
            throw new IllegalArgumentException(
                    "classWeights: there are %d weights, the network has %d classes; give one weight per class"
                            .formatted(classWeights.size(), classes));
        }
    }

    /**
     * Creates labels with equal weights.
     *
     * @param classes number of classes; 0 if labels are arbitrary finite numbers
     */
    public Labels(int classes) {
        this(classes, List.of(), List.of());
    }

    boolean isIgnored(double label) {
        return !ignored.isEmpty() && ignored.contains(label);
    }

    double weight(double label) {
        return classWeights.isEmpty() ? 1 : classWeights.get((int) label);
    }
}

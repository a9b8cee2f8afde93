package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.List;

/**
 * What labels may be, and what rows count by them.
 *
 * @param classes number of classes, for labels 0 … classes-1; 0 when labels are any finite numbers
 * @param classWeights factors on the weights of training rows, one per class; empty when all classes count alike
 * @param ignored labels whose rows are left out, of training and validation
 */
public record Labels(int classes, List<Double> classWeights, List<Double> ignored) implements Serializable {
    /**
     * Checks and keeps the lists.
     *
     * @throws IllegalArgumentException when there is not one weight per class
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
     * Labels that all count alike.
     *
     * @param classes number of classes; 0 when labels are any finite numbers
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

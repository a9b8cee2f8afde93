package io.kiln.spark.job;

import io.kiln.data.vision.Image;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.spark.feed.Field;
import io.kiln.spark.feed.ImageCoding;
import io.kiln.spark.feed.Moments;
import io.kiln.spark.feed.NetworkInputs;
import io.kiln.spark.feed.PackedData;
import io.kiln.spark.model.Network;
import io.kiln.spark.model.Standardization;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * What the first nodes of a network do to its inputs. Components have the names of the Params that set them.
 *
 * @param standardizeInputs inputs whose features are standardised with the moments of the training rows
 * @param imageMean mean of each channel of images, after scaling; empty for none
 * @param imageDeviation standard deviation of each channel
 */
public record Normalization(List<String> standardizeInputs, List<Double> imageMean, List<Double> imageDeviation) {
    /**
     * Makes the lists unmodifiable.
     *
     * @throws IllegalArgumentException if means and deviations do not fit together
     */
    public Normalization {
        standardizeInputs = List.copyOf(standardizeInputs);
        imageMean = List.copyOf(imageMean);
        imageDeviation = List.copyOf(imageDeviation);
        if (imageMean.size() != imageDeviation.size()) {
            throw new IllegalArgumentException(
                    "imageMean: has %d numbers, imageDeviation has %d; give both for each channel, or neither"
                            .formatted(imageMean.size(), imageDeviation.size()));
        }
    }

    private static ImageCoding images(NetworkInputs in, NetworkInputs.Slot s) {
        return s.source() == NetworkInputs.Source.VALUES
                        && in.fields().get(s.field()).coding() instanceof ImageCoding c
                ? c
                : null;
    }

    /** Rejects what these inputs cannot be. */
    void check(NetworkInputs in) {
        List<String> names = in.slots().stream().map(NetworkInputs.Slot::name).toList();
        for (String name : standardizeInputs) {
            if (!names.contains(name)) {
                throw new IllegalArgumentException(
                        "standardizeInputs: the network has no input \"%s\"; inputs: %s".formatted(name, names));
            }
            NetworkInputs.Slot s = in.slots().get(names.indexOf(name));
            Field f = in.fields().get(s.field());
            boolean images =
                    f.coding() instanceof ImageCoding c && !c.transforms().isEmpty();
            if (s.source() != NetworkInputs.Source.VALUES
                    || s.dtype() != DType.FLOAT32
                    || f.lengths() != null
                    || images) {
                throw new IllegalArgumentException("standardizeInputs: input %s %s"
                        .formatted(
                                name,
                                images
                                        ? "has images that imageTransforms change in each epoch; set imageMean and imageDeviation instead"
                                        : "is " + s.dtype() + s.rowShape()
                                                + ", but only float32 of one shape can be standardised; leave it out"));
            }
        }
        if (imageMean.isEmpty()) {
            return;
        }
        boolean any = false;
        for (NetworkInputs.Slot s : in.slots()) {
            ImageCoding c = images(in, s);
            any |= c != null;
            if (c != null && standardizeInputs.contains(s.name())) {
                throw new IllegalArgumentException(
                        "standardizeInputs: images of input %s are normalised with imageMean and imageDeviation already; leave it out, or unset these"
                                .formatted(s.name()));
            }
            if (c != null && (c.size().channels() != imageMean.size() || s.dtype() != DType.FLOAT32)) {
                throw new IllegalArgumentException(
                        "imageMean: has %d numbers, input %s takes images of %d channels as %s; give one for each channel of float32"
                                .formatted(imageMean.size(), s.name(), c.size().channels(), s.dtype()));
            }
        }
        if (!any) {
            throw new IllegalArgumentException(
                    "imageMean: no input is read from images; unset it, or say so with inputTypes, such as image[3,224,224]");
        }
    }

    /**
     * Rejects other means than those that a network has from an earlier fit.
     *
     * @param network the network
     * @param in its inputs
     */
    void checkKept(Network.Traced network, NetworkInputs in) {
        for (NetworkInputs.Slot s : in.slots()) {
            ImageCoding c = imageMean.isEmpty() ? null : images(in, s);
            if (c == null || !Standardization.has(network, s.name())) {
                continue;
            }
            Standardization.Constants asked = ofChannels(c.size());
            Standardization.Constants kept = Standardization.constants(network, s.name());
            if (!Arrays.equals(asked.mean(), kept.mean()) || !Arrays.equals(asked.factor(), kept.factor())) {
                throw new IllegalArgumentException(
                        "imageMean: the network normalises input %s itself, as it was trained, with other constants; unset imageMean and imageDeviation"
                                .formatted(s.name()));
            }
        }
    }

    /** The network with its first nodes; one that was trained before keeps those it has. */
    Network.Traced of(Network.Traced network, NetworkInputs in, PackedData rows)
            throws ExecutionException, TimeoutException, InterruptedException {
        Network.Traced result = network;
        for (NetworkInputs.Slot s : in.slots()) {
            if (Standardization.has(result, s.name())) {
                continue;
            }
            ImageCoding c = images(in, s);
            if (standardizeInputs.contains(s.name())) {
                Moments m = rows.features(s.field(), in.fields().get(s.field()).width());
                result = Standardization.input(
                        result,
                        s.name(),
                        Standardization.Constants.of(rowShape(s), m, in.scales().get(s.field())));
            } else if (c != null && !imageMean.isEmpty()) {
                result = Standardization.input(result, s.name(), ofChannels(c.size()));
            }
        }
        return result;
    }

    private static Shape rowShape(NetworkInputs.Slot s) {
        return Shape.of(s.rowShape().stream().mapToLong(Long::longValue).toArray());
    }

    private Standardization.Constants ofChannels(ImageCoding.Size size) {
        int n = imageMean.size();
        float[] mean = new float[n];
        float[] factor = new float[n];
        for (int i = 0; i < n; i++) {
            mean[i] = imageMean.get(i).floatValue();
            factor[i] = (float) (1 / imageDeviation.get(i));
        }
        Shape shape = size.layout() == Image.Layout.CHW ? Shape.of(n, 1, 1) : Shape.of(n);
        return new Standardization.Constants(shape, mean, factor);
    }
}

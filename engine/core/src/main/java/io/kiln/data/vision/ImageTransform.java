package io.kiln.data.vision;

import io.kiln.data.Augmentation;
import io.kiln.data.Labeled;
import java.util.random.RandomGenerator;

/**
 * Transforms an image. Deterministic transforms ignore the random numbers.
 *
 * <pre>{@code
 * ImageTransform train = new RandomResizedCrop(224, 224, 0.08, 1)
 *         .then(ImageTransform.flipHorizontally(0.5))
 *         .then(new ColourJitter(0.4, 0.4, 0.4, 0))
 *         .then(ImageTransform.scale())
 *         .then(new Normalize(new float[] {0.485f, 0.456f, 0.406f}, new float[] {0.229f, 0.224f, 0.225f}));
 * }</pre>
 */
@FunctionalInterface
public interface ImageTransform {
    /**
     * Transforms an image.
     *
     * @param image the image, which is not modified
     * @param random the source of random decisions
     * @return the new image, which may be the same
     */
    Image apply(Image image, RandomGenerator random);

    /**
     * Returns this transform followed by another one.
     *
     * @param next the transform to apply afterwards
     * @return the combined transform
     */
    default ImageTransform then(ImageTransform next) {
        return (image, random) -> next.apply(apply(image, random), random);
    }

    /** {@return this transform as an augmentation of a loader's images} */
    default Augmentation<Labeled<Image>> augmentation() {
        return (sample, random) -> sample.with(apply(sample.data(), random));
    }

    /**
     * A transform that is applied with a probability.
     *
     * @param p the probability
     * @param transform the transform to apply
     * @return the transform
     */
    static ImageTransform sometimes(double p, ImageTransform transform) {
        Pixels.checkProbability("sometimes", p);
        return (image, random) -> random.nextDouble() < p ? transform.apply(image, random) : image;
    }

    /**
     * Flips left and right with a probability.
     *
     * @param p the probability
     * @return the transform
     */
    static ImageTransform flipHorizontally(double p) {
        return new FlipHorizontally(p);
    }

    /**
     * Flips top and bottom with a probability.
     *
     * @param p the probability
     * @return the transform
     */
    static ImageTransform flipVertically(double p) {
        return new FlipVertically(p);
    }

    /** {@return a transform that divides by 255, from 0 to 255 to 0 to 1} */
    static ImageTransform scale() {
        return (i, r) -> Pixels.remap(i, i.height(), i.width(), (y, x, c) -> i.at(y, x, c) / 255);
    }

    /**
     * Resizes with linear interpolation between pixels.
     *
     * @param height new height
     * @param width new width
     * @return the transform
     */
    static ImageTransform resize(int height, int width) {
        return new Resize(height, width);
    }

    /**
     * Resizes and preserves the aspect ratio.
     *
     * @param shorter new length of the shorter side
     * @return the transform
     */
    static ImageTransform resizeShorter(int shorter) {
        return new ResizeShorter(shorter);
    }

    /**
     * Crops the centre of an image.
     *
     * @param height height of the part, at most the image's
     * @param width width of the part, at most the image's
     * @return the transform
     */
    static ImageTransform centreCrop(int height, int width) {
        return new CentreCrop(height, width);
    }

    /**
     * Crops a random part of an image.
     *
     * @param height height of the part, at most the image's
     * @param width width of the part, at most the image's
     * @return the transform
     */
    static ImageTransform randomCrop(int height, int width) {
        return new RandomCrop(height, width);
    }

    /**
     * Adds a border on all sides.
     *
     * @param pixels its width
     * @param value its pixels' value
     * @return the transform
     */
    static ImageTransform pad(int pixels, float value) {
        return new PadBorder(pixels, value);
    }
}

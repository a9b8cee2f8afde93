package io.kiln.data.vision;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.shape.Movement;
import java.util.random.RandomGenerator;

/**
 * Mixes each image of a batch with the image at the mirrored position from the end, and their labels. The share λ of
 * the image itself is drawn from Beta(α, α), once per batch.
 */
public final class Mix {
    private Mix() {}

    /**
     * A batch and its labels.
     *
     * @param images x[N,C,H,W]
     * @param labels probabilities[N,classes]
     */
    public record Batch(NDArray images, NDArray labels) {}

    /**
     * Mix-up: \(\lambda x + (1-\lambda) x'\). H. Zhang, M. Cisse, Y. Dauphin, D. Lopez-Paz: mixup: beyond empirical risk minimization,
     * ICLR 2018.
     *
     * @param batch shuffled images and their labels, one-hot
     * @param alpha α above 0; 0.2 in the paper for ImageNet
     * @param random draws λ
     * @return new arrays
     */
    public static Batch mixUp(Batch batch, double alpha, RandomGenerator random) {
        check(batch);
        double share = Beta.symmetric(alpha, random);
        return new Batch(mix(batch.images(), share), mix(batch.labels(), share));
    }

    private static NDArray mix(NDArray x, double share) {
        return x.mul(share).add(Movement.flip(x, 0).mul(1 - share));
    }

    /**
     * Cut-mix: a rectangle of area 1 − λ comes from the other image. S. Yun et al.: CutMix: regularization strategy to
     * train strong classifiers with localizable features, ICCV 2019.
     *
     * @param batch shuffled images and their labels, one-hot
     * @param alpha α above 0; 1 in the paper
     * @param random draws λ and the position
     * @return new arrays; the labels are mixed by the actual area of the rectangle
     */
    public static Batch cutMix(Batch batch, double alpha, RandomGenerator random) {
        check(batch);
        NDArray x = batch.images();
        int h = Math.toIntExact(x.shape().dim(2));
        int w = Math.toIntExact(x.shape().dim(3));
        double side = Math.sqrt(1 - Beta.symmetric(alpha, random));
        int middleY = random.nextInt(h);
        int middleX = random.nextInt(w);
        int top = (int) Math.max(0, middleY - Math.round(side * h / 2));
        int bottom = (int) Math.min(h, middleY + Math.round(side * h / 2));
        int left = (int) Math.max(0, middleX - Math.round(side * w / 2));
        int right = (int) Math.min(w, middleX + Math.round(side * w / 2));
        double share = 1 - (double) (bottom - top) * (right - left) / ((double) h * w);
        NDArray y = x.copy();
        if (bottom > top && right > left) {
            NDArray other = Movement.flip(x, 0);
            y.slice(2, top, bottom)
                    .slice(3, left, right)
                    .assign(other.slice(2, top, bottom).slice(3, left, right));
        }
        return new Batch(y, mix(batch.labels(), share));
    }

    private static void check(Batch b) {
        if (b.images().shape().rank() != 4
                || b.labels().shape().rank() != 2
                || b.labels().shape().dim(0) != b.images().shape().dim(0)) {
            throw new ShapeException("mix: expected images[N,C,H,W] and labels[N,classes], got "
                    + b.images().spec() + " and " + b.labels().spec());
        }
    }
}

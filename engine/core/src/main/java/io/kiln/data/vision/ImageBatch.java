package io.kiln.data.vision;

import io.kiln.data.Collate;
import io.kiln.data.Labeled;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;

/** Creates batches of images. */
public final class ImageBatch {
    private ImageBatch() {}

    /**
     * Combines images of the same size into a batch.
     *
     * @param layout the order of the axes after the batch
     * @return x[N,C,H,W] or x[N,H,W,C] float32, and labels[N] float32
     */
    public static Collate<Labeled<Image>> of(Image.Layout layout) {
        return samples -> {
            Image first = samples.get(0).data();
            int size = first.pixels().length;
            float[] all = new float[Math.multiplyExact(size, samples.size())];
            for (int i = 0; i < samples.size(); i++) {
                Image image = samples.get(i).data();
                if (image.height() != first.height()
                        || image.width() != first.width()
                        || image.channels() != first.channels()) {
                    throw new ShapeException("imageBatch: the first image of the batch is " + sizes(first) + ", image "
                            + i + " is " + sizes(image) + "; crop or resize them to one size");
                }
                System.arraycopy(layout == Image.Layout.CHW ? image.planes() : image.pixels(), 0, all, i * size, size);
            }
            Shape shape = layout == Image.Layout.CHW
                    ? Shape.of(samples.size(), first.channels(), first.height(), first.width())
                    : Shape.of(samples.size(), first.height(), first.width(), first.channels());
            return new NDArray[] {NDArray.of(shape, all), Collate.labels(samples)};
        };
    }

    private static String sizes(Image i) {
        return i.height() + "x" + i.width() + "x" + i.channels();
    }
}

package io.kiln.data.vision;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;

/**
 * An image: pixels[height, width, channels], row-major. Values are from 0 to 255 until they are
 * {@linkplain ImageTransform#scale scaled}.
 *
 * @param height rows
 * @param width columns
 * @param channels 1 for grey, 3 for red, green, blue
 * @param pixels the values; must not be changed
 */
public record Image(int height, int width, int channels, float[] pixels) {
    /** How the axes of an array are ordered. */
    public enum Layout {
        /** Height, width, channels. */
        HWC,
        /** Channels, height, width: the order that convolutions expect. */
        CHW
    }

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if they do not match the pixels
     */
    public Image {
        if (height < 1
                || width < 1
                || channels < 1
                || Math.multiplyExact(Math.multiplyExact((long) height, width), channels) != pixels.length) {
            throw new IllegalArgumentException("image: expected " + height + "x" + width + "x" + channels
                    + " pixels of positive sizes, got " + pixels.length + " values");
        }
    }

    /**
     * Creates an image from an array.
     *
     * @param array three axes, of uint8 or a floating dtype
     * @param layout the order of the axes
     * @return the image, a copy
     */
    public static Image of(NDArray array, Layout layout) {
        Shape s = array.shape();
        if (s.rank() != 3) {
            throw new ShapeException("image: expected three axes " + layout + ", got " + array.spec());
        }
        NDArray hwc = layout == Layout.HWC ? array : array.transpose(1, 2, 0);
        Shape d = hwc.shape();
        return new Image(
                Math.toIntExact(d.dim(0)), Math.toIntExact(d.dim(1)), Math.toIntExact(d.dim(2)), hwc.toFloatArray());
    }

    /** The value of a channel of a pixel. */
    float at(int y, int x, int c) {
        return pixels[(y * width + x) * channels + c];
    }

    /**
     * The image as an array.
     *
     * @param layout the order of the axes
     * @param dtype float32; or uint8, with values rounded and clamped to 0 to 255
     * @return a new array of the current scope
     */
    public NDArray toArray(Layout layout, DType dtype) {
        float[] values = layout == Layout.HWC ? pixels : planes();
        Shape shape = layout == Layout.HWC ? Shape.of(height, width, channels) : Shape.of(channels, height, width);
        if (dtype == DType.FLOAT32) {
            return NDArray.of(shape, values);
        }
        if (dtype != DType.UINT8) {
            throw new IllegalArgumentException("image: dtype must be float32 or uint8, got " + dtype);
        }
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.max(0, Math.min(255, Math.round(values[i])));
        }
        return NDArray.of(shape, dtype, bytes);
    }

    /** The pixels channel by channel. */
    float[] planes() {
        float[] planes = new float[pixels.length];
        int area = height * width;
        for (int i = 0; i < area; i++) {
            for (int c = 0; c < channels; c++) {
                planes[c * area + i] = pixels[i * channels + c];
            }
        }
        return planes;
    }
}

package io.kiln.init;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;

/**
 * Every filter interpolates bilinearly: with \(f = \lceil k_W / 2 \rceil\) and \(c = \frac{2 f - 1 - f \bmod 2}{2 f}\),
 * \(w[\dots,y,x] = (1 - |x/f - c|)(1 - |y/f - c|)\). For transposed convolutions of stride f and kernel 2f - f mod 2,
 * with as many groups as channels. Like MXNet's initializer of this name; J. Long et al., CVPR 2015.
 */
public record Bilinear() implements Initializer {
    @Override
    public NDArray create(Shape shape) {
        if (shape.rank() != 4) {
            throw new ShapeException(
                    "bilinear: needs the weight of a convolution of images, [out,in,H,W], got " + shape);
        }
        int height = Math.toIntExact(shape.dim(2));
        int width = Math.toIntExact(shape.dim(3));
        int window = height * width;
        long factor = (width + 1) / 2;
        double centre = (2 * factor - 1 - factor % 2) / (2.0 * factor);
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            double x = Math.abs((double) (i % window % width) / factor - centre);
            double y = Math.abs((double) (i % window / width) / factor - centre);
            values[i] = (float) ((1 - x) * (1 - y));
        }
        return NDArray.of(shape, values);
    }
}

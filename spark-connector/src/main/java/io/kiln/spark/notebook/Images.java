package io.kiln.spark.notebook;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/** A sheet of small images with captions. */
public final class Images implements Picture {
    private static final int SIDE = 84;

    private final List<String> captions = new ArrayList<>();
    private final List<BufferedImage> images = new ArrayList<>();

    /**
     * Adds an image of ink on paper, such as an MNIST digit.
     *
     * @param caption text below the image
     * @param height number of rows
     * @param width pixels per row
     * @param ink one number per pixel, row by row: 0 is paper, 1 is ink; other values are clamped
     * @return this sheet
     * @throws IllegalArgumentException if there are not as many numbers as pixels
     */
    public Images add(String caption, int height, int width, double... ink) {
        if (height < 1 || width < 1 || ink.length != Math.multiplyExact(height, width)) {
            throw new IllegalArgumentException(
                    "images: expected %d × %d numbers, got %d".formatted(height, width, ink.length));
        }
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < ink.length; i++) {
            int shade = (int) Math.round(255 * (1 - Math.min(1, Math.max(0, ink[i]))));
            image.getRaster().setSample(i % width, i / width, 0, shade);
        }
        images.add(image);
        captions.add(caption);
        return this;
    }

    /**
     * Adds an image of bytes, such as an MNIST digit.
     *
     * @param caption text below the image
     * @param height number of rows
     * @param width pixels per row
     * @param ink one unsigned byte per pixel, row by row: 0 is paper, 255 is ink
     * @return this sheet
     * @throws IllegalArgumentException if there are not as many bytes as pixels
     */
    public Images add(String caption, int height, int width, byte... ink) {
        double[] shares = new double[ink.length];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = (ink[i] & 0xff) / 255.0;
        }
        return add(caption, height, width, shares);
    }

    @Override
    public String toHtml() {
        Markup m = new Markup().add("<div style=\"display:flex;flex-wrap:wrap;gap:10px\">");
        for (int i = 0; i < images.size(); i++) {
            m.add(
                    "<figure style=\"margin:0;text-align:center\"><img width=\"%d\" style=\"image-rendering:pixelated\""
                            + " alt=\"%s\" src=\"data:image/png;base64,%s\"/><figcaption>%s</figcaption></figure>",
                    SIDE, Markup.escape(captions.get(i)), png(images.get(i)), Markup.escape(captions.get(i)));
        }
        return m.add("</div>").toString();
    }

    private static String png(BufferedImage image) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Base64.getEncoder().encodeToString(out.toByteArray());
    }

    /** {@return the captions, since a terminal shows no pictures} */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%d images: %s", images.size(), String.join(", ", captions));
    }
}

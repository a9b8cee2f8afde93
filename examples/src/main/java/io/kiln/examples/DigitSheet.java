package io.kiln.examples;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/** A sheet of misclassified digits, each with its label and its prediction. */
final class DigitSheet {
    private static final int COLUMNS = 8;
    /** Pixels of the sheet per pixel of a digit. */
    private static final int ZOOM = 4;

    private static final int FACE = Mnist.SIDE * ZOOM;
    private static final int GAP = 16;
    private static final int CAPTION = 42;
    private static final int HEADER = 64;
    private static final Color INK = new Color(0x22, 0x26, 0x2b);
    private static final Color QUIET = new Color(0x7a, 0x80, 0x88);
    private static final Color WRONG = new Color(0xc0, 0x39, 0x2b);
    private static final Color FRAME = new Color(0xd9, 0xdc, 0xe0);

    private DigitSheet() {}

    /**
     * One misclassified digit.
     *
     * @param pixels the image's pixels, 0 to 1
     * @param label its true class
     * @param prediction its predicted class
     * @param probability the probability of the predicted class
     */
    record Mistake(float[] pixels, int label, int prediction, double probability) {}

    /** Writes the sheet as PNG, with {@code title} above the digits. */
    static void write(Path file, String title, List<Mistake> mistakes) throws IOException {
        ImageIO.write(draw(title, mistakes), "png", file.toFile());
    }

    static BufferedImage draw(String title, List<Mistake> mistakes) {
        int rows = Math.max(1, (mistakes.size() + COLUMNS - 1) / COLUMNS);
        int width = GAP + COLUMNS * (FACE + GAP);
        int height = HEADER + rows * (FACE + CAPTION) + GAP;
        BufferedImage sheet = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = sheet.createGraphics();
        try {
            g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, width, height);
            g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 22));
            g.setColor(INK);
            g.drawString(title, GAP, 40);
            for (int i = 0; i < mistakes.size(); i++) {
                int x = GAP + i % COLUMNS * (FACE + GAP);
                int y = HEADER + i / COLUMNS * (FACE + CAPTION);
                face(sheet, mistakes.get(i).pixels(), x, y);
                g.setColor(FRAME);
                g.drawRect(x - 1, y - 1, FACE + 1, FACE + 1);
                caption(g, mistakes.get(i), x, y + FACE);
            }
        } finally {
            g.dispose();
        }
        return sheet;
    }

    private static void face(BufferedImage sheet, float[] pixels, int x, int y) {
        for (int v = 0; v < FACE; v++) {
            for (int u = 0; u < FACE; u++) {
                float ink = pixels[v / ZOOM * Mnist.SIDE + u / ZOOM];
                int shade = Math.round(255 * (1 - Math.min(1, Math.max(0, ink))));
                sheet.setRGB(x + u, y + v, shade << 16 | shade << 8 | shade);
            }
        }
    }

    /** "3 → 5" with the wrong digit in red, and the model's confidence. */
    private static void caption(Graphics2D g, Mistake m, int x, int y) {
        g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 17));
        FontMetrics metrics = g.getFontMetrics();
        String is = m.label() + " → ";
        String taken = Integer.toString(m.prediction());
        int baseline = y + 22;
        g.setColor(INK);
        g.drawString(is, x, baseline);
        g.setColor(WRONG);
        g.drawString(taken, x + metrics.stringWidth(is), baseline);
        String sure = String.format(Locale.ROOT, "%.0f %%", 100 * m.probability());
        g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        g.setColor(QUIET);
        g.drawString(sure, x + FACE - g.getFontMetrics().stringWidth(sure), baseline);
    }
}

package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigitSheetTest {
    @Test
    void sheetGrowsWithTheNumberOfMistakesAndShowsTheirInk(@TempDir Path folder) throws IOException {
        float[] black = new float[Mnist.PIXELS];
        Arrays.fill(black, 1);
        List<DigitSheet.Mistake> mistakes = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            mistakes.add(new DigitSheet.Mistake(black, i, 9 - i, 0.5));
        }
        Path file = folder.resolve("sheet.png");
        DigitSheet.write(file, "nine", mistakes);
        BufferedImage two = ImageIO.read(file.toFile());
        BufferedImage one = DigitSheet.draw("none", List.of());
        assertEquals(one.getWidth(), two.getWidth());
        assertTrue(two.getHeight() > one.getHeight());
        assertTrue(dark(two) >= 9 * 4 * 4 * Mnist.PIXELS, "ink of nine black squares");
        assertTrue(dark(one) < 1_000, "an empty sheet has its title only");
    }

    private static int dark(BufferedImage image) {
        int n = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                n += (image.getRGB(x, y) & 0xffffff) == 0 ? 1 : 0;
            }
        }
        return n;
    }
}

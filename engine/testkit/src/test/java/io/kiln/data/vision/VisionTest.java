package io.kiln.data.vision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.data.Labeled;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class VisionTest {
    private final RandomGenerator random = new SplittableRandom(3);

    /** The value of pixel (y, x) is 10 y + x. */
    private static Image grid(int height, int width) {
        float[] p = new float[height * width];
        for (int i = 0; i < p.length; i++) {
            p[i] = 10 * (i / width) + i % width;
        }
        return new Image(height, width, 1, p);
    }

    private static float[] same(float value, int n) {
        float[] a = new float[n];
        Arrays.fill(a, value);
        return a;
    }

    @Test
    void resizingEqualsOpenCv() {
        JsonNode golden = Golden.read("data/resize.json");
        Image image = new Image(7, 5, 3, Golden.floats(golden.get("image")));
        for (JsonNode c : golden.get("cases")) {
            Image out = ImageTransform.resize(
                            c.get("height").asInt(), c.get("width").asInt())
                    .apply(image, random);
            assertArrayEquals(Golden.floats(c.get("out")), out.pixels(), 2e-3f, c.get("height") + "x" + c.get("width"));
        }
    }

    @Test
    void cropsTakeTheMiddleOrSomePart() {
        assertArrayEquals(
                new float[] {11, 12, 21, 22},
                ImageTransform.centreCrop(2, 2).apply(grid(4, 4), random).pixels());
        boolean[] seen = new boolean[3];
        for (int i = 0; i < 100; i++) {
            float first =
                    ImageTransform.randomCrop(2, 2).apply(grid(2, 4), random).pixels()[0];
            seen[(int) first] = true;
        }
        assertArrayEquals(new boolean[] {true, true, true}, seen);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> ImageTransform.randomCrop(5, 2)
                        .apply(grid(4, 4), random))
                .getMessage()
                .contains("does not fit an image of 4x4"));
    }

    @Test
    void resizedCropHasTheSizeAndStaysWithinTheImage() {
        for (int i = 0; i < 200; i++) {
            Image out = new RandomResizedCrop(3, 5, 0.08, 1).apply(grid(9, 7), random);
            assertEquals(3 * 5, out.pixels().length);
            for (float v : out.pixels()) {
                assertTrue(v >= 0 && v <= 86);
            }
        }
        Image all = new RandomResizedCrop(4, 4, 1, 1).apply(grid(4, 4), random);
        assertEquals(16, all.pixels().length);
    }

    @Test
    void shorterSideKeepsTheRatio() {
        Image out = ImageTransform.resizeShorter(10).apply(grid(4, 6), random);
        assertEquals(10, out.height());
        assertEquals(15, out.width());
    }

    @Test
    void flipsMirror() {
        assertArrayEquals(
                new float[] {1, 0, 11, 10},
                ImageTransform.flipHorizontally(1).apply(grid(2, 2), random).pixels());
        assertArrayEquals(
                new float[] {10, 11, 0, 1},
                ImageTransform.flipVertically(1).apply(grid(2, 2), random).pixels());
        Image image = grid(2, 2);
        assertSame(image, ImageTransform.flipHorizontally(0).apply(image, random));
    }

    @Test
    void padNormalizeAndScale() {
        assertArrayEquals(
                new float[] {9, 9, 9, 9, 7, 9, 9, 9, 9},
                ImageTransform.pad(1, 9)
                        .apply(new Image(1, 1, 1, new float[] {7}), random)
                        .pixels());
        Image rgb = new Image(1, 1, 3, new float[] {255, 51, 0});
        Normalize n = new Normalize(new float[] {0.5f, 0.2f, 0.25f}, new float[] {0.5f, 1, 0.25f});
        assertArrayEquals(
                new float[] {1, 0, -1},
                ImageTransform.scale().then(n).apply(rgb, random).pixels(),
                1e-6f);
        assertThrows(IllegalArgumentException.class, () -> n.apply(grid(1, 1), random));
    }

    @Test
    void jitterStaysWithinItsFactors() {
        Image gray = new Image(1, 2, 3, same(100, 6));
        for (int i = 0; i < 50; i++) {
            for (float v : new ColourJitter(0.2, 0, 0, 0).apply(gray, random).pixels()) {
                assertTrue(v >= 79.99 && v <= 120.01, "brightness gave " + v);
            }
            // Contrast, saturation and hue leave an even grey alone.
            assertArrayEquals(
                    gray.pixels(),
                    new ColourJitter(0, 0.5, 0.5, 0.5).apply(gray, random).pixels(),
                    0.02f);
        }
    }

    @Test
    void hueTurnsColoursAndKeepsTheirGrey() {
        Image red = new Image(1, 1, 3, new float[] {120, 90, 80});
        boolean changed = false;
        for (int i = 0; i < 20; i++) {
            float[] p = new ColourJitter(0, 0, 0, 0.5).apply(red, random).pixels();
            assertEquals(0.299 * 120 + 0.587 * 90 + 0.114 * 80, 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2], 0.1);
            changed |= p[0] < p[2];
        }
        assertTrue(changed);
    }

    @Test
    void erasingFillsARectangleOfTheAskedArea() {
        for (int run = 0; run < 50; run++) {
            Image out = new RandomErasing(1, 0.1, 0.3, -1).apply(grid(20, 20), random);
            int erased = 0;
            for (float v : out.pixels()) {
                erased += v == -1 ? 1 : 0;
            }
            assertTrue(erased >= 0.07 * 400 && erased <= 0.36 * 400, erased + " pixels");
        }
        Image cut = RandomErasing.cutOut(3, -1).apply(grid(20, 20), random);
        int erased = 0;
        for (float v : cut.pixels()) {
            erased += v == -1 ? 1 : 0;
        }
        assertTrue(erased >= 4 && erased <= 9, erased + " pixels");
    }

    @Test
    void arraysOfBothLayoutsAndTypesBecomeImagesAndBack() {
        try (Scope scope = Scope.open()) {
            NDArray hwc = NDArray.of(Shape.of(1, 2, 3), DType.UINT8, new byte[] {1, 2, 3, 4, 5, (byte) 200});
            Image image = Image.of(hwc, Image.Layout.HWC);
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 200}, image.pixels());
            NDArray chw = image.toArray(Image.Layout.CHW, DType.FLOAT32);
            assertEquals(Shape.of(3, 1, 2), chw.shape());
            assertArrayEquals(new float[] {1, 4, 2, 5, 3, 200}, chw.toFloatArray());
            assertArrayEquals(image.pixels(), Image.of(chw, Image.Layout.CHW).pixels());
            NDArray bytes = new Image(1, 3, 1, new float[] {-5, 1.6f, 300}).toArray(Image.Layout.HWC, DType.UINT8);
            assertArrayEquals(new int[] {0, 2, 255}, bytes.toIntArray());
        }
    }

    @Test
    void batchNeedsImagesOfOneSize() {
        try (Scope scope = Scope.open()) {
            NDArray[] b = ImageBatch.of(Image.Layout.CHW)
                    .batch(List.of(new Labeled<>(grid(2, 3), 4), new Labeled<>(grid(2, 3), 5)));
            assertEquals(Shape.of(2, 1, 2, 3), b[0].shape());
            assertArrayEquals(new float[] {4, 5}, b[1].toFloatArray());
            String message = assertThrows(ShapeException.class, () -> ImageBatch.of(Image.Layout.CHW)
                            .batch(List.of(new Labeled<>(grid(2, 3), 4), new Labeled<>(grid(3, 2), 5))))
                    .getMessage();
            assertEquals(
                    "imageBatch: the first image of the batch is 2x3x1, image 1 is 3x2x1; crop or resize them to one size",
                    message);
        }
    }

    @Test
    void mixUpMixesImagesAndLabelsByOneShare() {
        try (Scope scope = Scope.open()) {
            NDArray x = NDArray.of(Shape.of(2, 1, 1, 1), 0f, 1);
            NDArray labels = NDArray.of(Shape.of(2, 2), 1f, 0, 0, 1);
            Mix.Batch mixed = Mix.mixUp(new Mix.Batch(x, labels), 0.4, random);
            assertEquals(1 - mixed.images().get(0, 0, 0, 0), mixed.labels().get(0, 0), 1e-6);
            assertEquals(1, mixed.labels().get(0, 0) + mixed.labels().get(0, 1), 1e-6);
        }
    }

    @Test
    void cutMixMixesLabelsByTheAreaThatWasCut() {
        try (Scope scope = Scope.open()) {
            NDArray x = NDArray.zeros(Shape.of(2, 1, 6, 6), DType.FLOAT32);
            x.slice(0, 1, 2).fill(1);
            NDArray labels = NDArray.of(Shape.of(2, 2), 1f, 0, 0, 1);
            for (int i = 0; i < 20; i++) {
                Mix.Batch mixed = Mix.cutMix(new Mix.Batch(x, labels), 1, random);
                assertEquals(
                        mixed.images().slice(0, 0, 1).mean().item(),
                        mixed.labels().get(0, 1),
                        1e-6);
            }
            assertEquals(0, x.get(0, 0, 3, 3), "the batch itself was changed");
        }
    }

    @Test
    void betaHasTheMomentsOfItsDistribution() {
        for (double alpha : new double[] {0.2, 1, 3}) {
            List<Double> draws = new ArrayList<>();
            for (int i = 0; i < 20_000; i++) {
                draws.add(Beta.symmetric(alpha, random));
            }
            double mean = draws.stream().mapToDouble(d -> d).average().orElseThrow();
            double variance = draws.stream()
                    .mapToDouble(d -> (d - mean) * (d - mean))
                    .average()
                    .orElseThrow();
            assertEquals(0.5, mean, 0.02);
            assertEquals(1 / (4 * (2 * alpha + 1)), variance, 0.01);
        }
        assertThrows(IllegalArgumentException.class, () -> Beta.symmetric(0, random));
    }
}

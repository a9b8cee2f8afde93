package io.kiln.nn.zoo;

import io.kiln.init.Constant;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Parameter;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.op.Role;
import io.kiln.op.activation.Activation;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.List;

/**
 * SSD300: detects objects in 300×300 images, based on the convolutions of VGG-16. W. Liu, D. Anguelov, D. Erhan, C.
 * Szegedy, S. Reed, C.-Y. Fu, A. Berg: SSD: single shot multibox detector, ECCV 2016. {@link #forwardAll} returns, for
 * the 8,732 default boxes in the order of {@link #defaultBoxes}, scores[N,8732,classes] (logits; the background is a
 * class) and offsets[N,8732,4].
 */
public final class Ssd extends Block {
    private static final int SIZE = 300;
    private static final int[] GRIDS = {38, 19, 10, 5, 3, 1};
    private static final int[] STEPS = {8, 16, 32, 64, 100, 300};
    private static final int[] SCALES = {21, 45, 99, 153, 207, 261, 315};
    private static final int[][] RATIOS = {{2}, {2, 3}, {2, 3}, {2, 3}, {2}, {2}};

    private final long classes;
    private final Block early;
    private final Parameter scale;
    private final List<Block> stages = new ArrayList<>();
    private final List<Block> scoreHeads = new ArrayList<>();
    private final List<Block> offsetHeads = new ArrayList<>();

    /**
     * Creates a network.
     *
     * @param classes number of classes, including the background
     */
    public Ssd(long classes) {
        Layers.checkClasses("ssd", classes);
        this.classes = classes;
        early = addChild("early", early());
        // The norm of each pixel of conv4_3 is learned, initially 20: section 3.1 of the paper.
        scale = addParameter(new Parameter("scale", Role.WEIGHT, new Constant(20)));
        stages.add(late());
        stages.add(extra(256, 512, 2, 1));
        stages.add(extra(128, 256, 2, 1));
        stages.add(extra(128, 256, 1, 0));
        stages.add(extra(128, 256, 1, 0));
        for (int i = 0; i < stages.size(); i++) {
            addChild("stage" + (i + 1), stages.get(i));
        }
        for (int i = 0; i < GRIDS.length; i++) {
            long boxes = boxesPerCell(i);
            scoreHeads.add(addChild("scores" + i, head(boxes * classes)));
            offsetHeads.add(addChild("offsets" + i, head(boxes * 4)));
        }
    }

    private static int boxesPerCell(int grid) {
        return 2 + 2 * RATIOS[grid].length;
    }

    private static Block early() {
        Sequential s = new Sequential();
        long[][] plan = {{64, 2}, {128, 2}, {256, 3}, {512, 3}};
        for (int i = 0; i < plan.length; i++) {
            for (int k = 0; k < plan[i][1]; k++) {
                Vgg.convolution(s, plan[i][0], false);
            }
            if (i < plan.length - 1) {
                s.add(i == 2 ? Pool.max2D(2).ceilMode(true) : Pool.max2D(2));
            }
        }
        return s;
    }

    private static Block late() {
        return new Sequential(
                Pool.max2D(2),
                Layers.convRelu(512, 3, 1, 1),
                Layers.convRelu(512, 3, 1, 1),
                Layers.convRelu(512, 3, 1, 1),
                Pool.max2D(3).stride(1).pad(1),
                Conv2D.builder()
                        .channels(1024)
                        .kernel(3)
                        .pad(6)
                        .dilation(6)
                        .activation(Activation.RELU)
                        .build(),
                Layers.convRelu(1024, 1, 1, 0));
    }

    private static Block extra(long squeezed, long channels, long stride, long pad) {
        return new Sequential(Layers.convRelu(squeezed, 1, 1, 0), Layers.convRelu(channels, 3, stride, pad));
    }

    private static Block head(long channels) {
        return Conv2D.builder().channels(channels).kernel(3).pad(1).build();
    }

    @Override
    public NDArray forward(NDArray x) {
        return forwardAll(x)[0];
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        NDArray y = early.call(inputs[0]);
        List<NDArray> maps = new ArrayList<>();
        maps.add(normalized(y));
        for (Block stage : stages) {
            y = stage.call(y);
            maps.add(y);
        }
        NDArray[] scores = new NDArray[maps.size()];
        NDArray[] offsets = new NDArray[maps.size()];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = perBox(scoreHeads.get(i).call(maps.get(i)), classes);
            offsets[i] = perBox(offsetHeads.get(i).call(maps.get(i)), 4);
        }
        return new NDArray[] {Movement.concat(1, scores), Movement.concat(1, offsets)};
    }

    private NDArray normalized(NDArray x) {
        NDArray s = scale.complete(Shape.of(x.shape().dim(1)))
                .data()
                .reshape(1, x.shape().dim(1), 1, 1);
        NDArray norm = Reductions.sum(x.square(), true, 1).add(1e-10).sqrt();
        return x.div(norm).mul(s);
    }

    /** From [N,boxes·n,H,W] to [N,H·W·boxes,n]. */
    private static NDArray perBox(NDArray x, long n) {
        Shape s = x.shape();
        long boxes = s.dim(1) / n * s.dim(2) * s.dim(3);
        return x.transpose(0, 2, 3, 1).reshape(Shape.of(Shape.UNKNOWN, boxes, n));
    }

    /**
     * The boxes to which offsets are relative: section 2.2 of the paper, with the scales 0.07, 0.15, 0.33 … of its
     * experiments.
     *
     * @return boxes[8732,4]: centre x, centre y, width, height, as fractions of the image's size
     */
    public static NDArray defaultBoxes() {
        int n = 0;
        for (int i = 0; i < GRIDS.length; i++) {
            n += GRIDS[i] * GRIDS[i] * boxesPerCell(i);
        }
        float[] boxes = new float[4 * n];
        int at = 0;
        for (int i = 0; i < GRIDS.length; i++) {
            double[][] sizes = sizes(i);
            for (int row = 0; row < GRIDS[i]; row++) {
                for (int column = 0; column < GRIDS[i]; column++) {
                    for (double[] size : sizes) {
                        boxes[at++] = (float) ((column + 0.5) * STEPS[i] / SIZE);
                        boxes[at++] = (float) ((row + 0.5) * STEPS[i] / SIZE);
                        boxes[at++] = (float) size[0];
                        boxes[at++] = (float) size[1];
                    }
                }
            }
        }
        return NDArray.of(Shape.of(n, 4), boxes);
    }

    private static double[][] sizes(int grid) {
        double s = (double) SCALES[grid] / SIZE;
        double between = Math.sqrt(s * SCALES[grid + 1] / SIZE);
        double[][] sizes = new double[boxesPerCell(grid)][];
        sizes[0] = new double[] {s, s};
        sizes[1] = new double[] {between, between};
        int at = 2;
        for (int ratio : RATIOS[grid]) {
            double r = Math.sqrt(ratio);
            sizes[at++] = new double[] {s * r, s / r};
            sizes[at++] = new double[] {s / r, s * r};
        }
        return sizes;
    }
}

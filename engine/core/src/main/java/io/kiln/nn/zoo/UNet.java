package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.List;

/**
 * U-Net: scores for each pixel, from a contracting and an expanding path with connections across. O. Ronneberger, P.
 * Fischer, T. Brox: U-Net: convolutional networks for biomedical image segmentation, MICCAI 2015; with padding, which
 * keeps sizes, and with batch normalisation, as is now common. Shapes: x[N,C,H,W], H and W divisible by 2 to the power
 * of levels; y[N,classes,H,W].
 */
public final class UNet extends Block {
    private final List<Block> down = new ArrayList<>();
    private final List<Block> up = new ArrayList<>();
    private final List<Block> join = new ArrayList<>();
    private final Block pool = addChild("pool", Pool.max2D(2));
    private final Block output;

    /**
     * Creates a network.
     *
     * @param classes number of classes
     * @param width channels of the first level; 64 in the paper
     * @param levels number of times the size is halved; 4 in the paper
     */
    public UNet(long classes, long width, int levels) {
        Layers.checkClasses("unet", classes);
        if (width < 1 || levels < 1 || levels > 10) {
            throw new IllegalArgumentException(
                    "unet: width must be >= 1 and levels from 1 to 10, got " + width + " and " + levels);
        }
        for (int i = 0; i <= levels; i++) {
            down.add(addChild("down" + i, twice(width << i)));
        }
        for (int i = levels - 1; i >= 0; i--) {
            up.add(addChild(
                    "up" + i,
                    Conv2D.transposedBuilder()
                            .channels(width << i)
                            .kernel(2)
                            .stride(2)
                            .build()));
            join.add(addChild("join" + i, twice(width << i)));
        }
        output = addChild("output", Conv2D.builder().channels(classes).kernel(1).build());
    }

    private static Block twice(long channels) {
        return new Sequential(
                Layers.conv(channels, 3, 1, 1),
                new BatchNorm(),
                Activations.relu(),
                Layers.conv(channels, 3, 1, 1),
                new BatchNorm(),
                Activations.relu());
    }

    @Override
    public NDArray forward(NDArray x) {
        List<NDArray> across = new ArrayList<>();
        NDArray y = down.get(0).call(x);
        for (int i = 1; i < down.size(); i++) {
            across.add(y);
            y = down.get(i).call(pool.call(y));
        }
        for (int i = 0; i < up.size(); i++) {
            NDArray wide = across.get(across.size() - 1 - i);
            y = join.get(i).call(Movement.concat(1, wide, up.get(i).call(y)));
        }
        return output.call(y);
    }
}

package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.op.Movement;
import java.util.List;

/** Blocks side by side on the same input, their outputs joined along the channels. */
final class Branches extends Block {
    Branches(Block... branches) {
        for (int i = 0; i < branches.length; i++) {
            addChild("branch" + i, branches[i]);
        }
    }

    @Override
    public NDArray forward(NDArray x) {
        List<Block> branches = List.copyOf(children().values());
        NDArray[] y = new NDArray[branches.size()];
        for (int i = 0; i < y.length; i++) {
            y[i] = branches.get(i).call(x);
        }
        return Movement.concat(1, y);
    }
}

package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.nn.Block;
import io.kiln.nn.Embedding;
import java.util.ArrayList;
import java.util.List;

/**
 * One table of vectors per categorical field: maps indices x[N,F], each into its field's table, to F vectors
 * y[N,dimension].
 */
final class Fields extends Block {
    private final List<Embedding> tables = new ArrayList<>();

    Fields(long dimension, List<Long> counts) {
        for (long count : counts) {
            tables.add(addChild("table" + tables.size(), new Embedding(count, dimension)));
        }
    }

    @Override
    public NDArray forward(NDArray x) {
        throw new UnsupportedOperationException("fields: gives several arrays; call callAll");
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        NDArray x = inputs[0];
        if (x.shape().rank() != 2 || x.shape().dim(1) != tables.size()) {
            throw new ShapeException("fields: expected indices[N," + tables.size() + "], got " + x.spec());
        }
        NDArray[] y = new NDArray[tables.size()];
        for (int i = 0; i < y.length; i++) {
            y[i] = tables.get(i).call(x.slice(1, i, i + 1).squeeze(1));
        }
        return y;
    }

    static void check(String network, List<Long> counts, long dimension) {
        if (counts.isEmpty() || dimension < 1) {
            throw new IllegalArgumentException(network + ": needs one count per categorical field and a dimension >= 1,"
                    + " got counts " + counts + " and dimension " + dimension);
        }
    }

    static void checkTwo(String network, NDArray... inputs) {
        if (inputs.length != 2) {
            throw new IllegalArgumentException(network + ": takes numbers[N,D] and indices[N,F], got " + inputs.length
                    + " inputs; call forwardAll");
        }
    }
}

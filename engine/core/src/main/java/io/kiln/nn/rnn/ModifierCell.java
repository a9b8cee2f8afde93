package io.kiln.nn.rnn;

import io.kiln.ndarray.Shape;
import java.util.List;

/** A cell that modifies another one, its child {@code base}. */
abstract class ModifierCell extends RecurrentCell {
    /** The modified cell. */
    final RecurrentCell base;

    ModifierCell(RecurrentCell base) {
        this.base = addChild("base", base);
    }

    static double rate(String cell, String argument, double rate) {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException(cell + ": " + argument + " must be at least 0 and below 1, got " + rate);
        }
        return rate;
    }

    @Override
    public List<Shape> stateShapes(Shape x) {
        return base.stateShapes(x);
    }

    @Override
    public final Shape outputShape(Shape x) {
        return base.outputShape(x);
    }
}

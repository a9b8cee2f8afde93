package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A stack of cells; their states are concatenated in order. They are named {@code 0}, {@code 1}, … */
public final class SequentialCell extends RecurrentCell {
    /**
     * Creates a stack of cells.
     *
     * @param cells the cells, from the bottom
     */
    public SequentialCell(RecurrentCell... cells) {
        for (RecurrentCell c : cells) {
            add(c);
        }
    }

    /**
     * Adds a cell on top.
     *
     * @param cell the cell
     * @return this stack
     */
    public SequentialCell add(RecurrentCell cell) {
        addChild(Integer.toString(children().size()), cell);
        return this;
    }

    private List<RecurrentCell> cells() {
        List<RecurrentCell> cells = new ArrayList<>();
        for (Block b : children().values()) {
            cells.add((RecurrentCell) b);
        }
        return cells;
    }

    @Override
    public List<Shape> stateShapes(Shape x) {
        List<Shape> all = new ArrayList<>();
        Shape input = x;
        for (RecurrentCell c : cells()) {
            all.addAll(c.stateShapes(input));
            input = c.outputShape(input).insert(0, x.dim(0));
        }
        return all;
    }

    @Override
    public Shape outputShape(Shape x) {
        Shape input = x;
        for (RecurrentCell c : cells()) {
            input = c.outputShape(input).insert(0, x.dim(0));
        }
        return input.without(0);
    }

    @Override
    protected NDArray[] step(NDArray x, NDArray... states) {
        List<NDArray> all = new ArrayList<>();
        NDArray y = x;
        int from = 0;
        for (RecurrentCell c : cells()) {
            int count = c.stateShapes(y.shape()).size();
            NDArray[] next = c.callAll(join(y, Arrays.copyOfRange(states, from, from + count)));
            from += count;
            y = next[0];
            all.addAll(Arrays.asList(next).subList(1, next.length));
        }
        return join(y, all.toArray(new NDArray[0]));
    }

    @Override
    protected Steps run(NDArray[] steps, NDArray[] begin, NDArray lengths, boolean reverse) {
        List<NDArray> states = new ArrayList<>();
        NDArray[] outputs = steps;
        int from = 0;
        for (RecurrentCell c : cells()) {
            int count = c.stateShapes(outputs[0].shape()).size();
            Steps next = c.run(outputs, Arrays.copyOfRange(begin, from, from + count), lengths, reverse);
            from += count;
            outputs = next.outputs();
            states.addAll(Arrays.asList(next.states()));
        }
        return new Steps(outputs, states.toArray(new NDArray[0]));
    }
}

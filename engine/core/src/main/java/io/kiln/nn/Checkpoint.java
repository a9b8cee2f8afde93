package io.kiln.nn;

import io.kiln.autograd.Autograd;
import io.kiln.autograd.Function;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.op.Alias;
import io.kiln.op.Dispatch;
import io.kiln.op.random.RandomGenerator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A block whose intermediate results are not kept for the backward pass, which recomputes them: memory for time (Chen
 * et al. 2016, arXiv 1604.06174). Outputs, gradients and running statistics are those of the block itself; the same
 * random numbers are drawn again. For second derivatives the repeated pass is kept. In a traced graph it is just the
 * block.
 */
public final class Checkpoint extends Block {
    private final Block block;

    /**
     * Wraps a block.
     *
     * @param block the block
     */
    public Checkpoint(Block block) {
        this.block = addChild("block", block);
    }

    @Override
    public NDArray forward(NDArray x) {
        return forwardAll(x)[0];
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        boolean traced = Arrays.stream(inputs).anyMatch(NDArray::isTraced);
        if (traced || !Autograd.isRecording()) {
            return block.callAll(inputs);
        }
        if (block.parameters().values().stream().anyMatch(p -> p.shape() == null)) {
            block.inferShapes(Arrays.stream(inputs).map(NDArray::spec).toArray(Spec[]::new));
        }
        List<NDArray> all = new ArrayList<>(List.of(inputs));
        block.parameters().values().stream()
                .map(Parameter::value)
                .filter(a -> a.gradientState() != null)
                .forEach(all::add);
        return new Recomputed(block, inputs.length).apply(all.toArray(NDArray[]::new));
    }

    private static final class Recomputed extends Function {
        private final Block block;
        private final int count;
        private RandomGenerator.State random;
        private NDArray[] saved;

        Recomputed(Block block, int count) {
            this.block = block;
            this.count = count;
        }

        @Override
        protected NDArray[] forward(NDArray... inputs) {
            random = RandomGenerator.state();
            saved = inputs.clone();
            try (Scope scope = Scope.open()) {
                NDArray[] y = block.forwardAll(Arrays.copyOf(inputs, count));
                for (int i = 0; i < y.length; i++) {
                    NDArray output = y[i];
                    boolean own = Arrays.stream(inputs).noneMatch(x -> x == output);
                    y[i] = scope.keep(own ? output : Dispatch.one(new Alias(), output));
                }
                return y;
            }
        }

        @Override
        protected NDArray[] backward(NDArray... outputGradients) {
            RandomGenerator.State now = RandomGenerator.state();
            RandomGenerator.restore(random);
            try {
                return Autograd.isRecording() ? gradients(true, outputGradients) : firstGradients(outputGradients);
            } finally {
                RandomGenerator.restore(now);
            }
        }

        private NDArray[] firstGradients(NDArray... outputGradients) {
            try (Scope scope = Scope.open()) {
                NDArray[] result = gradients(false, outputGradients);
                Arrays.stream(result).filter(g -> g != null).forEach(scope::keep);
                return result;
            }
        }

        private NDArray[] gradients(boolean higher, NDArray... outputGradients) {
            // Aliases separate the repeated pass from what was recorded before the block, unless that is to be
            // differentiated too.
            NDArray[] x = saved.clone();
            for (int i = 0; i < count; i++) {
                x[i] = higher ? Dispatch.one(new Alias(), saved[i]) : Dispatch.withoutGradient(new Alias(), saved[i]);
                if (saved[i].gradientState() != null && x[i].gradientState() == null) {
                    Autograd.attachGradient(x[i]);
                }
            }
            List<NDArray> heads = new ArrayList<>();
            List<NDArray> headGradients = new ArrayList<>();
            try (Autograd.Mode replay = Autograd.replay(Autograd.isTraining())) {
                NDArray[] y = block.forwardAll(Arrays.copyOf(x, count));
                for (int i = 0; i < y.length; i++) {
                    if (y[i].gradientState() != null) {
                        heads.add(y[i]);
                        headGradients.add(outputGradients[i]);
                    }
                }
            }
            List<NDArray> variables =
                    Arrays.stream(x).filter(a -> a.gradientState() != null).toList();
            List<NDArray> found = Autograd.grad(heads, variables, headGradients, higher, higher);
            NDArray[] result = new NDArray[x.length];
            for (int i = 0, k = 0; i < x.length; i++) {
                result[i] = x[i].gradientState() != null ? found.get(k++) : null;
            }
            return result;
        }
    }
}

package io.kiln.optim;

import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import io.kiln.nn.loss.Loss;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A training step as one compiled program: forward pass, loss, backward pass and the optimizer's update, which takes place as
 * soon as a gradient is final. It computes what {@link Trainer} computes with the mean loss of each batch.
 *
 * <pre>{@code
 * try (TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Adam()))) {
 *     for (Batch batch : batches) {
 *         double loss = step.run(batch.x(), batch.y());
 *     }
 * }
 * }</pre>
 *
 * <p>Concurrency: one thread.
 */
public final class TrainStep implements AutoCloseable {
    private final UpdateRule rule;
    private final GradientStep gradients;
    private final Map<String, Parameter> parameters;
    private final Map<String, NDArray[]> states = new HashMap<>();
    private final boolean clips;
    private long steps;

    /**
     * Makes the step.
     *
     * @param network the network
     * @param loss its loss, of which the mean over the batch is taken
     * @param rule how to update the parameters
     */
    public TrainStep(Block network, Loss loss, UpdateRule rule) {
        this(network, loss, rule, new CompileOptions());
    }

    /**
     * Makes the step.
     *
     * @param network the network
     * @param loss its loss, of which the mean over the batch is taken
     * @param rule how to update the parameters
     * @param options how to compile
     */
    public TrainStep(Block network, Loss loss, UpdateRule rule, CompileOptions options) {
        this.rule = rule;
        this.parameters = network.parameters();
        this.clips = Double.isFinite(rule.clipNorm());
        this.gradients =
                new GradientStep(network, in -> new NDArray[] {loss.mean(network.call(in[0]), in[1])}, options);
    }

    /**
     * Trains with one batch.
     *
     * @param data the network's input, [N,…]
     * @param label what the network should give
     * @return the mean loss of the batch, before the update
     * @throws IllegalStateException when the norm of the gradients is to be clipped and is no number
     */
    public double run(NDArray data, NDArray label) {
        return run(GradientStep.Listener.NONE, data, label);
    }

    /**
     * Trains with one batch.
     *
     * @param listener told of gradients as soon as they are final, before the update
     * @param data the network's input, [N,…]
     * @param label what the network should give
     * @return the mean loss of the batch, before the update
     */
    public double run(GradientStep.Listener listener, NDArray data, NDArray label) {
        steps++;
        try (Scope scope = Scope.open()) {
            Update update = new Update(listener);
            NDArray loss = gradients.run(update, data, label)[0];
            if (clips) {
                update.clipped();
            }
            return loss.item();
        }
    }

    /** Updates parameters as their gradients come, or all of them in the end when the norm of all decides. */
    private final class Update implements GradientStep.Listener {
        private final GradientStep.Listener next;
        private final double rate = rule.schedule().at(steps);
        private final List<String> names = new ArrayList<>();
        private final List<NDArray> waiting = new ArrayList<>();

        Update(GradientStep.Listener next) {
            this.next = next;
        }

        @Override
        public void gradient(String name, NDArray gradient) {
            next.gradient(name, gradient);
            if (clips) {
                names.add(name);
                waiting.add(gradient);
            } else {
                update(name, gradient, 1);
            }
        }

        @Override
        public void bucket(int index, NDArray flat) {
            next.bucket(index, flat);
        }

        void clipped() {
            double norm = Math.sqrt(GradientClipping.sumOfSquares(waiting));
            double factor = GradientClipping.factor(norm, rule.clipNorm());
            if (Double.isNaN(factor)) {
                throw new IllegalStateException("train step: the norm of the gradients is " + norm + " at step " + steps
                        + "; lower the learning rate or look for NaN in the data");
            }
            for (int i = 0; i < names.size(); i++) {
                update(names.get(i), waiting.get(i), factor);
            }
        }

        private void update(String name, NDArray gradient, double rescale) {
            Parameter p = parameters.get(name);
            Step step = rule.step(steps, p.role(), rescale).withLearningRate(rate);
            Updates.run(rule.optimizer(), step, p.value(), gradient, state(name, p));
        }
    }

    private NDArray[] state(String name, Parameter p) {
        return states.computeIfAbsent(name, n -> {
            NDArray[] arrays = new NDArray[rule.optimizer().stateCount()];
            try (Scope scope = Scope.open()) {
                for (int i = 0; i < arrays.length; i++) {
                    arrays[i] = NDArray.zeros(p.shape(), p.dtype()).detach();
                }
            }
            return arrays;
        });
    }

    /**
     * The program for batches of these shapes, compiled if need be.
     *
     * @param data the network's input
     * @param label its label
     * @return the executable
     */
    public Executable executable(NDArray data, NDArray label) {
        return gradients.executable(data, label);
    }

    /**
     * How many steps were made.
     *
     * @return the number of the last step
     */
    public long steps() {
        return steps;
    }

    /** Frees states, buckets and programs; the network stays. */
    @Override
    public void close() {
        gradients.close();
        states.values().forEach(all -> {
            for (NDArray a : all) {
                a.close();
            }
        });
        states.clear();
    }
}

package io.kiln.view;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.observe.Call;
import io.kiln.observe.Observer;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/**
 * Reports statistics of activations and gradients whose names match a pattern. Names, for a block {@code layer1.conv}:
 *
 * <ul>
 * <li>{@code layer1.conv}: the output of the block;
 * <li>{@code layer1.conv/convolution}: the output of an operator in it;
 * <li>{@code layer1.conv/convolution backward}: the outputs of the operators that differentiate it;
 * <li>{@code layer1.conv.weight gradient}: the gradient of a parameter, when {@link #gradients} is called.
 * </ul>
 *
 * Names of further outputs end with {@code #1} and so on; outputs that are not floating-point are skipped.
 *
 * <pre>{@code
 * Monitor monitor = new Monitor("layer1\\..*", (name, s) -> System.out.println(name + ": " + s));
 * try (Observation o = Observation.open(monitor)) {
 *     trainOneStep();
 *     monitor.gradients(network);
 * }
 * }</pre>
 *
 * <p>Each report copies the array; arrays whose names do not match are not copied.
 */
public final class Monitor implements Observer {
    private final Pattern names;
    private final BiConsumer<String, Statistics> listener;

    /**
     * Creates a monitor.
     *
     * @param names a regular expression that matches whole names
     * @param listener receives each name and its statistics, on the thread that computed the array
     */
    public Monitor(String names, BiConsumer<String, Statistics> listener) {
        this.names = Pattern.compile(names);
        this.listener = listener;
    }

    @Override
    public void ran(Call call) {
        if (call.depth() == 0) {
            report(call.place() + (call.phase() == Call.Phase.BACKWARD ? " backward" : ""), call.outputs());
        }
    }

    @Override
    public void finished(String place, NDArray... outputs) {
        report(place, outputs);
    }

    private void report(String name, NDArray... arrays) {
        for (int i = 0; i < arrays.length; i++) {
            String full = i == 0 ? name : name + "#" + i;
            if (arrays[i].dtype().isFloating() && names.matcher(full).matches()) {
                listener.accept(full, Statistics.of(arrays[i]));
            }
        }
    }

    /**
     * Reports the gradients of a network's parameters from the last backward pass.
     *
     * @param network the network
     */
    public void gradients(Block network) {
        network.parameters().forEach((name, p) -> {
            if (p.isTrained() && p.hasData() && p.gradient() != null) {
                report(name + " gradient", p.gradient());
            }
        });
    }
}

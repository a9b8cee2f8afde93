package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.Spec;
import java.util.List;
import java.util.stream.IntStream;

/** Infers the shape of every value from the known shapes of the inputs. */
final class InferShapes implements Pass {
    private final List<Spec> inputs;

    InferShapes(List<Spec> inputs) {
        this.inputs = inputs;
    }

    @Override
    public Program run(Program program) {
        Graph g = program.graph();
        if (inputs.size() != g.inputs().size()) {
            throw new IllegalArgumentException(
                    "compile: the graph has " + g.inputs().size() + " inputs, got specs of " + inputs.size());
        }
        boolean known = true;
        for (int i = 0; i < inputs.size(); i++) {
            known &= g.inputs().get(i).spec().equals(inputs.get(i));
        }
        if (known) {
            return program;
        }
        Graph typed = new Graph(
                IntStream.range(0, inputs.size())
                        .mapToObj(i -> new Graph.Input(g.inputs().get(i).name(), inputs.get(i)))
                        .toList(),
                g.parameters(),
                g.nodes(),
                g.outputs(),
                g.updates());
        try (Replay replay = new Replay(
                new Program(typed, program.constants(), program.heads(), program.gradients(), program.training()))) {
            replay.keepAll();
            return replay.build();
        }
    }
}

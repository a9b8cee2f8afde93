package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Operator;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Computes equal calls once: equal operators on the same arrays. Random operators are never equal. */
final class CommonSubexpressions implements Pass {
    /** A call; arrays are compared by identity. */
    private record Call(Operator operator, List<Integer> inputs) {}

    @Override
    public Program run(Program program) {
        Map<Call, NDArray[]> seen = new HashMap<>();
        Map<NDArray, Integer> numbers = new IdentityHashMap<>();
        try (Replay replay = new Replay(program)) {
            for (int i = 0; i < program.graph().nodes().size(); i++) {
                Graph.Node node = program.graph().nodes().get(i);
                if (Segments.isUnique(node.operator())) {
                    replay.keep(i);
                    continue;
                }
                NDArray[] inputs = replay.inputs(node);
                Call call = new Call(
                        node.operator(),
                        Arrays.stream(inputs)
                                .map(x -> numbers.computeIfAbsent(x, n -> numbers.size()))
                                .toList());
                NDArray[] known = seen.get(call);
                if (known == null) {
                    known = replay.run(node, node.operator(), inputs);
                    seen.put(call, known);
                }
                replay.set(i, known);
            }
            return replay.build();
        }
    }
}

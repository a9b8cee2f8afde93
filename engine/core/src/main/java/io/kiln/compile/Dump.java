package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.Spec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Programs as text. */
final class Dump {
    private Dump() {}

    static String of(Program program) {
        Graph g = program.graph();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < g.variableCount(); i++) {
            text.append(name(g, new Graph.Ref(i, 0)))
                    .append(" : ")
                    .append(g.spec(new Graph.Ref(i, 0)))
                    .append('\n');
        }
        boolean[] forward = Segments.forward(program);
        for (int i = 0; i < g.nodes().size(); i++) {
            Graph.Node n = g.nodes().get(i);
            text.append(forward[i] ? "  " : "b ")
                    .append(n.name())
                    .append(" = ")
                    .append(operator(n))
                    .append(n.inputs().stream().map(r -> name(g, r)).collect(Collectors.joining(", ", " (", ")")))
                    .append(" : ")
                    .append(n.outputs().stream().map(Spec::toString).collect(Collectors.joining(", ")))
                    .append('\n');
        }
        for (int i = 0; i < g.outputs().size(); i++) {
            int gradient = i - program.outputCount();
            text.append(
                            gradient < 0
                                    ? "output "
                                    : "gradient of " + program.gradients().get(gradient) + " ")
                    .append(name(g, g.outputs().get(i)))
                    .append('\n');
        }
        g.updates().forEach(u -> text.append(u.parameter())
                .append(" := ")
                .append(name(g, u.value()))
                .append('\n'));
        return text.toString();
    }

    private static String operator(Graph.Node node) {
        return node.operator() instanceof FusedPointwise f
                ? "fused" + f.members()
                : node.operator().toString();
    }

    private static String name(Graph g, Graph.Ref r) {
        int i = r.value();
        if (i < g.inputs().size()) {
            return g.inputs().get(i).name();
        }
        i -= g.inputs().size();
        if (i < g.parameters().size()) {
            return g.parameters().get(i).name();
        }
        Graph.Node n = g.nodes().get(i - g.parameters().size());
        return n.outputs().size() == 1 ? n.name() : n.name() + ":" + r.output();
    }

    static String of(LoweredProgram lowered, MemoryPlan plan) {
        StringBuilder text = new StringBuilder();
        text.append("arena ")
                .append(plan.bytes())
                .append(" bytes, without sharing ")
                .append(plan.naiveBytes());
        text.append('\n');
        for (Instruction s : lowered.instructions()) {
            text.append(s.name()).append(' ').append(s.operator().name()).append('\n');
            for (int in : s.inputs()) {
                slot(text.append("    reads  "), lowered, plan, in);
            }
            for (int out : s.outputs()) {
                slot(text.append("    writes "), lowered, plan, out);
            }
        }
        return text.toString();
    }

    private static void slot(StringBuilder text, LoweredProgram lowered, MemoryPlan plan, int at) {
        Slot s = lowered.slots()[at];
        text.append('%').append(at).append(' ').append(s.kind()).append(' ').append(s.spec());
        text.append(" strides ").append(Arrays.toString(s.strides()));
        if (lowered.slots()[s.root()].kind() == Slot.Kind.ARENA) {
            text.append(" at ").append(plan.offsets()[s.root()] + s.start());
        }
        text.append('\n');
    }

    /** The stages of one compilation. */
    record Stage(String name, String text) {}

    /** Writes each stage to its own file. */
    static void write(Path directory, String prefix, List<Stage> stages) {
        try {
            Files.createDirectories(directory);
            for (int i = 0; i < stages.size(); i++) {
                Files.writeString(
                        directory.resolve(String.format(
                                Locale.ROOT,
                                "%s-%02d-%s.txt",
                                prefix,
                                i,
                                stages.get(i).name())),
                        stages.get(i).text());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("KILN_DUMP_GRAPH: cannot write to " + directory, e);
        }
    }
}

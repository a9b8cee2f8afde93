package io.kiln.compile;

import io.kiln.backend.KernelPlan;
import io.kiln.graph.Graph;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Cast;
import io.kiln.op.Copy;
import io.kiln.op.Operator;
import io.kiln.op.ViewOperator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Chooses layouts, and turns a program into steps on slots. Results keep the layout that the device's kernels prefer
 * (channels last from convolution to convolution); copies are inserted only where no view of the memory is possible.
 */
final class Lowering {
    private final Program program;
    private final Graph graph;
    private final Plans plans;
    private final Map<String, Integer> parameters = new HashMap<>();
    private final List<Slot> slots = new ArrayList<>();
    private final List<NDArray> constants = new ArrayList<>();
    private final List<Instruction> forward = new ArrayList<>();
    private final List<Instruction> backward = new ArrayList<>();
    private final long[][] wanted;
    private final int[][] slotOf;

    private Lowering(Program program, Plans plans, List<Graph.ParameterInfo> parameters) {
        this.program = program;
        this.graph = program.graph();
        this.plans = plans;
        for (Graph.ParameterInfo p : parameters) {
            this.parameters.put(p.name(), this.parameters.size());
        }
        this.wanted = wanted();
        this.slotOf = new int[graph.variableCount() + graph.nodes().size()][];
    }

    /**
     * Lowers a program.
     *
     * @param program the program
     * @param plans the device's plans
     * @param parameters the parameters in the order in which they are passed to each call: passes put constants
     *     elsewhere
     * @return the steps
     */
    static LoweredProgram lower(Program program, Plans plans, List<Graph.ParameterInfo> parameters) {
        return new Lowering(program, plans, parameters).run();
    }

    private LoweredProgram run() {
        variables();
        boolean[] isForward = Segments.forward(program);
        for (int i = 0; i < graph.nodes().size(); i++) {
            node(i, graph.nodes().get(i), isForward[i] ? forward : backward);
        }
        int[] outputs = graph.outputs().stream().mapToInt(this::slot).toArray();
        for (int output : outputs) {
            int root = slots.get(output).root();
            if (slots.get(root).kind() == Slot.Kind.ARENA) {
                slots.set(root, slots.get(root).as(Slot.Kind.RESULT));
            }
        }
        List<LoweredProgram.Update> updates = graph.updates().stream()
                .map(u -> new LoweredProgram.Update(slot(u.value()), parameters.getOrDefault(u.parameter(), -1)))
                .toList();
        return new LoweredProgram(
                slots.toArray(new Slot[0]), constants, forward, backward, outputs, program.outputCount(), updates);
    }

    /** For each node, the layout that the kernel of a node wants that takes its first output; null for none. */
    private long[][] wanted() {
        Target target = Target.of(plans.backend());
        long[][] all = new long[graph.nodes().size()][];
        for (Graph.Node node : graph.nodes()) {
            for (Graph.Ref r : node.inputs()) {
                int made = r.value() - graph.variableCount();
                if (made >= 0 && r.output() == 0 && all[made] == null) {
                    Spec spec = graph.nodes().get(made).outputs().get(0);
                    all[made] = target.inputLayout(node.operator(), spec);
                }
            }
        }
        return all;
    }

    private int slot(Graph.Ref r) {
        return slotOf[r.value()][r.output()];
    }

    private void variables() {
        int v = 0;
        for (int i = 0; i < graph.inputs().size(); i++) {
            Spec s = graph.inputs().get(i).spec();
            slotOf[v++] = new int[] {add(Slot.Kind.INPUT, s, s.shape().contiguousStrides(), i)};
        }
        for (int i = 0; i < graph.parameters().size(); i++) {
            Graph.ParameterInfo p = graph.parameters().get(i);
            NDArray constant = program.constants().get(p.name());
            if (constant == null) {
                slotOf[v++] = new int[] {
                    add(
                            Slot.Kind.PARAMETER,
                            p.spec(),
                            p.spec().shape().contiguousStrides(),
                            parameters.getOrDefault(p.name(), -1))
                };
            } else {
                constants.add(constant);
                slotOf[v++] = new int[] {add(Slot.Kind.CONSTANT, p.spec(), constant.strides(), constants.size() - 1)};
            }
        }
    }

    private int add(Slot.Kind kind, Spec spec, long[] strides, int number) {
        slots.add(new Slot(kind, new Layout(spec, strides), number, slots.size(), 0));
        return slots.size() - 1;
    }

    private void node(int i, Graph.Node node, List<Instruction> steps) {
        int[] inputs = node.inputs().stream().mapToInt(this::slot).toArray();
        Spec[] specs = node.outputs().toArray(new Spec[0]);
        int[] outputs;
        if (node.operator() instanceof ViewOperator v) {
            outputs = new int[] {view(node.name(), v, inputs[0], specs[0], steps)};
        } else {
            Layout[] layouts =
                    IntStream.of(inputs).mapToObj(k -> slots.get(k).layout()).toArray(Layout[]::new);
            KernelPlan plan = plan(node.operator(), layouts, specs);
            if (plan != null && node.operator() instanceof Cast && wanted[i] != null) {
                plan = new KernelPlan(new long[][] {wanted[i]}, plan.workspaceBytes(), plan.kernel());
            }
            outputs = new int[specs.length];
            for (int k = 0; k < outputs.length; k++) {
                Layout y = plan == null ? Layout.rowMajor(specs[k]) : plan.layout(k, specs[k]);
                outputs[k] = add(Slot.Kind.ARENA, specs[k], y.strides(), -1);
            }
            steps.add(new Instruction(node.name(), node.operator(), inputs, outputs, specs, plan));
        }
        slotOf[graph.variableCount() + i] = outputs;
    }

    private KernelPlan plan(Operator operator, Layout[] inputs, Spec... outputs) {
        if (!(operator instanceof FusedPointwise f)) {
            return plans.of(operator, inputs, outputs);
        }
        long[][] strides = new long[outputs.length][];
        Target target = Target.of(plans.backend());
        Arrays.setAll(strides, k -> target.layout(inputs, outputs[k]));
        return new KernelPlan(strides, 0, new PointwiseKernel(plans.backend(), f.program()));
    }

    private int view(String name, ViewOperator operator, int input, Spec spec, List<Instruction> steps) {
        int source = input;
        ViewOperator.View seen = operator.view(slots.get(source).layout(), spec);
        if (seen == null) {
            Spec same = slots.get(source).spec();
            source = add(Slot.Kind.ARENA, same, same.shape().contiguousStrides(), -1);
            KernelPlan copy = plan(new Copy(), new Layout[] {slots.get(input).layout()}, same);
            step(name, new Copy(), input, source, same, copy, steps);
            seen = operator.view(slots.get(source).layout(), spec);
        }
        Slot from = slots.get(source);
        long start = from.start() + seen.start() * spec.dtype().bytes();
        int at = slots.size();
        slots.add(new Slot(Slot.Kind.VIEW, new Layout(spec, seen.strides()), source, from.root(), start));
        step(name, operator, source, at, spec, null, steps);
        return at;
    }

    private static void step(
            String name,
            Operator operator,
            int input,
            int output,
            Spec spec,
            KernelPlan plan,
            List<Instruction> steps) {
        steps.add(new Instruction(name, operator, new int[] {input}, new int[] {output}, new Spec[] {spec}, plan));
    }
}

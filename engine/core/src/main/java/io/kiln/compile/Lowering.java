package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
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
 * Chooses layouts, and turns a program into steps on slots. Results keep the layout that the device's kernels like (channels
 * last from convolution to convolution); a copy stands only where a view cannot look at the memory as it is.
 */
final class Lowering {
    private final Program program;
    private final Graph graph;
    private final Target target;
    private final Map<String, Integer> parameters = new HashMap<>();
    private final Phantom phantom = new Phantom();
    private final List<Slot> slots = new ArrayList<>();
    private final List<NDArray> phantoms = new ArrayList<>();
    private final List<NDArray> constants = new ArrayList<>();
    private final List<Instruction> forward = new ArrayList<>();
    private final List<Instruction> backward = new ArrayList<>();
    private final int[][] slotOf;

    private Lowering(Program program, Target target, List<Graph.ParameterInfo> parameters) {
        this.program = program;
        this.graph = program.graph();
        this.target = target;
        for (Graph.ParameterInfo p : parameters) {
            this.parameters.put(p.name(), this.parameters.size());
        }
        this.slotOf = new int[graph.variableCount() + graph.nodes().size()][];
    }

    /**
     * Lowers a program.
     *
     * @param program the program
     * @param target the device
     * @param parameters the parameters in the order in which each call gets them: passes put constants elsewhere
     * @return the steps
     */
    static LoweredProgram lower(Program program, Target target, List<Graph.ParameterInfo> parameters) {
        return new Lowering(program, target, parameters).run();
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
        int[] updates = graph.updates().stream().mapToInt(u -> slot(u.value())).toArray();
        int[] updated = graph.updates().stream()
                .mapToInt(u -> parameters.getOrDefault(u.parameter(), -1))
                .toArray();
        return new LoweredProgram(
                slots.toArray(new Slot[0]),
                constants,
                forward,
                backward,
                outputs,
                program.outputCount(),
                updates,
                updated);
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
        slots.add(new Slot(kind, spec, strides, number, slots.size(), 0, null));
        phantoms.add(phantom.array(spec, strides));
        return slots.size() - 1;
    }

    private void node(int i, Graph.Node node, List<Instruction> steps) {
        int[] inputs = node.inputs().stream().mapToInt(this::slot).toArray();
        Spec[] specs = node.outputs().toArray(new Spec[0]);
        int[] outputs;
        if (node.operator() instanceof ViewOperator v) {
            outputs = new int[] {view(node.name(), v, inputs[0], specs[0], steps)};
        } else {
            NDArray[] arrays = IntStream.of(inputs).mapToObj(phantoms::get).toArray(NDArray[]::new);
            long[][] strides = strides(node.operator(), arrays, specs);
            outputs = new int[specs.length];
            for (int k = 0; k < outputs.length; k++) {
                outputs[k] = add(Slot.Kind.ARENA, specs[k], strides[k], -1);
            }
            steps.add(new Instruction(node.name(), node.operator(), inputs, outputs, specs));
        }
        slotOf[graph.variableCount() + i] = outputs;
    }

    private long[][] strides(Operator operator, NDArray[] inputs, Spec... outputs) {
        if (!(operator instanceof FusedPointwise f)) {
            return target.layout(operator, inputs, outputs);
        }
        long[][] all = new long[outputs.length][];
        Arrays.fill(all, target.layout(inputs, f.shape()));
        return all;
    }

    private int view(String name, ViewOperator operator, int input, Spec spec, List<Instruction> steps) {
        int source = input;
        NDArray seen = phantom.view(operator, phantoms.get(source), spec);
        if (seen == null) {
            Spec same = slots.get(source).spec();
            int copy = add(Slot.Kind.ARENA, same, same.shape().contiguousStrides(), -1);
            step(name, new Copy(), source, copy, same, steps);
            source = copy;
            seen = phantom.view(operator, phantoms.get(source), spec);
        }
        Slot from = slots.get(source);
        int at = slots.size();
        slots.add(new Slot(Slot.Kind.VIEW, spec, seen.strides(), source, from.root(), Phantom.start(seen), operator));
        phantoms.add(seen);
        step(name, operator, source, at, spec, steps);
        return at;
    }

    private static void step(
            String name, Operator operator, int input, int output, Spec spec, List<Instruction> steps) {
        steps.add(new Instruction(name, operator, new int[] {input}, new int[] {output}, new Spec[] {spec}));
    }
}

package io.kiln.op.linalg;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Broadcasting;
import io.kiln.op.internal.Diagonals;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sum of products by Einstein's convention, of any number of operands: each letter names an index, letters that the
 * result lacks are summed over. Written as in NumPy: {@code "ij,jk->ik"}; {@code ...} stands for axes that broadcast; a
 * letter repeated in one operand takes its diagonal; without {@code ->} the result has the axes of {@code ...} and then
 * the letters that occur once, in alphabetical order, upper case first. An index has the same size everywhere, or 1
 * where it broadcasts. An ellipsis that the result lacks is summed over. Dtype: the promoted one.
 *
 * <p>Operands are contracted pairwise by matrix products, the pair with the smallest result first.
 *
 * @param equation the subscripts
 */
public record Einsum(String equation) implements Operator {
    /** Checks the subscripts. */
    public Einsum {
        Subscripts.check(equation);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        DType type = inputs.length == 0 ? DType.FLOAT32 : inputs[0].dtype();
        Shape[] shapes = new Shape[inputs.length];
        for (int i = 0; i < shapes.length; i++) {
            shapes[i] = inputs[i].shape();
            type = type.promote(inputs[i].dtype());
        }
        return new Spec[] {new Spec(Subscripts.of(equation, shapes).outputShape(), type)};
    }

    private static Shape[] shapes(NDArray... inputs) {
        return Arrays.stream(inputs).map(NDArray::shape).toArray(Shape[]::new);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        Subscripts s = Subscripts.of(equation, shapes(inputs));
        DType type = inputs[0].dtype();
        for (NDArray x : inputs) {
            type = type.promote(x.dtype());
        }
        List<Contraction> factors = new ArrayList<>();
        for (int i = 0; i < inputs.length; i++) {
            factors.add(Contraction.of(inputs[i].cast(type), s.operands.get(i)));
        }
        while (factors.size() > 1) {
            contract(factors, s);
        }
        NDArray y = factors.get(0).keeping(s.output).in(s.output).array();
        return new NDArray[] {y};
    }

    /** Replaces the two factors with the smallest product by it. */
    private static void contract(List<Contraction> factors, Subscripts s) {
        List<String> terms = factors.stream().map(Contraction::letters).toList();
        int[] pair = cheapest(terms, s);
        String kept = needed(terms, pair[0], pair[1], s.output);
        Contraction b = factors.remove(pair[1]);
        factors.set(pair[0], factors.get(pair[0]).times(b, kept));
    }

    /** The two factors with the smallest product, the first of equals. */
    private static int[] cheapest(List<String> terms, Subscripts s) {
        int[] pair = {0, 1};
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < terms.size(); i++) {
            for (int j = i + 1; j < terms.size(); j++) {
                double size = 1;
                String kept = needed(terms, i, j, s.output);
                for (char c :
                        common(distinct(terms.get(i) + terms.get(j)), kept).toCharArray()) {
                    size *= s.size(c);
                }
                if (size < least) {
                    least = size;
                    pair = new int[] {i, j};
                }
            }
        }
        return pair;
    }

    /** The letters that the result or other factors have. */
    private static String needed(List<String> terms, int i, int j, String output) {
        StringBuilder letters = new StringBuilder(output);
        for (int k = 0; k < terms.size(); k++) {
            if (k != i && k != j) {
                letters.append(terms.get(k));
            }
        }
        return letters.toString();
    }

    private static String distinct(String letters) {
        return common(letters, letters);
    }

    /** The letters that another text has as well, each once. */
    private static String common(String letters, String others) {
        StringBuilder s = new StringBuilder();
        for (char c : letters.toCharArray()) {
            if (others.indexOf(c) >= 0 && s.indexOf(String.valueOf(c)) < 0) {
                s.append(c);
            }
        }
        return s.toString();
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray[] inputs = new NDArray[c.inputs()];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = c.input(i);
        }
        Subscripts s = Subscripts.of(equation, shapes(inputs));
        NDArray[] dx = new NDArray[inputs.length];
        for (int i = 0; i < dx.length; i++) {
            dx[i] = c.needs(i) ? gradient(s, c.outputGradient(0), i, inputs) : null;
        }
        return dx;
    }

    /**
     * The sum of products of the result's gradient and the other operands. A letter repeated in the operand becomes two with
     * a unit matrix between them, one that nothing else has comes from a vector of ones.
     */
    private static NDArray gradient(Subscripts s, NDArray dy, int operand, NDArray... inputs) {
        List<String> terms = new ArrayList<>(List.of(s.output));
        List<NDArray> factors = new ArrayList<>(List.of(dy));
        for (int i = 0; i < inputs.length; i++) {
            if (i != operand) {
                terms.add(s.operands.get(i));
                factors.add(inputs[i]);
            }
        }
        String spare = Subscripts.spare(String.join("", s.operands));
        String own = s.operands.get(operand);
        StringBuilder target = new StringBuilder();
        for (char c : own.toCharArray()) {
            if (target.indexOf(String.valueOf(c)) >= 0) {
                char twin = spare.charAt(0);
                spare = spare.substring(1);
                terms.add(String.valueOf(c) + twin);
                factors.add(Diagonals.unit(dy.factory(), s.size(c), dy.dtype()));
                target.append(twin);
            } else {
                target.append(c);
            }
        }
        String have = String.join("", terms);
        for (char c : target.toString().toCharArray()) {
            if (have.indexOf(c) < 0) {
                terms.add(String.valueOf(c));
                factors.add(dy.factory().ones(Shape.of(s.size(c)), dy.dtype()));
            }
        }
        NDArray g = Dispatch.one(new Einsum(String.join(",", terms) + "->" + target), factors.toArray(NDArray[]::new));
        return Broadcasting.reduceTo(g, inputs[operand].shape());
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // The same pairs as when it runs: each product and the sum over what it drops count two.
        Shape[] shapes = Arrays.stream(inputs).map(Spec::shape).toArray(Shape[]::new);
        Subscripts s = Subscripts.of(equation, shapes);
        List<String> terms = new ArrayList<>(s.operands);
        long flops = terms.size() == 1 ? s.shape(distinct(terms.get(0))).size() : 0;
        while (terms.size() > 1) {
            int[] pair = cheapest(terms, s);
            String kept = needed(terms, pair[0], pair[1], s.output);
            String both = distinct(terms.get(pair[0]) + terms.remove(pair[1]));
            flops = Math.addExact(flops, Math.multiplyExact(2, s.shape(both).size()));
            terms.set(pair[0], common(both, kept));
        }
        return flops;
    }
}

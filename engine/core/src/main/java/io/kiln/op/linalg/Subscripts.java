package io.kiln.op.linalg;

import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The subscripts of an {@link Einsum} for operands of given shapes: one letter per axis, with separate letters for the
 * axes that an ellipsis stands for, and the size of each letter.
 */
final class Subscripts {
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final String ELLIPSIS = "...";

    /** One letter per axis of each operand. */
    final List<String> operands = new ArrayList<>();
    /** One letter per axis of the result. */
    final String output;

    private final Map<Character, Long> sizes = new HashMap<>();

    private Subscripts(String equation, List<String> terms, String result, List<Shape> shapes) {
        if (terms.size() != shapes.size()) {
            throw new IllegalArgumentException(
                    "einsum: \"" + equation + "\" has " + terms.size() + " operands, got " + shapes.size() + " arrays");
        }
        int widest = 0;
        for (int i = 0; i < terms.size(); i++) {
            widest = Math.max(widest, hidden(equation, terms.get(i), shapes.get(i)));
        }
        String spare = spare(String.join("", terms));
        if (widest > spare.length()) {
            throw new IllegalArgumentException("einsum: \"" + equation + "\" needs more than 52 letters for its axes");
        }
        String dots = spare.substring(0, widest);
        for (int i = 0; i < terms.size(); i++) {
            String own = dots.substring(widest - hidden(equation, terms.get(i), shapes.get(i)));
            operands.add(terms.get(i).replace(ELLIPSIS, own));
            measure(equation, operands.get(i), shapes.get(i));
        }
        output = result == null ? dots + implicit(terms) : result.replace(ELLIPSIS, dots);
        checkOutput(equation);
    }

    /** Reads an equation without looking at operands. */
    static void check(String equation) {
        terms(equation);
    }

    static Subscripts of(String equation, Shape... shapes) {
        String compact = equation.replace(" ", "");
        int arrow = compact.indexOf("->");
        return new Subscripts(
                equation, terms(equation), arrow < 0 ? null : compact.substring(arrow + 2), List.of(shapes));
    }

    private static List<String> terms(String equation) {
        String compact = equation.replace(" ", "");
        int arrow = compact.indexOf("->");
        List<String> terms = List.of((arrow < 0 ? compact : compact.substring(0, arrow)).split(",", -1));
        List<String> all = new ArrayList<>(terms);
        all.add(arrow < 0 ? "" : compact.substring(arrow + 2));
        for (String t : all) {
            int at = t.indexOf(ELLIPSIS);
            String letters = at < 0 ? t : t.substring(0, at) + t.substring(at + ELLIPSIS.length());
            if (!letters.chars().allMatch(c -> LETTERS.indexOf(c) >= 0)) {
                throw new IllegalArgumentException("einsum: expected letters and at most one ... per operand, such as"
                        + " \"...ij,jk->...ik\", got \"" + t + "\" in \"" + equation + "\"");
            }
        }
        return terms;
    }

    /** How many axes the ellipsis of a term stands for. */
    private static int hidden(String equation, String term, Shape shape) {
        boolean dots = term.contains(ELLIPSIS);
        int letters = term.length() - (dots ? ELLIPSIS.length() : 0);
        if (dots ? shape.rank() < letters : shape.rank() != letters) {
            throw new ShapeException("einsum: operand \"" + term + "\" of \"" + equation + "\" needs " + letters
                    + (dots ? " axes at least" : " axes") + ", got shape " + shape);
        }
        return shape.rank() - letters;
    }

    private void measure(String equation, String letters, Shape shape) {
        Map<Character, Long> own = new HashMap<>();
        for (int i = 0; i < letters.length(); i++) {
            char c = letters.charAt(i);
            long d = shape.dim(i);
            Long before = own.put(c, d);
            if (before != null && before != d && before != Shape.UNKNOWN && d != Shape.UNKNOWN) {
                throw new ShapeException("einsum: repeated index " + c + " of \"" + equation
                        + "\" needs axes of one size, got shape " + shape);
            }
            Long known = sizes.get(c);
            if (known == null || known == 1 || known == Shape.UNKNOWN && d != 1) {
                sizes.put(c, d);
            } else if (d != 1 && d != known && d != Shape.UNKNOWN) {
                throw new ShapeException("einsum: index " + c + " of \"" + equation + "\" has size " + known
                        + " in one operand and " + d + " in another of shape " + shape);
            }
        }
    }

    /** The letters that occur once, in alphabetical order, upper case first. */
    private static String implicit(List<String> terms) {
        String all = String.join("", terms).replace(ELLIPSIS, "");
        StringBuilder once = new StringBuilder();
        for (char c : LETTERS.toCharArray()) {
            if (all.indexOf(c) >= 0 && all.indexOf(c) == all.lastIndexOf(c)) {
                once.append(c);
            }
        }
        return once.toString();
    }

    private void checkOutput(String equation) {
        for (int i = 0; i < output.length(); i++) {
            char c = output.charAt(i);
            if (output.indexOf(c) != i || !sizes.containsKey(c)) {
                throw new IllegalArgumentException("einsum: index " + c + " of the result of \"" + equation
                        + "\" must occur in an operand, and once in the result");
            }
        }
    }

    /** The letters that a text does not use. */
    static String spare(String used) {
        StringBuilder free = new StringBuilder();
        for (char c : LETTERS.toCharArray()) {
            if (used.indexOf(c) < 0) {
                free.append(c);
            }
        }
        return free.toString();
    }

    long size(char letter) {
        return sizes.get(letter);
    }

    Shape outputShape() {
        return shape(output);
    }

    /** The shape of an array of these axes. */
    Shape shape(String letters) {
        return Shape.of(letters.chars().mapToLong(c -> sizes.get((char) c)).toArray());
    }
}

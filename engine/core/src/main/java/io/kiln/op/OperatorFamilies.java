package io.kiln.op;

import java.util.List;

/**
 * The packages of Kiln's operators. Graphs in JSON name an operator by its class alone, so a class name stands for one
 * operator in all of them, and an operator may move from one to another. An operator that would share its name with a
 * layer or a loss has a class with the suffix {@code Op}, which is not part of its name: the class {@code BatchNormOp}
 * is the operator {@code batchNorm}.
 */
public final class OperatorFamilies {
    private static final String ROOT = OperatorFamilies.class.getPackageName();
    private static final List<String> PACKAGES = List.of(
            ROOT,
            ROOT + ".activation",
            ROOT + ".attention",
            ROOT + ".control",
            ROOT + ".distributed",
            ROOT + ".index",
            ROOT + ".internal",
            ROOT + ".linalg",
            ROOT + ".math",
            ROOT + ".nn",
            ROOT + ".random",
            ROOT + ".recurrent",
            ROOT + ".reduce",
            ROOT + ".shape",
            ROOT + ".sparse",
            ROOT + ".vision");

    private static final String SUFFIX = "Op";

    private OperatorFamilies() {}

    /**
     * The name of an operator in graphs, JSON and messages.
     *
     * @param operator its class
     * @return the class name with a lower-case first letter, without the suffix Op
     */
    public static String name(Class<?> operator) {
        String s = operator.getSimpleName();
        s = s.endsWith(SUFFIX) ? s.substring(0, s.length() - SUFFIX.length()) : s;
        return Character.toLowerCase(s.charAt(0)) + s.substring(1);
    }

    /**
     * The possible class names of an operator.
     *
     * @param name the operator's name
     * @return simple names of classes
     */
    public static List<String> classNames(String name) {
        String s = Character.toUpperCase(name.charAt(0)) + name.substring(1);
        return s.endsWith(SUFFIX) ? List.of() : List.of(s, s + SUFFIX);
    }

    /**
     * All packages that contain operators.
     *
     * @return their names
     */
    public static List<String> packages() {
        return PACKAGES;
    }
}

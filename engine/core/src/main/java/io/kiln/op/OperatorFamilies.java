package io.kiln.op;

import java.util.List;

/**
 * The packages of Kiln's operators. Graphs in JSON name an operator by its class alone, so a class name stands for one
 * operator in all of them, and an operator may move from one to another.
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

    private OperatorFamilies() {}

    /**
     * All packages in which operators stand.
     *
     * @return their names
     */
    public static List<String> packages() {
        return PACKAGES;
    }
}

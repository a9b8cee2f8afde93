package io.kiln.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the checks of a workload's steps have to show, so that nobody measures a step that does nothing. */
public enum Check {
    /** A loss: all contenders begin with the same one (same weights, same data), and each one's ends below its half. */
    LOSS_FALLS {
        @Override
        List<String> faults(Map<String, double[]> checks) {
            return falls(checks, TOLERANCE);
        }
    },
    /** As {@link #LOSS_FALLS}, where some contenders compute in bfloat16: the first losses are the same to its digits. */
    NARROW_LOSS_FALLS {
        @Override
        List<String> faults(Map<String, double[]> checks) {
            return falls(checks, NARROW);
        }
    },
    /** The same number from all contenders in the same step. */
    SAME {
        @Override
        List<String> faults(Map<String, double[]> checks) {
            return differing(checks, steps(checks), TOLERANCE);
        }
    },
    /** As {@link #SAME}, where some contenders compute in bfloat16. */
    SAME_NARROW {
        @Override
        List<String> faults(Map<String, double[]> checks) {
            return differing(checks, steps(checks), NARROW);
        }
    },
    /** A figure that is shown and not judged. */
    SHOWN {
        @Override
        List<String> faults(Map<String, double[]> checks) {
            return List.of();
        }
    };

    private static final double TOLERANCE = 1e-3;
    private static final double NARROW = 5e-2;

    /**
     * What is wrong.
     *
     * @param checks by contender, of all its steps from the very first on
     * @return one sentence per fault, empty when all is well
     */
    abstract List<String> faults(Map<String, double[]> checks);

    private static int steps(Map<String, double[]> checks) {
        return checks.values().stream().mapToInt(c -> c.length).min().orElse(0);
    }

    private static List<String> falls(Map<String, double[]> checks, double tolerance) {
        List<String> faults = new ArrayList<>(differing(checks, 1, tolerance));
        checks.forEach((name, c) -> {
            if (!(c[c.length - 1] < 0.5 * c[0])) {
                faults.add(String.format(
                        Locale.ROOT,
                        "%s: loss did not fall to a half: first %.4f, last %.4f",
                        name,
                        c[0],
                        c[c.length - 1]));
            }
        });
        return faults;
    }

    private static List<String> differing(Map<String, double[]> checks, int steps, double tolerance) {
        List<String> faults = new ArrayList<>();
        String first = null;
        for (Map.Entry<String, double[]> e : checks.entrySet()) {
            if (first == null) {
                first = e.getKey();
                continue;
            }
            double[] want = checks.get(first);
            double[] got = e.getValue();
            for (int i = 0; i < steps; i++) {
                if (!(Math.abs(got[i] - want[i]) <= tolerance * Math.max(1e-12, Math.abs(want[i])))) {
                    faults.add(String.format(
                            Locale.ROOT, "step %d: %s computes %.6g, %s %.6g", i, first, want[i], e.getKey(), got[i]));
                    break;
                }
            }
        }
        return faults;
    }
}

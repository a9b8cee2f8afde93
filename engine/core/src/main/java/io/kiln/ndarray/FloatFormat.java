package io.kiln.ndarray;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;

/** Floating numbers as NumPy prints them: the fewest digits that tell a number from its neighbours, at most 8 behind the point. */
final class FloatFormat {
    private static final int PRECISION = 8;

    private FloatFormat() {}

    /** A number on its own. */
    static String single(double x, DType dtype) {
        if (!Double.isFinite(x)) {
            return special(x);
        }
        BigDecimal d = shortest(x, dtype);
        double size = Math.abs(x);
        if (size != 0 && (size >= 1e16 || size < 1e-4)) {
            String s = scientific(d, x, 0, 2);
            return s.replace(".e", "e");
        }
        String s = positional(d, x);
        return s.endsWith(".") ? s + "0" : s;
    }

    /** Numbers in one array: all positional or all scientific, aligned at the point. */
    static List<String> all(double[] values, DType dtype) {
        double[] sizes = Arrays.stream(values)
                .filter(v -> Double.isFinite(v) && v != 0)
                .map(Math::abs)
                .toArray();
        double max = Arrays.stream(sizes).max().orElse(1);
        double min = Arrays.stream(sizes).min().orElse(1);
        boolean scientific = max >= 1e8 || min < 1e-4 || max / min > 1000;
        String[] words = new String[values.length];
        for (int i = 0; i < words.length; i++) {
            if (Double.isFinite(values[i])) {
                BigDecimal d = shortest(values[i], dtype);
                words[i] = scientific
                        ? scientific(d.round(new MathContext(PRECISION + 1, RoundingMode.HALF_EVEN)), values[i], 0, 2)
                        : positional(rounded(d, values[i]), values[i]);
            }
        }
        if (scientific) {
            rewrite(words, values, dtype);
        }
        return aligned(words, values);
    }

    /** Gives all numbers in scientific form as many digits as the longest has. */
    private static void rewrite(String[] words, double[] values, DType dtype) {
        int digits = 0;
        int exponent = 2;
        for (String w : words) {
            if (w != null) {
                digits = Math.max(digits, w.indexOf('e') - w.indexOf('.') - 1);
                exponent = Math.max(exponent, w.length() - w.indexOf('e') - 2);
            }
        }
        for (int i = 0; i < words.length; i++) {
            if (words[i] != null) {
                BigDecimal d = shortest(values[i], dtype).round(new MathContext(digits + 1, RoundingMode.HALF_EVEN));
                words[i] = scientific(d, values[i], digits, exponent);
            }
        }
    }

    private static List<String> aligned(String[] words, double... values) {
        int left = 0;
        int right = 0;
        for (String w : words) {
            if (w != null) {
                left = Math.max(left, w.indexOf('.'));
                right = Math.max(right, w.length() - w.indexOf('.') - 1);
            }
        }
        for (double v : values) {
            left = Double.isFinite(v) ? left : Math.max(left, special(v).length() - right - 1);
        }
        int before = left;
        int behind = right;
        return ArrayPrinter.collect(values.length, i -> {
            String w = words[i];
            if (w == null) {
                String s = special(values[i]);
                return " ".repeat(before + behind + 1 - s.length()) + s;
            }
            int point = w.indexOf('.');
            return " ".repeat(before - point) + w + " ".repeat(behind - (w.length() - point - 1));
        });
    }

    private static String special(double x) {
        return Double.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
    }

    private static BigDecimal rounded(BigDecimal shortest, double x) {
        return shortest.scale() <= PRECISION
                ? shortest
                : new BigDecimal(x).setScale(PRECISION, RoundingMode.HALF_EVEN).stripTrailingZeros();
    }

    private static String positional(BigDecimal d, double x) {
        String s = d.abs()
                .setScale(Math.max(0, d.scale()), RoundingMode.UNNECESSARY)
                .toPlainString();
        return (isNegative(x) ? "-" : "") + (s.contains(".") ? s : s + ".");
    }

    private static String scientific(BigDecimal d, double x, int minDigits, int exponentDigits) {
        BigDecimal s = d.signum() == 0 ? BigDecimal.ZERO : d.abs().stripTrailingZeros();
        StringBuilder digits = new StringBuilder(s.unscaledValue().toString());
        long exponent = s.signum() == 0 ? 0 : (long) digits.length() - 1 - s.scale();
        while (digits.length() < minDigits + 1) {
            digits.append('0');
        }
        String e = Long.toString(Math.abs(exponent));
        return (isNegative(x) ? "-" : "") + digits.charAt(0) + "." + digits.substring(1) + "e"
                + (exponent < 0 ? "-" : "+") + "0".repeat(Math.max(0, exponentDigits - e.length())) + e;
    }

    private static boolean isNegative(double x) {
        return Double.doubleToRawLongBits(x) < 0;
    }

    /** The decimal number of fewest digits that is read back as x. */
    private static BigDecimal shortest(double x, DType dtype) {
        BigDecimal exact = new BigDecimal(x);
        if (x == 0) {
            return BigDecimal.ZERO;
        }
        for (int digits = 1; digits < 17; digits++) {
            BigDecimal d = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
            if (read(d, dtype) == x) {
                return d.stripTrailingZeros();
            }
        }
        return exact.round(new MathContext(17, RoundingMode.HALF_EVEN)).stripTrailingZeros();
    }

    private static double read(BigDecimal d, DType dtype) {
        return switch (dtype) {
            case FLOAT64 -> d.doubleValue();
            case FLOAT16 -> Float16.toFloat(Float16.fromFloat(d.floatValue()));
            case BFLOAT16 -> Float16.brainToFloat(Float16.brainFromFloat(d.floatValue()));
            default -> d.floatValue();
        };
    }
}

package io.kiln.ndarray;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;

/**
 * Decimal numbers as NumPy writes them: the fewest digits that identify the number in its dtype, at most eight after
 * the decimal point; all numbers of an array either positional or with exponents.
 */
final class FloatFormat {
    private static final int PRECISION = 8;

    private FloatFormat() {}

    /** A single number. */
    static String alone(double x, DType type) {
        if (!Double.isFinite(x)) {
            return special(x);
        }
        double size = Math.abs(x);
        if (size != 0 && (size < 1e-4 || size >= largestPositional(type))) {
            BigDecimal d = shortest(size, type);
            String digits = d.unscaledValue().toString();
            String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
            return sign(x) + mantissa + exponent(d.precision() - d.scale() - 1, 2);
        }
        String s = sign(x) + shortest(size, type).toPlainString();
        return s.contains(".") ? s : s + ".0";
    }

    private static double largestPositional(DType type) {
        return switch (type) {
            case FLOAT64 -> 1e16;
            case FLOAT32 -> 1e6;
            default -> 1e3;
        };
    }

    /** The numbers of an array, all of the same width. */
    static List<String> column(double[] values, DType type) {
        double[] sizes = Arrays.stream(values)
                .filter(v -> Double.isFinite(v) && v != 0)
                .map(Math::abs)
                .toArray();
        double max = Arrays.stream(sizes).max().orElse(1);
        double min = Arrays.stream(sizes).min().orElse(1);
        boolean scientific = max >= 1e8 || min < 1e-4 || max / min > 1000;
        String[] words = scientific ? scientific(values, type) : positional(values, type);
        int width = Arrays.stream(words).mapToInt(String::length).max().orElse(0);
        return Arrays.stream(words).map(w -> " ".repeat(width - w.length()) + w).toList();
    }

    private static String[] positional(double[] values, DType type) {
        String[] words = new String[values.length];
        int right = 0;
        for (int i = 0; i < words.length; i++) {
            double x = values[i];
            if (Double.isFinite(x)) {
                BigDecimal d = shortest(Math.abs(x), type);
                if (d.scale() > PRECISION) {
                    d = plain(new BigDecimal(Math.abs(x)).setScale(PRECISION, RoundingMode.HALF_EVEN));
                }
                words[i] = sign(x) + d.toPlainString() + (d.scale() > 0 ? "" : ".");
                right = Math.max(right, d.scale());
            }
        }
        for (int i = 0; i < words.length; i++) {
            double x = values[i];
            if (Double.isFinite(x)) {
                int digits = words[i].length() - words[i].indexOf('.') - 1;
                words[i] += " ".repeat(right - digits);
            } else {
                words[i] = special(x);
            }
        }
        return words;
    }

    private static String[] scientific(double[] values, DType type) {
        int digits = 0;
        int exponents = 2;
        for (double x : values) {
            if (Double.isFinite(x) && x != 0) {
                BigDecimal d = shortest(Math.abs(x), type);
                if (d.precision() > PRECISION + 1) {
                    d = plain(
                            new BigDecimal(Math.abs(x)).round(new MathContext(PRECISION + 1, RoundingMode.HALF_EVEN)));
                }
                digits = Math.max(digits, d.precision() - 1);
                int power = Math.abs(d.precision() - d.scale() - 1);
                exponents = Math.max(exponents, Integer.toString(power).length());
            }
        }
        String[] words = new String[values.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = Double.isFinite(values[i]) ? scientific(values[i], digits, exponents) : special(values[i]);
        }
        return words;
    }

    /** The digits that identify the number are followed by its exact ones, as far as the longest number needs. */
    private static String scientific(double x, int digits, int exponents) {
        BigDecimal d = new BigDecimal(Math.abs(x)).round(new MathContext(digits + 1, RoundingMode.HALF_EVEN));
        int power = d.signum() == 0 ? 0 : d.precision() - d.scale() - 1;
        String all = d.signum() == 0 ? "0" : d.unscaledValue().toString();
        String padded = all + "0".repeat(Math.max(0, digits + 1 - all.length()));
        return sign(x) + padded.charAt(0) + "." + padded.substring(1, digits + 1) + exponent(power, exponents);
    }

    private static String exponent(int power, int digits) {
        String p = Integer.toString(Math.abs(power));
        return (power < 0 ? "e-" : "e+") + "0".repeat(Math.max(0, digits - p.length())) + p;
    }

    private static String sign(double x) {
        return Double.doubleToRawLongBits(x) < 0 ? "-" : "";
    }

    private static String special(double x) {
        return Double.isNaN(x) ? "nan" : x < 0 ? "-inf" : "inf";
    }

    /**
     * The fewest digits that are nearest to no other number of the dtype. Java's own conversions sometimes give more.
     */
    private static BigDecimal shortest(double size, DType type) {
        if (size == 0) {
            return BigDecimal.ZERO;
        }
        BigDecimal exact = new BigDecimal(size);
        for (int digits = 1; digits < 17; digits++) {
            BigDecimal d = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
            if (narrowed(d.doubleValue(), type) == size) {
                return plain(d);
            }
        }
        return plain(exact.round(new MathContext(17, RoundingMode.HALF_EVEN)));
    }

    private static double narrowed(double x, DType type) {
        return switch (type) {
            case FLOAT16 -> Float16.toFloat(Float16.fromFloat((float) x));
            case BFLOAT16 -> Float16.brainToFloat(Float16.brainFromFloat((float) x));
            case FLOAT32 -> (float) x;
            default -> x;
        };
    }

    /** Without trailing zeros after the decimal point. */
    private static BigDecimal plain(BigDecimal d) {
        BigDecimal s = d.stripTrailingZeros();
        return s.signum() == 0 ? BigDecimal.ZERO : s;
    }
}

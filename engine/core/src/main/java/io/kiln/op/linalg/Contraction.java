package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.reduce.Sum;
import io.kiln.op.shape.Diagonal;
import io.kiln.op.shape.Transpose;
import java.util.ArrayList;
import java.util.List;

/** An array whose axes have letters, and its products with others; the steps of an {@link Einsum}. */
record Contraction(NDArray array, String letters) {
    /** Takes the diagonal of repeated letters: each then occurs once. */
    static Contraction of(NDArray array, String letters) {
        for (int i = 0; i < letters.length(); i++) {
            int other = letters.indexOf(letters.charAt(i), i + 1);
            if (other >= 0) {
                String rest = new StringBuilder(letters)
                        .deleteCharAt(other)
                        .deleteCharAt(i)
                        .append(letters.charAt(i))
                        .toString();
                return of(Dispatch.one(new Diagonal(0), last(array, i, other)), rest);
            }
        }
        return new Contraction(array, letters);
    }

    /** Moves axes i and j after the others. */
    private static NDArray last(NDArray x, int i, int j) {
        List<Long> order = new ArrayList<>();
        for (long k = 0; k < x.shape().rank(); k++) {
            if (k != i && k != j) {
                order.add(k);
            }
        }
        order.add((long) i);
        order.add((long) j);
        return Dispatch.one(new Transpose(List.copyOf(order)), x);
    }

    /** The axes in another order. */
    Contraction in(String order) {
        if (order.equals(letters)) {
            return this;
        }
        List<Long> axes = order.chars().mapToObj(c -> (long) letters.indexOf(c)).toList();
        return new Contraction(Dispatch.one(new Transpose(axes), array), order);
    }

    /** Sums over the axes whose letters are not in a text. */
    Contraction keeping(String kept) {
        List<Long> gone = new ArrayList<>();
        StringBuilder rest = new StringBuilder();
        for (int i = 0; i < letters.length(); i++) {
            if (kept.indexOf(letters.charAt(i)) < 0) {
                gone.add((long) i);
            } else {
                rest.append(letters.charAt(i));
            }
        }
        return gone.isEmpty()
                ? this
                : new Contraction(
                        Dispatch.one(new Sum(List.copyOf(gone), false), array).cast(array.dtype()), rest.toString());
    }

    /** Drops axes of size 1 that are longer in another array, where they broadcast. */
    private Contraction fitting(Contraction other) {
        NDArray x = array;
        StringBuilder rest = new StringBuilder();
        for (int i = 0; i < letters.length(); i++) {
            char c = letters.charAt(i);
            if (other.letters.indexOf(c) >= 0 && array.shape().dim(i) == 1 && other.size(c) != 1) {
                x = x.squeeze(rest.length());
            } else {
                rest.append(c);
            }
        }
        return new Contraction(x, rest.toString());
    }

    private long size(char letter) {
        return array.shape().dim(letters.indexOf(letter));
    }

    /** The product with another array, summed over the letters that are not kept. */
    Contraction times(Contraction second, String kept) {
        Contraction a = fitting(second).keeping(kept + second.letters);
        Contraction b = second.fitting(this).keeping(kept + a.letters);
        StringBuilder batch = new StringBuilder();
        StringBuilder summed = new StringBuilder();
        StringBuilder left = new StringBuilder();
        for (char c : a.letters.toCharArray()) {
            boolean shared = b.letters.indexOf(c) >= 0;
            (shared ? kept.indexOf(c) >= 0 ? batch : summed : left).append(c);
        }
        StringBuilder right = new StringBuilder();
        for (char c : b.letters.toCharArray()) {
            if (a.letters.indexOf(c) < 0) {
                right.append(c);
            }
        }
        String result = batch.toString() + left + right;
        boolean matrices = a.array.dtype().isFloating() && !summed.isEmpty();
        Contraction y = matrices
                ? matmul(a, b, batch.toString(), summed.toString(), left.toString(), right.toString())
                : multiply(a, b, result + summed);
        return y.keeping(kept).in(kept(result, kept));
    }

    private static String kept(String letters, String kept) {
        StringBuilder s = new StringBuilder();
        for (char c : letters.toCharArray()) {
            if (kept.indexOf(c) >= 0) {
                s.append(c);
            }
        }
        return s.toString();
    }

    private static Contraction multiply(Contraction a, Contraction b, String all) {
        return new Contraction(a.spread(all).mul(b.spread(all)), all);
    }

    /** The array with axes of size 1 for the letters that it lacks. */
    private NDArray spread(String all) {
        NDArray x = in(kept(all, letters)).array;
        long[] d = new long[all.length()];
        for (int i = 0; i < d.length; i++) {
            d[i] = letters.indexOf(all.charAt(i)) < 0 ? 1 : size(all.charAt(i));
        }
        return x.reshape(Shape.of(d));
    }

    private static Contraction matmul(
            Contraction a, Contraction b, String batch, String summed, String left, String right) {
        NDArray x = a.in(batch + left + summed).array;
        NDArray y = b.in(batch + summed + right).array;
        long n = a.product(batch);
        long k = a.product(summed);
        NDArray z = x.reshape(n, a.product(left), k).matmul(y.reshape(n, k, b.product(right)));
        long[] d = new long[batch.length() + left.length() + right.length()];
        String result = batch + left + right;
        for (int i = 0; i < d.length; i++) {
            char c = result.charAt(i);
            d[i] = a.letters.indexOf(c) >= 0 ? a.size(c) : b.size(c);
        }
        return new Contraction(z.reshape(Shape.of(d)), result);
    }

    private long product(String some) {
        return some.chars().mapToLong(c -> size((char) c)).reduce(1, Math::multiplyExact);
    }
}

package io.kiln.cpu.winograd;

/**
 * A minimal filtering algorithm: m outputs of a filter with r taps from 6 = m + r - 1 elements by 6 multiplications,
 * \(y = A^\top [(G g) \odot (B^\top d)]\), in two dimensions nested (Winograd 1980; Lavin and Gray 2015). The points of
 * interpolation are 0, 1, -1, 2, -2 and infinity, so \(B^\top\) is the same for every filter.
 *
 * <p>The methods transform one dimension: arrays stand for the elements, each with as many independent columns as it is long.
 */
enum Algorithm {
    /** F(4, 3). */
    THREE_TAPS(4, 3) {
        @Override
        void output(float[][] m, float[][] y, int n) {
            Loops.even(y[0], y[2], m[0], m[1], m[2], m[3], m[4], n);
            Loops.odd(y[1], y[3], m[1], m[2], m[3], m[4], m[5], n);
        }

        @Override
        void spread(float[][] y, float[][] z, int n) {
            System.arraycopy(y[0], 0, z[0], 0, n);
            Loops.sumAndDifference(z[1], z[2], y[0], y[1], y[2], y[3], 1, 1, 1, n);
            Loops.sumAndDifference(z[3], z[4], y[0], y[1], y[2], y[3], 4, 2, 8, n);
            System.arraycopy(y[3], 0, z[5], 0, n);
        }

        @Override
        void filter(float[][] g, float[][] u, int n) {
            Loops.scaled(u[0], g[0], 1 / 4f, n);
            Loops.weighted(u[1], u[2], g[0], g[1], g[2], -1 / 6f, -1 / 6f, -1 / 6f, n);
            Loops.weighted(u[3], u[4], g[0], g[1], g[2], 1 / 24f, 1 / 12f, 1 / 6f, n);
            System.arraycopy(g[2], 0, u[5], 0, n);
        }

        @Override
        void filterGradient(float[][] u, float[][] g, int n) {
            Loops.ofSums(g[0], u[1], u[2], u[3], u[4], u[0], -1 / 6f, 1 / 24f, 1 / 4f, n);
            Loops.ofDifferences(g[1], u[1], u[2], u[3], u[4], -1 / 6f, 1 / 12f, n);
            Loops.ofSums(g[2], u[1], u[2], u[3], u[4], u[5], -1 / 6f, 1 / 6f, 1, n);
        }
    },

    /** F(2, 5). */
    FIVE_TAPS(2, 5) {
        @Override
        void output(float[][] m, float[][] y, int n) {
            Loops.first(y[0], m[0], m[1], m[2], m[3], m[4], n);
            Loops.last(y[1], m[1], m[2], m[3], m[4], m[5], n);
        }

        @Override
        void spread(float[][] y, float[][] z, int n) {
            System.arraycopy(y[0], 0, z[0], 0, n);
            Loops.sumAndDifference(z[1], z[2], y[0], y[1], n);
            Loops.sumAndDifferenceOfTwice(z[3], z[4], y[0], y[1], n);
            System.arraycopy(y[1], 0, z[5], 0, n);
        }

        @Override
        void filter(float[][] g, float[][] u, int n) {
            Loops.scaled(u[0], g[0], 1 / 4f, n);
            Loops.sumAndDifference(u[3], u[4], g[0], g[1], g[2], g[3], 1, 1, 1, n);
            Loops.add(u[3], g[4], n);
            Loops.add(u[4], g[4], n);
            Loops.scaled(u[1], u[3], -1 / 6f, n);
            Loops.scaled(u[2], u[4], -1 / 6f, n);
            Loops.scaled(u[5], g[4], 16, n);
            Loops.sumAndDifference(u[3], u[4], g[0], g[1], g[2], g[3], 4, 2, 8, n);
            Loops.add(u[3], u[5], n);
            Loops.add(u[4], u[5], n);
            Loops.scaled(u[3], u[3], 1 / 24f, n);
            Loops.scaled(u[4], u[4], 1 / 24f, n);
            System.arraycopy(g[4], 0, u[5], 0, n);
        }

        @Override
        void filterGradient(float[][] u, float[][] g, int n) {
            Loops.ofSums(g[0], u[1], u[2], u[3], u[4], u[0], -1 / 6f, 1 / 24f, 1 / 4f, n);
            Loops.ofDifferences(g[1], u[1], u[2], u[3], u[4], -1 / 6f, 1 / 12f, n);
            Loops.ofSums(g[2], u[1], u[2], u[3], u[4], -1 / 6f, 1 / 6f, n);
            Loops.ofDifferences(g[3], u[1], u[2], u[3], u[4], -1 / 6f, 1 / 3f, n);
            Loops.ofSums(g[4], u[1], u[2], u[3], u[4], u[5], -1 / 6f, 2 / 3f, 1, n);
        }
    };

    /** Elements of a tile along an axis. */
    static final int TILE = 6;

    /** Products of matrices of a convolution. */
    static final int PRODUCTS = TILE * TILE;

    /** Outputs of a tile along an axis. */
    final int outputs;

    /** Taps of the filter along an axis. */
    final int taps;

    Algorithm(int outputs, int taps) {
        this.outputs = outputs;
        this.taps = taps;
    }

    /** {@code v = Bᵀ d}: 6 elements. */
    static void data(float[][] d, float[][] v, int n) {
        Loops.end(v[0], d[0], d[2], d[4], n);
        Loops.near(v[1], v[2], d[1], d[2], d[3], d[4], n);
        Loops.far(v[3], v[4], d[1], d[2], d[3], d[4], n);
        Loops.end(v[5], d[1], d[3], d[5], n);
    }

    /** {@code y = Aᵀ m}: 6 products to the outputs. */
    abstract void output(float[][] m, float[][] y, int n);

    /** {@code z = A y}: the outputs' gradients to those of the 6 products. */
    abstract void spread(float[][] y, float[][] z, int n);

    /** {@code u = G g}: the taps to 6 factors. */
    abstract void filter(float[][] g, float[][] u, int n);

    /** {@code g = Gᵀ u}: the factors' gradients to those of the taps. */
    abstract void filterGradient(float[][] u, float[][] g, int n);
}

package io.kiln.op.internal;

import io.kiln.op.random.RandomGenerator;

/**
 * The counter-based generator Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3"
 * (SC 2011). Block b of draw d under seed s is the cipher of the 128-bit counter (b, d), low words first, under the 64-bit
 * key s; it holds four words of 32 bits, for the elements 4b to 4b+3.
 */
public final class Philox {
    private static final long M0 = 0xD2511F53L;
    private static final long M1 = 0xCD9E8D57L;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;
    private static final int ROUNDS = 10;
    private static final long LOW = 0xFFFFFFFFL;

    private Philox() {}

    /**
     * Fills words of a draw.
     *
     * @param draw seed and number of the draw
     * @param firstBlock number of the block of four with which to begin
     * @param words is filled; its length a multiple of 4
     */
    public static void fill(RandomGenerator.State draw, long firstBlock, int[] words) {
        for (int i = 0; i < words.length; i += 4) {
            long block = firstBlock + i / 4;
            block(draw.seed(), block, draw.draws(), words, i);
        }
    }

    private static void block(long key, long low, long high, int[] out, int at) {
        int c0 = (int) low;
        int c1 = (int) (low >>> 32);
        int c2 = (int) high;
        int c3 = (int) (high >>> 32);
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        for (int r = 0; r < ROUNDS; r++) {
            long p0 = M0 * (c0 & LOW);
            long p1 = M1 * (c2 & LOW);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += W0;
            k1 += W1;
        }
        out[at] = c0;
        out[at + 1] = c1;
        out[at + 2] = c2;
        out[at + 3] = c3;
    }

    /**
     * A number from [0, 1) with 24 bits, which a float holds exactly.
     *
     * @param word a word of the generator
     * @return a multiple of 2^-24
     */
    public static float uniform(int word) {
        return (word >>> 8) * 0x1p-24f;
    }

    /**
     * The first of the two normal numbers that two words give (Box and Muller, 1958).
     *
     * @param word a word of the generator
     * @param other another one
     * @return sqrt(-2 ln u) cos(2 pi v), with u from (0, 1) and v from [0, 1)
     */
    public static double normalCos(int word, int other) {
        return radius(word) * Math.cos(angle(other));
    }

    /**
     * The second of the two normal numbers that two words give.
     *
     * @param word a word of the generator
     * @param other another one
     * @return sqrt(-2 ln u) sin(2 pi v), with u from (0, 1) and v from [0, 1)
     */
    public static double normalSin(int word, int other) {
        return radius(word) * Math.sin(angle(other));
    }

    /**
     * The distance from 0 of the pair of normal numbers that a word gives.
     *
     * @param word a word of the generator
     * @return sqrt(-2 ln u), with u from (0, 1)
     */
    public static double radius(int word) {
        return Math.sqrt(-2 * Math.log(((word & LOW) + 0.5) * 0x1p-32));
    }

    /**
     * The angle of the pair of normal numbers that a word gives.
     *
     * @param word a word of the generator
     * @return 2 pi v, with v from [0, 1)
     */
    public static double angle(int word) {
        return 2 * Math.PI * 0x1p-32 * (word & LOW);
    }
}

package io.kiln.optim;

import io.kiln.pointwise.Expr;

/** The symbols in which updates are written, and the scalars that all of them share. */
final class Formula {
    static final Expr W = Expr.input(0);
    static final Expr G = Expr.input(1);
    static final Expr S0 = Expr.input(2);
    static final Expr S1 = Expr.input(3);
    static final Expr S2 = Expr.input(4);
    static final Expr S3 = Expr.input(5);
    static final Expr LR = Expr.scalar(0);
    static final Expr WD = Expr.scalar(1);
    private static final Expr RESCALE = Expr.scalar(2);
    private static final Expr CLIP = Expr.scalar(3);

    private Formula() {}

    /** clip(rescale g). */
    static Expr gradient() {
        return clip(G.mul(RESCALE));
    }

    /** clip(rescale g) + wd w. */
    static Expr decayedOutsideClip() {
        return gradient().add(WD.mul(W));
    }

    /** clip(rescale g + wd w). */
    static Expr decayedInsideClip() {
        return clip(G.mul(RESCALE).add(WD.mul(W)));
    }

    private static Expr clip(Expr g) {
        return g.min(CLIP).max(CLIP.neg());
    }

    /** The moving average b s + (1 - b) x, where scalar {@code at} of the optimizer is b and the next one 1 - b. */
    static Expr average(int at, Expr s, Expr x) {
        return own(at).mul(s).add(own(at + 1).mul(x));
    }

    /** The optimizer's own scalars start here. */
    static Expr own(int index) {
        return Expr.scalar(4 + index);
    }

    static double[] scalarsAtRate(Step s, double learningRate, double... own) {
        double[] all = new double[4 + own.length];
        all[0] = learningRate;
        all[1] = s.weightDecay();
        all[2] = s.rescale();
        all[3] = s.clip();
        System.arraycopy(own, 0, all, 4, own.length);
        return all;
    }

    static double[] scalars(Step s, double... own) {
        return scalarsAtRate(s, s.learningRate(), own);
    }
}

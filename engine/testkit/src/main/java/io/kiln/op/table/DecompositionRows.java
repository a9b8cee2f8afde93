package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.values;

import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.internal.Cofactors;
import io.kiln.op.linalg.Cholesky;
import io.kiln.op.linalg.Determinant;
import io.kiln.op.linalg.Inverse;
import io.kiln.op.linalg.LogDeterminant;
import io.kiln.op.linalg.Qr;
import io.kiln.op.linalg.Solve;
import io.kiln.op.linalg.Svd;
import io.kiln.op.linalg.SymmetricEigen;
import io.kiln.op.linalg.TriangularSolve;
import java.util.List;

/** Rows of factors, inverses and determinants of matrices. */
final class DecompositionRows {
    private DecompositionRows() {}

    static List<Row> rows() {
        String symmetric = "((x0 + torch.transpose(x0, -1, -2)) / 2)";
        String lower = "torch.linalg_solve_triangular(%s, x1, upper=%s, left=True, unitriangular=False)";
        String sign = "torch.sign(torch.gather(%s, -2, torch.argmax(torch.abs(%s), -2, True)))";
        String u = "(torch.linalg_svd(x0, False))[0]";
        String v = "(torch.linalg_eigh(" + symmetric + "))[1]";
        return List.of(
                Row.of(new Cholesky())
                        .torch("torch.linalg_cholesky(" + symmetric + ")")
                        .slack(64)
                        .on(positive(3))
                        .on(values(Shape.of(2, 2, 2), 2, 0.3, 0.5, 1, 3, -1, 0.5, 4))
                        .on(real(1, 2, 1, 1))
                        .on(real(1, 2, 0, 2, 2)),
                triangular(true, false, lower.formatted("torch.tril(x0)", "False")),
                triangular(false, false, lower.formatted("torch.triu(x0)", "True")),
                triangular(true, true, lower.formatted("torch.transpose(torch.tril(x0), -1, -2)", "True")),
                triangular(false, true, lower.formatted("torch.transpose(torch.triu(x0), -1, -2)", "False")),
                one(new Inverse(), "torch.linalg_inv(x0)"),
                one(new Determinant(), "torch.linalg_det(x0)"),
                Row.of(new Determinant())
                        .torch("torch.zeros([], dtype=x0.dtype)")
                        .forwardOn(values(Shape.of(2, 2), 1, 2, 2, 4)),
                Row.of(new Determinant())
                        .torch("x0[..., 0, 0] * x0[..., 1, 1] - x0[..., 0, 1] * x0[..., 1, 0]")
                        .on(values(Shape.of(2, 2), 1, 2, 2, 4))
                        .on(values(Shape.of(3, 2, 2), 0, 0, 0, 0, 0, 1, 0, 3, 1, 2, 3, 4)),
                Row.of(new Determinant())
                        .torch("torch.sum(torch.linalg_cross(x0[..., 0, :], x0[..., 1, :]) * x0[..., 2, :], [-1])")
                        .on(values(Shape.of(3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9))
                        .on(values(Shape.of(2, 3, 3), 1, 2, 3, 2, 4, 6, -1, -2, -3, 0, 0, 1, 0, 0, 2, 3, 1, 5)),
                one(
                        new Cofactors(),
                        "torch.transpose(torch.linalg_inv(x0), -1, -2) * torch.linalg_det(x0)[..., None, None]"),
                one(new LogDeterminant(), "(torch.slogdet(x0))[1]").gradientOf(1),
                Row.of(new LogDeterminant())
                        .torch(
                                "torch.log(torch.tensor([0., 4.], dtype=x0.dtype))",
                                "torch.tensor([0., -1.], dtype=x0.dtype)")
                        .forwardOn(values(Shape.of(2, 2, 2), 1, 2, 2, 4, 0, 2, 2, 0)),
                Row.of(new Solve())
                        .torch("torch.linalg_solve(x0, x1)")
                        .slack(64)
                        .on(positive(3), real(-2, 2, 3, 2))
                        .on(values(Shape.of(2, 2, 2), 0, 1, 2, 0.5, 3, -1, 0.5, 4), real(-2, 2, 2, 3))
                        .on(real(1, 2, 1, 1), real(-2, 2, 2, 1, 3)),
                Row.of(new Qr())
                        .torch("(torch.linalg_qr(x0))[0]", "(torch.linalg_qr(x0))[1]")
                        .slack(64)
                        .on(values(Shape.of(4, 3), general(4, 3)))
                        .on(values(Shape.of(2, 3, 3), general(6, 3)))
                        .forwardOn(values(Shape.of(2, 4), general(2, 4)))
                        .on(real(1, 2, 2, 1)),
                Row.of(new Svd())
                        .torch(
                                u + " * " + sign.formatted(u, u),
                                "(torch.linalg_svd(x0, False))[1]",
                                "(torch.linalg_svd(x0, False))[2] * torch.transpose(" + sign.formatted(u, u)
                                        + ", -1, -2)")
                        .slack(512)
                        .on(values(Shape.of(4, 3), general(4, 3)))
                        .on(values(Shape.of(2, 3, 3), general(6, 3)))
                        .on(values(Shape.of(2, 4), general(2, 4)))
                        .on(real(0.5, 2, 1, 3)),
                Row.of(new SymmetricEigen())
                        .torch("(torch.linalg_eigh(" + symmetric + "))[0]", v + " * " + sign.formatted(v, v))
                        .slack(512)
                        .on(values(Shape.of(4, 4), general(4, 4)))
                        .on(values(Shape.of(2, 3, 3), general(6, 3))));
    }

    private static Row triangular(boolean lower, boolean transposed, String torch) {
        return Row.of(new TriangularSolve(lower, transposed))
                .torch(torch)
                .slack(64)
                .on(real(1, 2, 3, 3), real(-2, 2, 3, 2))
                .on(real(1, 2, 2, 2, 2), real(-2, 2, 2, 3))
                .on(real(1, 2, 0, 2, 2), real(-2, 2, 2, 1));
    }

    private static Row one(Operator operator, String torch) {
        return Row.of(operator)
                .torch(torch)
                .slack(64)
                .on(positive(3))
                .on(values(Shape.of(2, 2, 2), 0, 1, 2, 0.5, 3, -1, 0.5, 4))
                .on(real(1, 2, 1, 1))
                .on(real(1, 2, 3, 1, 1))
                .on(real(1, 2, 0, 2, 2));
    }

    /** A matrix whose symmetric part is positive definite. */
    private static Argument positive(int n) {
        double[] v = general(n, n);
        for (int i = 0; i < n; i++) {
            v[i * n + i] += 3;
        }
        return values(Shape.of(n, n), v);
    }

    private static double[] general(int rows, int columns) {
        double[] v = new double[rows * columns];
        for (int i = 0; i < v.length; i++) {
            v[i] = Math.sin(1.7 * i * i + 0.3 * i + 0.5) + (i % (columns + 1) == 0 ? 1.5 : 0);
        }
        return v;
    }
}

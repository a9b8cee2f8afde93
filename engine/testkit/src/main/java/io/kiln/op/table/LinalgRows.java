package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.op.linalg.Einsum;
import io.kiln.op.linalg.KhatriRao;
import io.kiln.op.math.Fft;
import io.kiln.op.shape.Diagonal;
import io.kiln.op.shape.DiagonalEmbed;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.IntStream;

/** Rows of products, diagonals and decompositions of matrices. */
final class LinalgRows {
    private LinalgRows() {}

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        rows.addAll(diagonals());
        rows.addAll(einsum());
        rows.add(transform(false, "fft_fft"));
        rows.add(transform(true, "fft_ifft"));
        return rows;
    }

    private static Row transform(boolean inverse, String torch) {
        return Row.of(new Fft(inverse))
                .torch("torch.view_as_real(torch." + torch + "(torch.view_as_complex(x0)))")
                .slack(4)
                .on(real(-2, 2, 1, 2))
                .on(real(-2, 2, 2, 8, 2))
                .on(real(-2, 2, 12, 2))
                .on(real(-2, 2, 2, 17, 2))
                .on(real(-2, 2, 3, 385, 2))
                .on(real(-2, 2, 1013, 2))
                .on(real(-2, 2, 1024, 2));
    }

    private static List<Row> diagonals() {
        return List.of(
                Row.of(new Diagonal(0))
                        .torch("torch.diagonal_copy(x0, 0, -2, -1)")
                        .on(real(-2, 2, 3, 4))
                        .on(real(-2, 2, 2, 4, 3))
                        .on(real(-2, 2, 0, 3)),
                Row.of(new Diagonal(1))
                        .torch("torch.diagonal_copy(x0, 1, -2, -1)")
                        .on(real(-2, 2, 2, 3, 4)),
                Row.of(new Diagonal(-2))
                        .torch("torch.diagonal_copy(x0, -2, -2, -1)")
                        .on(real(-2, 2, 5, 3))
                        .on(real(-2, 2, 2, 3)),
                Row.of(new DiagonalEmbed(0, 3, 3))
                        .torch("torch.diag_embed(x0)")
                        .on(real(-2, 2, 3))
                        .on(real(-2, 2, 2, 3))
                        .on(real(-2, 2, 0, 3)),
                Row.of(new DiagonalEmbed(-1, 4, 4))
                        .torch("torch.diag_embed(x0, -1)")
                        .on(real(-2, 2, 2, 3)),
                Row.of(new DiagonalEmbed(1, 3, 5))
                        .torch("torch.diag_embed(torch.cat([x0, torch.zeros([1], dtype=x0.dtype)], 0), 1)[:3]")
                        .on(real(-2, 2, 3)));
    }

    private static List<Row> einsum() {
        return List.of(
                einsum("ij,jk->ik", 2)
                        .on(real(-2, 2, 3, 4), real(-2, 2, 4, 5))
                        .on(real(-2, 2, 0, 4), real(-2, 2, 4, 5))
                        .on(real(-2, 2, 3, 0), real(-2, 2, 0, 5)),
                einsum("ij,jk", 2).on(real(-2, 2, 3, 4), real(-2, 2, 4, 5)),
                einsum("ba", 1).on(real(-2, 2, 3, 4)),
                einsum("ii->i", 1).on(real(-2, 2, 4, 4)),
                einsum("ii", 1).on(real(-2, 2, 4, 4)).on(real(-2, 2, 0, 0)),
                einsum("iji->j", 1).on(real(-2, 2, 3, 2, 3)),
                einsum("iii->i", 1).on(real(-2, 2, 3, 3, 3)),
                einsum("ij->", 1).on(real(-2, 2, 3, 4)),
                einsum("ij->j", 1).on(real(-2, 2, 3, 4)),
                einsum("i,i->", 2).on(real(-2, 2, 7), real(-2, 2, 7)).on(real(-2, 2, 0), real(-2, 2, 0)),
                einsum("i,j->ij", 2).on(real(-2, 2, 3), real(-2, 2, 4)),
                einsum("bhqd,bhkd->bhqk", 2).on(real(-2, 2, 2, 1, 3, 4), real(-2, 2, 2, 1, 2, 4)),
                einsum("...ij,...jk->...ik", 2)
                        .on(real(-2, 2, 2, 1, 3, 2), real(-2, 2, 3, 2, 2))
                        .on(real(-2, 2, 3, 2), real(-2, 2, 2, 4)),
                einsum("i...->...", 1).on(real(-2, 2, 3, 2, 2)),
                einsum("...i,i->...", 2).on(real(-2, 2, 2, 3, 4), real(-2, 2, 4)),
                einsum("ij,kj->ikj", 2).on(real(-2, 2, 3, 4), real(-2, 2, 2, 4)),
                einsum("ij,ij->i", 2).on(real(-2, 2, 3, 4), real(-2, 2, 1, 4)),
                einsum("ij,jk,kl->il", 3).on(real(-2, 2, 2, 3), real(-2, 2, 3, 4), real(-2, 2, 4, 2)),
                einsum("bn,anm,bm->ba", 3).on(real(-2, 2, 2, 3), real(-2, 2, 2, 3, 2), real(-2, 2, 2, 2)),
                einsum("ii,ij->j", 2).on(real(-2, 2, 3, 3), real(-2, 2, 3, 2)),
                einsum("i,k->k", 2).on(real(-2, 2, 3), real(-2, 2, 4)),
                einsum(",i->i", 2).on(real(-2, 2), real(-2, 2, 4)),
                Row.of(new KhatriRao())
                        .torch("torch.reshape(torch.unsqueeze(x0, 1) * torch.unsqueeze(x1, 0), [-1, 3])")
                        .on(real(-2, 2, 2, 3), real(-2, 2, 4, 3))
                        .on(real(-2, 2, 0, 3), real(-2, 2, 4, 3)),
                Row.of(new KhatriRao())
                        .torch("torch.reshape(torch.einsum(\"ak,bk,ck->abck\", [x0, x1, x2], path=None), [-1, 2])")
                        .slack(4)
                        .on(real(-2, 2, 2, 2), real(-2, 2, 3, 2), real(-2, 2, 1, 2)),
                Row.of(new KhatriRao()).torch("torch.clone(x0)").on(real(-2, 2, 3, 2)),
                Row.of(new Einsum("ij,jk->ik"))
                        .torch("torch.matmul(x0, x1)")
                        .order(0)
                        .on(whole(DType.INT64, -5, 6, 3, 4), whole(DType.INT64, -5, 6, 4, 2)));
    }

    private static Row einsum(String equation, int operands) {
        StringJoiner list = new StringJoiner(", ", "[", "]");
        IntStream.range(0, operands).forEach(i -> list.add("x" + i));
        return Row.of(new Einsum(equation))
                .torch("torch.einsum(\"" + equation + "\", " + list + ", path=None)")
                .slack(4);
    }
}

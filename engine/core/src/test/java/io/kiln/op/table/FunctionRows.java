package io.kiln.op.table;

import static io.kiln.op.table.Families.unary;

import io.kiln.op.FullLike;
import java.util.List;

/** Rows of functions of one number beyond arithmetic, of constants in the shape of others, and of activations. */
final class FunctionRows {
    private FunctionRows() {}

    static List<Row> rows() {
        return List.of(
                unary(new FullLike(1.5), -2, 2, "torch.full_like(x0, 1.5)").order(0));
    }
}

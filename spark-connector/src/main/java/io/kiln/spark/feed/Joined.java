package io.kiln.spark.feed;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.linalg.SQLDataTypes;

/**
 * Columns of numbers, vectors and arrays that are put together to one row.
 *
 * @param sizes the number of elements of each
 */
record Joined(List<Integer> sizes) implements Coding {
    /** Makes the list unmodifiable. */
    Joined {
        sizes = List.copyOf(sizes);
    }

    /** The number of elements of a column, as far as type and metadata state it. */
    static OptionalInt declared(FeedColumn c) {
        if (Numbers.isNumber(c.field().dataType())) {
            return OptionalInt.of(1);
        }
        int size = c.field().dataType().equals(SQLDataTypes.VectorType())
                ? AttributeGroup.fromStructField(c.field()).size()
                : -1;
        return size > 0 ? OptionalInt.of(size) : OptionalInt.empty();
    }

    /**
     * The only column whose number of elements is not stated; null if there is none.
     *
     * @throws IllegalArgumentException if there are several
     */
    static FeedColumn unstated(String what, List<FeedColumn> columns) {
        List<FeedColumn> unstated = unstated(columns);
        if (unstated.size() > 1) {
            throw several(what, unstated);
        }
        return unstated.isEmpty() ? null : unstated.get(0);
    }

    /** What is wrong with columns of which more than one does not state its number of elements. */
    static IllegalArgumentException several(String what, List<FeedColumn> unstated) {
        return new IllegalArgumentException(
                "%s: columns \"%s\" and \"%s\" do not state how many elements they have, so that nothing says where one ends; state it with VectorSizeHint, or let only one of the columns be without it"
                        .formatted(what, unstated.get(0).name(), unstated.get(1).name()));
    }

    /** The columns whose number of elements is not stated; in the schema of a pipeline that is not fitted, all vectors may be. */
    static List<FeedColumn> unstated(List<FeedColumn> columns) {
        return columns.stream().filter(c -> declared(c).isEmpty()).toList();
    }

    /** The number of elements that are stated. */
    static int stated(List<FeedColumn> columns) {
        return columns.stream().mapToInt(c -> declared(c).orElse(0)).reduce(0, Math::addExact);
    }

    /**
     * The sizes of columns whose sum is known.
     *
     * @throws IllegalArgumentException if they do not add up to it
     */
    static Joined of(String what, List<FeedColumn> columns, long width) {
        FeedColumn open = unstated(what, columns);
        long rest = width - stated(columns);
        if (open == null ? rest != 0 : rest < 1) {
            throw new IllegalArgumentException(
                    "%s: %d columns, from \"%s\" on, hold %s%d numbers together, the network takes rows of %d; change the columns or the shape of rows"
                            .formatted(
                                    what,
                                    columns.size(),
                                    columns.get(0).name(),
                                    open == null ? "" : "more than ",
                                    width - rest,
                                    width));
        }
        List<Integer> sizes = new ArrayList<>();
        columns.forEach(c -> sizes.add(declared(c).orElse((int) rest)));
        return new Joined(sizes);
    }
}

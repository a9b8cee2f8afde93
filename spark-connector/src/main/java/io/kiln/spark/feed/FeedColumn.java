package io.kiln.spark.feed;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.catalyst.analysis.UnresolvedAttribute;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A column, or a field within one, that a Param names. The name of a column is used as is, including dots; if no column
 * has the name, it is read as a path such as {@code image.data}, whose parts may be in backticks.
 *
 * @param name the Param's value
 * @param parts names of the column and of the fields within it
 * @param path index of the column in the schema, then indices of the fields in their structs
 * @param field type and metadata
 */
public record FeedColumn(String name, List<String> parts, List<Integer> path, StructField field) {
    /**
     * Finds a column.
     *
     * @param schema the DataFrame's schema
     * @param param the Param that names the column, for the message
     * @param name the name
     * @return the column
     * @throws IllegalArgumentException if there is no such column, or more than one
     */
    public static FeedColumn find(StructType schema, String param, String name) {
        if (places(schema, name).isEmpty()) {
            FeedColumn inner = walk(schema, param, name);
            if (inner != null) {
                return inner;
            }
            throw new IllegalArgumentException("%s: no column \"%s\"; the DataFrame has %s"
                    .formatted(param, name, String.join(", ", schema.fieldNames())));
        }
        int at = only(schema, param, name);
        return new FeedColumn(name, List.of(name), List.of(at), schema.fields()[at]);
    }

    private static FeedColumn walk(StructType schema, String param, String name) {
        List<String> parts = split(name);
        List<Integer> path = new ArrayList<>();
        StructField field = null;
        for (String part : parts) {
            StructType in =
                    field == null ? schema : field.dataType() instanceof StructType inner ? inner : new StructType();
            if (places(in, part).isEmpty()) {
                return null;
            }
            path.add(only(in, param, part));
            field = in.fields()[path.get(path.size() - 1)];
        }
        return field == null ? null : new FeedColumn(name, parts, List.copyOf(path), field);
    }

    private static List<String> split(String name) {
        try {
            return List.copyOf(CollectionConverters.asJava(UnresolvedAttribute.parseAttributeName(name)));
        } catch (Exception e) {
            if (e instanceof AnalysisException) { // checked, but Scala does not declare it
                return List.of();
            }
            throw e;
        }
    }

    private static List<Integer> places(StructType schema, String name) {
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < schema.length(); i++) {
            if (schema.fields()[i].name().equals(name)) {
                places.add(i);
            }
        }
        return places;
    }

    private static int only(StructType schema, String param, String name) {
        List<Integer> places = places(schema, name);
        if (places.size() > 1) {
            throw new IllegalArgumentException("%s: %d columns are named \"%s\"; rename or drop all but one"
                    .formatted(param, places.size(), name));
        }
        return places.get(0);
    }

    /**
     * Returns the column of a DataFrame.
     *
     * @param data the DataFrame
     * @return the column
     */
    public Column of(Dataset<?> data) {
        return data.col(String.join(".", parts.stream().map(FeedColumn::quote).toList()));
    }

    private static String quote(String part) {
        return "`" + part.replace("`", "``") + "`";
    }
}

package io.kiln.spark.feed;

/** Reads the one column of a field, and remembers whether the value read last is missing or unreadable. */
abstract class FieldReader implements ColumnReader {
    final Field field;
    private final String remedy;
    private boolean invalid;

    /**
     * @param field the field
     * @param remedy what to do with rows whose values are missing or unreadable, but for handleInvalid
     */
    FieldReader(Field field, String remedy) {
        this.field = field;
        this.remedy = "; " + remedy + " such rows, or set handleInvalid";
    }

    /** To be called before each value. */
    final void begin() {
        invalid = false;
    }

    /** Takes the value for one that handleInvalid decides on. */
    final String invalid(String what) {
        invalid = true;
        return what + remedy;
    }

    /** Takes the value for invalid if elements of it are, which have told so. */
    final void invalidIf(boolean elements) {
        invalid = elements;
    }

    @Override
    public final boolean isInvalid() {
        return invalid;
    }

    @Override
    public final String column() {
        return field.columns().get(0);
    }
}

package io.kiln.kvstore;

/**
 * A key of a store: a number or a name. All keys of a store are of the same kind.
 *
 * @param name the name, or null for a number
 * @param number the number, 0 for a name
 */
public record KVKey(String name, int number) {
    /**
     * Returns a key with a name.
     *
     * @param name not null
     * @return the key
     */
    public static KVKey of(String name) {
        if (name == null) {
            throw new KVStoreException("key: a name must not be null");
        }
        return new KVKey(name, 0);
    }

    /**
     * Returns a key with a number.
     *
     * @param number any number
     * @return the key
     */
    public static KVKey of(int number) {
        return new KVKey(null, number);
    }

    /**
     * Whether this key is a number.
     *
     * @return false for a name
     */
    public boolean isNumber() {
        return name == null;
    }

    /** A hash that is the same in every process. */
    int fingerprint() {
        return name == null ? 31 * number + 1 : name.hashCode();
    }

    @Override
    public String toString() {
        return name == null ? Integer.toString(number) : "\"" + name + "\"";
    }
}

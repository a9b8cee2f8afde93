package io.kiln.conformance;

/** How a case ended: what differs or is refused, or nothing when it passed. */
record Outcome(String id, String operator, Kind kind, String what) {
    enum Kind {
        PASSED,
        DIFFERENT,
        REFUSED
    }
}

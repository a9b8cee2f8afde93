package io.kiln.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs the cases of a file one by one. */
final class Suite {
    /** Runs a case and says what differs from what is wanted; throws a {@link Refusal} for what Kiln does not have. */
    interface Runner {
        Optional<String> run(JsonNode testCase, Map<String, NDArray> arrays);
    }

    private Suite() {}

    static List<Outcome> run(String resource, Path scratch, Runner runner) throws IOException {
        List<Outcome> outcomes = new ArrayList<>();
        try (Scope all = Scope.open()) {
            CaseFile file = CaseFile.read(resource, scratch);
            for (JsonNode testCase : file.cases()) {
                outcomes.add(run(testCase, file.arrays(), runner));
            }
        }
        return outcomes;
    }

    private static Outcome run(JsonNode testCase, Map<String, NDArray> arrays, Runner runner) {
        String id = testCase.get("id").asText();
        String operator = testCase.get("op").asText();
        try (Scope scope = Scope.open()) {
            Optional<String> difference = runner.run(testCase, arrays);
            return new Outcome(
                    id,
                    operator,
                    difference.isPresent() ? Outcome.Kind.DIFFERENT : Outcome.Kind.PASSED,
                    difference.orElse(""));
        } catch (Refusal e) {
            return new Outcome(id, operator, Outcome.Kind.REFUSED, e.getMessage());
        } catch (RuntimeException e) {
            return new Outcome(id, operator, Outcome.Kind.DIFFERENT, e.toString());
        }
    }
}

package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Embedding;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import io.kiln.op.shape.Movement;
import java.util.List;

/**
 * Neural collaborative filtering: predicts how much a user likes an item. X. He, L. Liao, H. Zhang, L. Nie, X. Hu,
 * T.-S. Chua: Neural collaborative filtering, WWW 2017. Either the perceptron alone, or NeuMF, which adds a product of
 * embeddings (generalised matrix factorisation) with tables of its own. Inputs: users[N] and items[N], indices; output:
 * scores[N,1] (logits).
 */
public final class NeuralCollaborativeFilter extends Block {
    private final Embedding users;
    private final Embedding items;
    private final Embedding factorUsers;
    private final Embedding factorItems;
    private final Sequential hidden;
    private final Dense output;

    private NeuralCollaborativeFilter(long users, long items, long dimension, long factors, long... widths) {
        this.users = addChild("users", new Embedding(users, dimension));
        this.items = addChild("items", new Embedding(items, dimension));
        factorUsers = factors == 0 ? null : addChild("factor_users", new Embedding(users, factors));
        factorItems = factors == 0 ? null : addChild("factor_items", new Embedding(items, factors));
        hidden = addChild("hidden", new Sequential());
        for (long w : widths) {
            hidden.add(new Dense(w, Activation.RELU));
        }
        output = addChild("output", new Dense(1));
    }

    /**
     * Creates the perceptron over both embeddings.
     *
     * @param users number of users
     * @param items number of items
     * @param dimension length of each embedding
     * @param widths units of the hidden layers
     * @return the network
     */
    public static NeuralCollaborativeFilter perceptron(long users, long items, long dimension, long... widths) {
        return new NeuralCollaborativeFilter(users, items, dimension, 0, widths);
    }

    /**
     * Creates NeuMF: the perceptron and generalised matrix factorisation.
     *
     * @param users number of users
     * @param items number of items
     * @param dimension length of each embedding of the perceptron
     * @param factors length of each embedding of the factorisation, at least 1
     * @param widths units of the hidden layers
     * @return the network
     */
    public static NeuralCollaborativeFilter neuMf(
            long users, long items, long dimension, long factors, long... widths) {
        if (factors < 1) {
            throw new IllegalArgumentException("neuMf: factors must be >= 1, got " + factors);
        }
        return new NeuralCollaborativeFilter(users, items, dimension, factors, widths);
    }

    /**
     * Computes scores of pairs.
     *
     * @param x pairs[N,2], user and item
     * @return scores[N,1]
     */
    @Override
    public NDArray forward(NDArray x) {
        return score(x.slice(1, 0, 1).squeeze(1), x.slice(1, 1, 2).squeeze(1));
    }

    @Override
    public List<String> inputNames() {
        return List.of("users", "items");
    }

    /**
     * Computes scores of pairs.
     *
     * @param inputs users[N] and items[N], or pairs[N,2]
     * @return scores[N,1]
     */
    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        return new NDArray[] {inputs.length == 2 ? score(inputs[0], inputs[1]) : super.forwardAll(inputs)[0]};
    }

    private NDArray score(NDArray user, NDArray item) {
        NDArray h = hidden.call(Movement.concat(1, users.call(user), items.call(item)));
        if (factorUsers != null) {
            h = Movement.concat(1, factorUsers.call(user).mul(factorItems.call(item)), h);
        }
        return output.call(h);
    }
}

/**
 * The parameter store that workers share: {@link io.kiln.kvstore.KVStore}, which follows MXNet's contract, and
 * {@link io.kiln.kvstore.GradientExchange}, which trains a network and overlaps communication with the backward pass.
 */
package io.kiln.kvstore;

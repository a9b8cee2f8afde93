/**
 * The store of parameters that workers share: {@link io.kiln.kvstore.KVStore} with the contract of MXNet's, and
 * {@link io.kiln.kvstore.GradientExchange}, which trains a network over it with communication hidden behind the backward
 * pass.
 */
package io.kiln.kvstore;

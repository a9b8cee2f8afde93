/** The store that adds up gradients and serves weights. */
package io.kiln.kvstore;

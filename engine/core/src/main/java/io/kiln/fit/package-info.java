/**
 * The training loop that most programs without Spark need: {@link io.kiln.fit.Fit} runs epochs over a loader and
 * notifies handlers of each epoch and batch, which validate, print, save and stop. It depends on networks, trainers,
 * metrics and loaders; no other package depends on it.
 */
package io.kiln.fit;

/**
 * The training loop that most programs without Spark need: {@link io.kiln.fit.Fit} runs epochs over a loader, and handlers hear
 * of each epoch and batch: they validate, print, save and stop. It knows networks, trainers, metrics and loaders; nothing
 * knows it.
 */
package io.kiln.fit;

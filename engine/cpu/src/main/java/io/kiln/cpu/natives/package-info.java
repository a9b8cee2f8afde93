/** Finds, unpacks and loads the native libraries of oneDNN, and gives access to their OpenMP runtime. */
package io.kiln.cpu.natives;

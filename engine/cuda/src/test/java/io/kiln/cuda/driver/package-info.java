// SPDX-License-Identifier: Apache-2.0
/** The test driver: what stands in for NVIDIA's libraries where there is no GPU. */
package io.kiln.cuda.driver;

// SPDX-License-Identifier: Apache-2.0
// The test's libcudart: the binding of NCCL asks for the library, but calls nothing of it.

extern "C" __attribute__((visibility("default"))) int cudartOfTheTestDriver() { return 0; }

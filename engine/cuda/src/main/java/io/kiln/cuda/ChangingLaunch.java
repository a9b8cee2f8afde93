package io.kiln.cuda;

import static jcuda.driver.JCudaDriver.cuGraphExecKernelNodeSetParams;

import io.kiln.kernels.Changing;
import java.util.Arrays;
import jcuda.driver.CUDA_KERNEL_NODE_PARAMS;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUgraphNode;

/** A launch of a graph whose arguments are not the same each time. Belongs to a queue, under whose lock it is used. */
final class ChangingLaunch {
    private final String kernel;
    private final CUgraphNode node;
    private final CUDA_KERNEL_NODE_PARAMS launch;
    private final Arguments.Kept kept;
    private final Changing[] values;

    /**
     * Takes over the arguments.
     *
     * @param launch has the address of the arguments that are kept
     * @param arguments of which some are {@link Changing}
     */
    ChangingLaunch(
            String kernel, CUgraphNode node, CUDA_KERNEL_NODE_PARAMS launch, Arguments.Kept kept, Object... arguments) {
        this.kernel = kernel;
        this.node = node;
        this.launch = launch;
        this.kept = kept;
        this.values = Arrays.stream(arguments)
                .map(a -> a instanceof Changing c ? c : null)
                .toArray(Changing[]::new);
    }

    /** Has the launch take the arguments of now, from the graph's next run on. */
    void refresh(CUgraphExec graph, CudaDevice device, Arguments scratch) {
        boolean differs = false;
        for (int i = 0; i < values.length; i++) {
            if (values[i] != null) {
                differs |= kept.set(kernel, i, values[i], scratch);
            }
        }
        if (differs) {
            device.check(
                    cuGraphExecKernelNodeSetParams(graph, node, launch),
                    "cuGraphExecKernelNodeSetParams of kernel " + kernel);
        }
    }

    void close() {
        kept.close();
    }
}

package io.kiln.cuda;

import java.nio.file.Path;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;
import jcuda.nvrtc.JNvrtc;

/**
 * Has JCuda's classes load natives that were unpacked before. JCuda takes a file of {@code java.io.tmpdir} as it is, when one with the
 * right name is there; the property names the folder for the moment of loading.
 */
final class Bindings {
    private static final String TEMPORARY = "java.io.tmpdir";

    private Bindings() {}

    /**
     * Loads a binding.
     *
     * @param library what it binds
     * @param folder the folder that has its native
     * @throws LinkageError if it does not load
     */
    static void load(Natives.Library library, Path folder) {
        String before = System.getProperty(TEMPORARY);
        System.setProperty(TEMPORARY, folder.toString());
        try {
            switch (library) {
                case DRIVER -> JCudaDriver.setExceptionsEnabled(false);
                case NVRTC -> JNvrtc.setExceptionsEnabled(false);
                case CUBLAS -> JCublas2.setExceptionsEnabled(false);
                case CUDNN -> JCudnn.setExceptionsEnabled(false);
            }
        } finally {
            System.setProperty(TEMPORARY, before);
        }
    }
}

package io.kiln.cuda;

import java.nio.file.Path;

/** Where unpacked libraries and compiled kernels are kept between runs. */
final class CacheFolder {
    /** The property that names the folder. */
    static final String PROPERTY = "kiln.cuda.cacheDir";

    private CacheFolder() {}

    /** The folder: the property, otherwise kiln/cuda below {@code XDG_CACHE_HOME} or {@code ~/.cache}. */
    static Path get() {
        String named = System.getProperty(PROPERTY);
        if (named != null) {
            return Path.of(named);
        }
        String caches = System.getenv("XDG_CACHE_HOME");
        Path base = caches == null || caches.isBlank()
                ? Path.of(System.getProperty("user.home"), ".cache")
                : Path.of(caches);
        return base.resolve("kiln").resolve("cuda");
    }
}

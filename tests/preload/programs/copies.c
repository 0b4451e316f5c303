/* copies LIBRARY: loads the tracer core as an object of its own, says whether that copy works or is inert,
 * unloads it, and goes on locking. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include <stallmark/capture.h>

static int swallow(void *arg, const void *data, size_t size) { return !arg && data && size ? 0 : 0; }

int main(int argc, char **argv)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    int (*start)(const smk_capture_options *, char *) =
        (int (*)(const smk_capture_options *, char *))dlsym(library, "smk_capture_start");
    int (*stop)(void) = (int (*)(void))dlsym(library, "smk_capture_stop");
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    options.write = swallow;
    int rc = start(&options, NULL);
    puts(rc == 0 ? "works" : rc == SMK_E_INERT ? "inert" : "fails");
    if (rc == 0)
        stop();
    dlclose(library);
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&lock);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}

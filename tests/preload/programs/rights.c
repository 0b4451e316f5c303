/* rights: linked with the library; says whether it works or is inert here. */
#include <stdio.h>

#include <stallmark/capture.h>

static int swallow(void *arg, const void *data, size_t size) { return !arg && data && size ? 0 : 0; }

int main(void)
{
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    options.write = swallow;
    int rc = smk_capture_start(&options, NULL);
    puts(rc == 0 ? "works" : rc == SMK_E_INERT ? "inert" : "fails");
    return 0;
}

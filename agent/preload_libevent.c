/* preload_libevent.c: this object has a libevent of its own, which may get our heap: nobody else uses it. */
#include "control.h"

const char smk_libevent_is_ours = 1;

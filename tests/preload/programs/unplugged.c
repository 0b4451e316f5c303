/* unplugged: what `unplug` loads and unloads. */
#include <pthread.h>

int wait_in_plugin(pthread_mutex_t *lock);

int wait_in_plugin(pthread_mutex_t *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return 1;
}

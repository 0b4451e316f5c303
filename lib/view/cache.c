/* cache.c: the file that a view is kept in.
 *
 *     header | blocks … | directory
 *
 * The header is written last, over zeroes, and then the file gets its name; so one that is there is whole, unless
 * somebody damaged it. The directory (rows, where their blocks are, labels) has a checksum in the header, each block
 * one in the directory. All of it is this program's memory as it is: a file of another version, or of a machine with
 * other structs, is another file, and so is one whose trace was written to since. Nothing in it is believed
 * unchecked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/crc32c.h"
#include "base/errors.h"
#include "base/hash.h"
#include "base/sys.h"
#include "stallmark/version.h"
#include "view/directory.h"

#define MAGIC          UINT64_C(0x3157454956544c53) /* "SLTVIEW1" */
#define FORMAT         3u
#define FILE_DEFAULT   (UINT64_C(16) << 30)
#define FILE_IN_MEMORY (UINT64_C(128) << 20)

/* Where a view is built, in this order, for as long as one of them cannot be written: under a name, so that it is kept,
 * then without one, and in memory where no disk has room. */
enum { BESIDE, IN_CACHE, NAMELESS, IN_MEMORY = NAMELESS + 3 };

struct header {
    uint64_t magic, key[2];
    uint64_t size;             /* of the file */
    uint64_t directory;        /* where it begins; it ends with the file */
    uint32_t directory_crc;
    uint32_t crc;              /* of all before */
};

/* ---- which files ---------------------------------------------------------------------------------------- */

static uint64_t version_key(void)
{
    static const size_t sizes[] = {sizeof(struct smk_view_row),       sizeof(struct smk_view_block),
                                   sizeof(struct smk_span_wait),      sizeof(struct smk_view_request),
                                   sizeof(struct smk_view_lock_word), sizeof(struct smk_view_route), FORMAT};
    return smk_hash_bytes(sizes, sizeof(sizes)) ^ smk_hash_bytes(SMK_VERSION_STRING, strlen(SMK_VERSION_STRING));
}

/* By size and time of the last change, in the order in which they were given. */
static bool key_of(const struct smk_view *view, uint64_t key[2])
{
    key[0] = version_key();
    key[1] = view->path_count;
    for (size_t i = 0; i < view->path_count; i++) {
        struct stat st;
        if (smk_sys_statat(AT_FDCWD, view->paths[i], &st) < 0)
            return false;
        uint64_t words[] = {(uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec,
                            (uint64_t)st.st_ino};
        key[0] = smk_hash_fold(key[0] ^ smk_hash_bytes(words, sizeof(words)), 0xa0761d6478bd642fu);
        key[1] = smk_hash_fold(key[1] ^ smk_hash_bytes(words, sizeof(words)), 0xe7037ed1a0b428dbu);
    }
    return true;
}

static uint64_t names_key(const struct smk_view *view)
{
    uint64_t key = 0;
    for (size_t i = 0; i < view->path_count; i++)
        key = smk_hash_fold(key ^ smk_hash_bytes(view->paths[i], strlen(view->paths[i])), 0xa0761d6478bd642fu);
    return key;
}

/* ---- where ---------------------------------------------------------------------------------------------- */

static bool fits(int length, size_t size) { return length > 0 && (size_t)length < size; }

static bool in_cache(const struct smk_view *view, char *path, size_t size)
{
    const char *home = getenv("XDG_CACHE_HOME"), *end = "/stallmark";
    if (!home || home[0] != '/') {
        home = getenv("HOME");
        end = "/.cache/stallmark";
    }
    if (!home || home[0] != '/' || !fits(snprintf(path, size, "%s%s", home, end), size))
        return false;
    smk_sys_mkdir(path, 0700);
    size_t length = strlen(path);
    return fits(snprintf(path + length, size - length, "/%016llx.view", (unsigned long long)names_key(view)),
                size - length);
}

/* The place that is tried at this turn; false: none. */
static bool place_at(const struct smk_view *view, unsigned number, char *path, size_t size)
{
    if (view->options.file)
        return number == BESIDE && view->options.file[0] && fits(snprintf(path, size, "%s", view->options.file), size);
    if (number == IN_CACHE)
        return in_cache(view, path, size);
    if (view->path_count == 1)
        return fits(snprintf(path, size, "%s.view", view->paths[0]), size);
    return fits(snprintf(path, size, "%s.%08x.view", view->paths[0], (uint32_t)names_key(view)), size);
}

/* ---- a file to build in --------------------------------------------------------------------------------- */

/* One of that name that nobody builds in: what is in it was left behind, and is thrown away. */
static int open_partial(const char *path)
{
    int fd = smk_sys_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat st;
    if (fd < 0)
        return fd;
    int result = smk_sys_fstat(fd, &st);
    if (result == 0 && (!S_ISREG(st.st_mode) || st.st_nlink != 1 || flock(fd, LOCK_EX | LOCK_NB) < 0))
        result = -EBUSY;
    if (result == 0)
        result = smk_sys_truncate(fd, 0);
    if (result == 0)
        return fd;
    smk_sys_close(fd);
    return result;
}

static int open_nameless(unsigned place)
{
    const char *const directories[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
    const char *directory = directories[place - NAMELESS];
    if (!directory || directory[0] != '/')
        return -ENOENT;
    return smk_sys_open(directory, O_RDWR | O_TMPFILE | O_EXCL | O_CLOEXEC, 0600);
}

int smk_view_cache_begin(struct smk_view *view, char partial[SMK_VIEW_PATH_MAX])
{
    int fd;
    for (; view->place < NAMELESS; view->place++) {
        if (!place_at(view, view->place, view->file, sizeof(view->file)))
            continue;
        snprintf(partial, SMK_VIEW_PATH_MAX, "%s.partial", view->file);
        fd = open_partial(partial);
        if (fd >= 0)
            return fd;
    }
    view->file[0] = partial[0] = '\0';
    for (; view->place < IN_MEMORY; view->place++) {
        fd = open_nameless(view->place);
        if (fd >= 0)
            return fd;
    }
    fd = smk_sys_memfd();
    return fd < 0 ? smk_fail_errno(-fd, "no file for the view can be made") : fd;
}

uint64_t smk_view_cache_max(const struct smk_view *view)
{
    uint64_t max = view->options.max_file ? view->options.max_file : FILE_DEFAULT;
    return view->place >= IN_MEMORY ? smk_min_u64(max, FILE_IN_MEMORY) : max;
}

bool smk_view_cache_next(struct smk_view *view)
{
    if (view->place >= IN_MEMORY)
        return false;
    view->place++;
    return true;
}

/* ---- the end -------------------------------------------------------------------------------------------- */

static int write_all(struct smk_view *view, struct smk_view_store *store, struct smk_view_bytes *directory)
{
    struct header header = {.magic = MAGIC};
    if (!key_of(view, header.key))
        return smk_fail(SMK_E_IO, "the trace is not there any more");
    header.directory = smk_view_file_put(&store->file, directory->data, directory->size);
    header.directory_crc = smk_crc32c(0, directory->data, directory->size);
    header.size = store->file.size;
    header.crc = smk_crc32c(0, &header, offsetof(struct header, crc));
    int result = smk_view_file_flush(&store->file, &store->mem);
    return result == 0 ? smk_view_file_put_at(&store->file, 0, &header, sizeof(header)) : result;
}

int smk_view_cache_end(struct smk_view *view, struct smk_view_store *store, const char *partial)
{
    struct smk_view_bytes directory = {0};
    if (!partial[0])
        return smk_view_file_flush(&store->file, &store->mem);
    int result = smk_view_directory_put(store, &directory);
    if (result == 0)
        result = write_all(view, store, &directory);
    smk_view_bytes_free(&directory);
    if (result != 0 || smk_sys_renameat(AT_FDCWD, partial, view->file) < 0)
        smk_sys_unlinkat(AT_FDCWD, partial); /* what is open goes on to be read */
    return result;
}

/* ---- what is there -------------------------------------------------------------------------------------- */

static bool is_ours(const struct header *header, const uint64_t key[2], const struct stat *st)
{
    return header->magic == MAGIC && header->key[0] == key[0] && header->key[1] == key[1] &&
           header->size == (uint64_t)st->st_size && header->directory >= SMK_VIEW_HEADER_BYTES &&
           header->directory <= header->size && header->size - header->directory <= UINT32_MAX / 2 &&
           header->crc == smk_crc32c(0, header, offsetof(struct header, crc));
}

static struct smk_view_store *load_from(struct smk_view *view, int fd, const struct header *header)
{
    struct smk_view_reader reader;
    struct smk_view_store *store = smk_view_store_new(view, fd);
    if (!store)
        return NULL;
    store->file.size = store->file.written = header->size;
    smk_view_reader_begin(&reader, store);
    uint32_t size = (uint32_t)(header->size - header->directory);
    const uint8_t *directory = smk_view_reader_bytes(&reader, header->directory, size, header->directory_crc);
    bool good = directory && smk_view_directory_get(store, directory, size);
    good &= smk_view_reader_end(&reader) == 0;
    if (good && smk_view_file_flush(&store->file, &store->mem) == 0)
        return store;
    smk_view_store_drop(view, store);
    return NULL;
}

static struct smk_view_store *load(struct smk_view *view, const char *path, const uint64_t key[2])
{
    struct header header = {0};
    struct stat st;
    int fd = smk_sys_open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0)
        return NULL;
    if (smk_sys_fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        smk_sys_pread(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header) && is_ours(&header, key, &st))
        return load_from(view, fd, &header);
    smk_sys_close(fd);
    return NULL;
}

struct smk_view_store *smk_view_cache_load(struct smk_view *view)
{
    struct smk_view_store *store = NULL;
    uint64_t key[2];
    if (!key_of(view, key))
        return NULL;
    for (unsigned i = 0; i < NAMELESS && !store; i++)
        if (place_at(view, i, view->file, sizeof(view->file)))
            store = load(view, view->file, key);
    smk_error_clear();
    return store;
}

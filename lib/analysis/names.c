#include "analysis/names.h"

#include <stdio.h>
#include <string.h>

#define THREADS_COMPARED 2000u /* of more threads each has its number */

static void copy(char name[SMK_NAME_MAX], const char *text) { snprintf(name, SMK_NAME_MAX, "%s", text); }

/* "0x7f3b3a0866a0", or "memcached+0x31de0" for a static one, which is the same in the next run. */
static void name_address(char text[SMK_NAME_MAX], smk_trace *trace, const struct smk_lock *lock)
{
    uint64_t address = lock->address;
    const smk_module_info *module = smk_trace_process_module(trace, lock->process, address);
    const char *slash = module && module->path ? strrchr(module->path, '/') : NULL;
    if (slash && slash[1])
        snprintf(text, SMK_NAME_MAX, "%.200s+0x%llx", slash + 1,
                 (unsigned long long)(address - module->bias));
    else
        snprintf(text, SMK_NAME_MAX, "0x%llx", (unsigned long long)address);
}

static bool name_by_first_wait(char name[SMK_NAME_MAX], struct smk_symbols *symbols,
                               const struct smk_lock *lock, const char *address)
{
    const struct smk_place *place = smk_symbols_own_place(symbols, lock->first_stack);
    if (!place)
        return false;
    if (place->file)
        snprintf(name, SMK_NAME_MAX, "mutex first waited for in %.200s %.100s:%u (%.150s)", place->function,
                 place->file, place->line, address);
    else
        snprintf(name, SMK_NAME_MAX, "mutex first waited for in %.230s (%.200s)", place->function, address);
    return true;
}

/* The tables know one name of an address: the first lock's, unless a later one was given one. */
static const char *given_name(smk_trace *trace, const struct smk_lock *lock)
{
    if (lock->given)
        return smk_trace_string(trace, lock->given);
    if (lock->epoch > 0 || lock->later_name)
        return NULL;
    return smk_trace_process_lock_name(trace, lock->process, lock->address);
}

/* " #2": it is the second lock at its address. */
static void add_epoch(char name[SMK_NAME_MAX], const struct smk_lock *lock)
{
    size_t len = strlen(name);
    if (lock->epoch > 0)
        snprintf(name + len, SMK_NAME_MAX - len, " #%u", lock->epoch + 1);
}

static enum smk_lock_naming name_lock(char name[SMK_NAME_MAX], struct smk_symbols *symbols,
                                      const struct smk_lock *lock)
{
    struct smk_object object;
    char address[SMK_NAME_MAX];
    const char *given = given_name(symbols->trace, lock);
    if (given && given[0]) {
        copy(name, given);
        return SMK_LOCK_NAMED;
    }
    if (smk_symbols_object(symbols, lock->process, lock->address, &object)) {
        if (object.offset)
            snprintf(name, SMK_NAME_MAX, "%.480s+0x%llx", object.name, (unsigned long long)object.offset);
        else
            copy(name, object.name);
        add_epoch(name, lock);
        return SMK_LOCK_SYMBOL;
    }
    if (lock->site) {
        smk_name_of_site(name, symbols->trace, lock->site);
        return SMK_LOCK_OWN_WAIT;
    }
    name_address(address, symbols->trace, lock);
    add_epoch(address, lock);
    if (name_by_first_wait(name, symbols, lock, address))
        return SMK_LOCK_PLACE;
    snprintf(name, SMK_NAME_MAX, "mutex %.500s", address);
    return SMK_LOCK_ADDRESS;
}

enum smk_lock_naming smk_name_of_lock(char name[SMK_NAME_MAX], struct smk_symbols *symbols,
                                      const struct smk_lock *lock)
{
    char own[SMK_NAME_MAX], process[SMK_NAME_MAX];
    enum smk_lock_naming naming = name_lock(name, symbols, lock);
    if (smk_trace_get_info(symbols->trace)->processes > 1) {
        copy(own, name);
        smk_name_of_process(process, symbols->trace, lock->process);
        snprintf(name, SMK_NAME_MAX, "%.430s in %.70s", own, process);
    }
    return naming;
}

const char *smk_lock_naming_name(enum smk_lock_naming naming)
{
    static const char *const names[] = {[SMK_LOCK_NAMED] = "given",
                                        [SMK_LOCK_SYMBOL] = "symbol",
                                        [SMK_LOCK_OWN_WAIT] = "own wait",
                                        [SMK_LOCK_PLACE] = "first contended",
                                        [SMK_LOCK_ADDRESS] = "address"};
    return names[naming];
}

static bool name_is_shared(smk_trace *trace, const smk_thread_info *info)
{
    const smk_thread_info *other;
    if (smk_trace_get_info(trace)->threads > THREADS_COMPARED)
        return true;
    for (size_t i = 0; (other = smk_trace_thread_at(trace, i)) != NULL; i++)
        if (other->serial != info->serial && other->process == info->process && other->name &&
            strcmp(other->name, info->name) == 0)
            return true;
    return false;
}

/* "4713", or "4713#2" of a second entry of that pid. */
static void number_process(char text[32], smk_trace *trace, const smk_process_info *info)
{
    const smk_process_info *other;
    bool shared = false;
    for (size_t i = 0; i < info->process && (other = smk_trace_process_at(trace, i)) != NULL; i++)
        shared |= other->pid == info->pid;
    snprintf(text, 32, shared ? "%u#%u" : "%u", info->pid, info->process + 1);
}

static void name_thread(char name[SMK_NAME_MAX], smk_trace *trace, const smk_thread_info *info, bool plain)
{
    const smk_process_info *process = smk_trace_process_at(trace, info->process);
    char number[32], before[40] = "";
    if (!plain && process && smk_trace_get_info(trace)->processes > 1) {
        number_process(number, trace, process);
        snprintf(before, sizeof(before), "%s/", number);
    }
    if (!info->name || !info->name[0])
        snprintf(name, SMK_NAME_MAX, "%sthread %u", before, info->tid);
    else if (!plain && name_is_shared(trace, info))
        snprintf(name, SMK_NAME_MAX, "%s%.400s/%u", before, info->name, info->tid);
    else
        snprintf(name, SMK_NAME_MAX, "%s%.400s", before, info->name);
}

static void name_serial(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t serial, bool plain)
{
    const smk_thread_info *info = smk_trace_thread(trace, serial);
    if (info)
        name_thread(name, trace, info, plain);
    else
        snprintf(name, SMK_NAME_MAX, "thread number %u", serial);
}

void smk_name_of_thread(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t serial)
{
    name_serial(name, trace, serial, false);
}

void smk_plain_name_of_thread(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t serial)
{
    name_serial(name, trace, serial, true);
}

const char *smk_program_of(const smk_process_info *info)
{
    const char *slash = strrchr(info->exe, '/');
    if (info->name[0])
        return info->name;
    return info->exe[0] ? (slash ? slash + 1 : info->exe) : "unknown program";
}

void smk_name_of_process(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t process)
{
    const smk_process_info *info = smk_trace_process_at(trace, process);
    char number[32] = "?";
    if (info)
        number_process(number, trace, info);
    snprintf(name, SMK_NAME_MAX, "%.60s %s", info ? smk_program_of(info) : "process", number);
}

void smk_name_of_tid(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t process, uint32_t tid,
                     uint64_t time)
{
    const smk_thread_info *info = smk_trace_process_tid(trace, process, tid, time);
    if (info)
        name_thread(name, trace, info, false);
    else
        snprintf(name, SMK_NAME_MAX, "thread %u", tid);
}

void smk_name_of_site(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t site)
{
    const smk_site_info *info = smk_trace_site(trace, site);
    if (info && info->name && info->name[0])
        copy(name, info->name);
    else
        snprintf(name, SMK_NAME_MAX, "site %u", site);
}

void smk_name_of_call(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t call)
{
    const char *text = call ? smk_trace_string(trace, call) : NULL;
    copy(name, text && text[0] ? text : "a call");
}

void smk_name_of_route(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t route)
{
    const char *text = smk_trace_string(trace, route);
    if (text && text[0])
        copy(name, text);
    else
        snprintf(name, SMK_NAME_MAX, "route %u", route);
}

#include "analysis/peers.h"

#include "format/events.h"

#define FLIGHTS_MAX 65536u

static struct smk_peer_flight *find(struct smk_peers *peers, uint64_t request)
{
    uint32_t index = smk_map_get(&peers->by_request, request);
    return index == SMK_MAP_NONE ? NULL : &peers->flights[index];
}

static void let_go(struct smk_peers *peers, struct smk_peer_flight *flight)
{
    flight->request = 0;
    flight->next_free = peers->free_flight;
    peers->free_flight = (uint32_t)(flight - peers->flights) + 1;
}

static struct smk_peer_flight *take_up(struct smk_peers *peers, struct smk_mem *mem, uint64_t request)
{
    uint32_t index = peers->free_flight;
    if (index) {
        peers->free_flight = peers->flights[--index].next_free;
    } else {
        index = peers->flight_count;
        if (index >= FLIGHTS_MAX || !smk_mem_grow(mem, &peers->flights, &peers->flight_capacity, index + 1u))
            return NULL;
        peers->flight_count++;
    }
    struct smk_peer_flight *flight = &peers->flights[index];
    flight->request = request;
    flight->count = 0;
    if (smk_map_put(&peers->by_request, mem, request, index))
        return flight;
    let_go(peers, flight);
    return NULL;
}

void smk_peers_wait(struct smk_peers *peers, struct smk_mem *mem, const struct smk_call_wait *wait)
{
    if (wait->kind != SMK_WAIT_NET || wait->request == 0 || wait->what == 0)
        return;
    struct smk_peer_flight *flight = find(peers, wait->request);
    if (!flight)
        flight = take_up(peers, mem, wait->request);
    uint32_t i = 0;
    while (flight && i < flight->count && flight->peers[i].what != wait->what)
        i++;
    if (!flight || i == SMK_PEERS_OF_REQUEST) {
        peers->refused++;
        return;
    }
    flight->process = wait->process;
    __typeof__(flight->peers[0]) *peer = &flight->peers[i];
    if (i == flight->count) {
        flight->count++;
        *peer = (__typeof__(*peer)){.what = wait->what, .begin = wait->begin};
    }
    uint64_t begin = smk_max_u64(wait->begin, peer->end);
    peer->ns += wait->end > begin ? wait->end - begin : 0;
    peer->end = smk_max_u64(peer->end, wait->end);
    if (wait->end - wait->begin >= peer->longest) {
        peer->longest = wait->end - wait->begin;
        peer->stack = wait->stack;
    }
}

static struct smk_peer *of_route(struct smk_peers *peers, struct smk_mem *mem, uint32_t route, uint32_t what)
{
    uint64_t key = smk_map_pair(route, what);
    uint32_t index = smk_map_get(&peers->by_peer, key);
    if (index != SMK_MAP_NONE)
        return &peers->array[index];
    if (peers->count >= SMK_PEERS_MAX || !smk_mem_grow(mem, &peers->array, &peers->capacity, peers->count + 1u) ||
        !smk_map_put(&peers->by_peer, mem, key, peers->count)) {
        peers->refused++;
        return NULL;
    }
    peers->array[peers->count] = (struct smk_peer){.route = route, .what = what};
    return &peers->array[peers->count++];
}

void smk_peers_end(struct smk_peers *peers, struct smk_mem *mem, uint64_t request, uint32_t route)
{
    struct smk_peer_flight *flight = request ? find(peers, request) : NULL;
    if (!flight)
        return;
    for (uint32_t i = 0; route != SMK_MAP_NONE && i < flight->count; i++) {
        const __typeof__(flight->peers[0]) *waited = &flight->peers[i];
        struct smk_peer *peer = of_route(peers, mem, route, waited->what);
        if (!peer)
            continue;
        peer->requests++;
        peer->ns += waited->ns;
        if (waited->longest >= peer->longest) {
            peer->longest = waited->longest;
            peer->stack = waited->stack;
        }
        if (waited->ns > peer->max_ns) {
            peer->max_ns = waited->ns;
            peer->max_begin = waited->begin;
            peer->max_request = request;
            peer->process = flight->process;
        }
    }
    smk_map_remove(&peers->by_request, request);
    let_go(peers, flight);
}

void smk_peers_forget(struct smk_peers *peers)
{
    for (uint32_t i = 0; i < peers->flight_count; i++)
        if (peers->flights[i].request) {
            smk_map_remove(&peers->by_request, peers->flights[i].request);
            let_go(peers, &peers->flights[i]);
        }
}

void smk_peers_free(struct smk_peers *peers, struct smk_mem *mem)
{
    smk_mem_free(mem, peers->flights, peers->flight_capacity * sizeof(*peers->flights));
    smk_mem_free(mem, peers->array, peers->capacity * sizeof(*peers->array));
    smk_map_free(&peers->by_request, mem);
    smk_map_free(&peers->by_peer, mem);
    *peers = (struct smk_peers){0};
}

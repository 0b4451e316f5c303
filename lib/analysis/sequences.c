#include "analysis/sequences.h"

#include "format/events.h"

/* docs/findings.md has the reasons. */
#define STEP_LEAST     500000u /* ns */
#define BETWEEN_MILLE  100u    /* of the waits: all that may lie between them */
#define FLIGHTS_MAX    65536u

static struct smk_sequence_flight *find(struct smk_sequences *sequences, uint64_t request)
{
    uint32_t index = smk_map_get(&sequences->by_request, request);
    return index == SMK_MAP_NONE ? NULL : &sequences->flights[index];
}

static struct smk_sequence_flight *take_up(struct smk_sequences *sequences, struct smk_mem *mem, uint64_t request)
{
    uint32_t index = sequences->free_flight;
    if (index) {
        sequences->free_flight = sequences->flights[--index].next_free;
    } else {
        index = sequences->flight_count;
        if (index >= FLIGHTS_MAX || !smk_mem_grow(mem, &sequences->flights, &sequences->flight_capacity, index + 1u))
            return NULL;
        sequences->flight_count++;
    }
    struct smk_sequence_flight *flight = &sequences->flights[index];
    flight->request = request;
    flight->count = 0;
    flight->refused = false;
    if (smk_map_put(&sequences->by_request, mem, request, index))
        return flight;
    flight->request = 0;
    flight->next_free = sequences->free_flight;
    sequences->free_flight = index + 1;
    return NULL;
}

void smk_sequences_wait(struct smk_sequences *sequences, struct smk_mem *mem, const struct smk_call_wait *wait)
{
    if (wait->kind != SMK_WAIT_NET || wait->request == 0 || wait->what == 0)
        return;
    struct smk_sequence_flight *flight = find(sequences, wait->request);
    if (!flight)
        flight = take_up(sequences, mem, wait->request);
    if (!flight)
        return;
    uint64_t ns = wait->end - wait->begin;
    flight->process = wait->process;
    struct smk_sequence_step *last = flight->count ? &flight->steps[flight->count - 1] : NULL;
    if (last && wait->begin < last->end) {
        flight->refused = true; /* another thread waits for it meanwhile: that is side by side */
        return;
    }
    if (!last || last->what != wait->what) {
        if (flight->count == SMK_SEQUENCE_STEPS) {
            flight->refused = true;
            return;
        }
        last = &flight->steps[flight->count++];
        *last = (struct smk_sequence_step){.what = wait->what, .begin = wait->begin};
    }
    last->end = wait->end;
    last->ns += ns;
    if (ns >= last->longest) {
        last->longest = ns;
        last->stack = wait->stack;
    }
}

static struct smk_sequence *of_route(struct smk_sequences *sequences, struct smk_mem *mem, uint32_t route)
{
    uint32_t index = smk_map_get(&sequences->by_route, route);
    if (index != SMK_MAP_NONE)
        return &sequences->array[index];
    if (!smk_mem_grow(mem, &sequences->array, &sequences->capacity, sequences->count + 1u) ||
        !smk_map_put(&sequences->by_route, mem, route, sequences->count))
        return NULL;
    sequences->array[sequences->count] = (struct smk_sequence){.route = route};
    return &sequences->array[sequences->count++];
}

static void add_peer(struct smk_sequence *sequence, const struct smk_sequence_step *step)
{
    uint32_t i = 0;
    while (i < sequence->peer_count && sequence->peers[i].what != step->what)
        i++;
    if (i == SMK_SEQUENCE_PEERS)
        return;
    if (i == sequence->peer_count)
        sequence->peers[sequence->peer_count++] = (struct smk_sequence_peer){.what = step->what};
    struct smk_sequence_peer *peer = &sequence->peers[i];
    peer->ns += step->ns;
    peer->count++;
    if (step->longest >= peer->longest) {
        peer->longest = step->longest;
        peer->stack = step->stack;
    }
}

/* What the flight could gain: its steps that are long enough, all of different peers; 0: nothing. */
static uint64_t gain_of(const struct smk_sequence_flight *flight, uint64_t *waited)
{
    uint64_t most = 0, between = 0, last_end = 0;
    uint32_t steps = 0;
    *waited = 0;
    for (uint32_t i = 0; i < flight->count; i++) {
        const struct smk_sequence_step *step = &flight->steps[i];
        if (step->ns < STEP_LEAST)
            continue;
        for (uint32_t k = 0; k < i; k++)
            if (flight->steps[k].what == step->what && flight->steps[k].ns >= STEP_LEAST)
                return 0; /* asked twice: what came between may have decided what to ask */
        if (steps++)
            between += step->begin - smk_min_u64(step->begin, last_end);
        last_end = step->end;
        *waited += step->ns;
        most = smk_max_u64(most, step->ns);
    }
    bool close = (__uint128_t)between * 1000 <= (__uint128_t)*waited * BETWEEN_MILLE;
    return steps >= 2 && close ? *waited - most : 0;
}

void smk_sequences_end(struct smk_sequences *sequences, struct smk_mem *mem, uint64_t request, uint32_t route)
{
    struct smk_sequence_flight *flight = request ? find(sequences, request) : NULL;
    if (!flight)
        return;
    uint64_t waited, gain = flight->refused || route == SMK_MAP_NONE ? 0 : gain_of(flight, &waited);
    struct smk_sequence *sequence = gain ? of_route(sequences, mem, route) : NULL;
    if (sequence) {
        sequence->requests++;
        sequence->waited += waited;
        sequence->gain += gain;
        if (gain > sequence->max_gain) {
            sequence->max_gain = gain;
            sequence->max_request = request;
            sequence->process = flight->process;
            sequence->max_begin = flight->steps[0].begin;
            sequence->max_ns = waited;
        }
        for (uint32_t i = 0; i < flight->count; i++)
            if (flight->steps[i].ns >= STEP_LEAST)
                add_peer(sequence, &flight->steps[i]);
    }
    smk_map_remove(&sequences->by_request, request);
    flight->request = 0;
    flight->next_free = sequences->free_flight;
    sequences->free_flight = (uint32_t)(flight - sequences->flights) + 1;
}

void smk_sequences_forget(struct smk_sequences *sequences)
{
    for (uint32_t i = 0; i < sequences->flight_count; i++)
        sequences->flights[i].refused = true;
}

void smk_sequences_free(struct smk_sequences *sequences, struct smk_mem *mem)
{
    smk_mem_free(mem, sequences->flights, sequences->flight_capacity * sizeof(*sequences->flights));
    smk_mem_free(mem, sequences->array, sequences->capacity * sizeof(*sequences->array));
    smk_map_free(&sequences->by_request, mem);
    smk_map_free(&sequences->by_route, mem);
    *sequences = (struct smk_sequences){0};
}

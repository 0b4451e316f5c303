/* bins.js: histograms out of what the server counts. Pure. */

/** @typedef {{from: number, to: number, count: number}} Bin ns */

/** Bins of "edges" and "counts" as /api/latency has them, without the empty ones at both ends. Pure. @returns {Bin[]} */
export function binsOf(edges, counts) {
    const bins = counts.map((n, i) => ({ from: edges[i], to: edges[i + 1] || edges[i] * 2, count: n }));
    const first = bins.findIndex(bin => bin.count > 0);
    if (first < 0)
        return [];
    let last = bins.length - 1;
    while (bins[last].count === 0)
        last--;
    return bins.slice(first, last + 1);
}

/** Bins of "histogram" as `stallmark pauses` has it: powers of two, empty ones are left out. Pure. @returns {Bin[]} */
export function binsOfPowers(histogram) {
    return histogram.map(one => ({ from: one.from_ns, to: one.from_ns * 2 || 1, count: one.count }));
}

/** How high a bar is, 0 to 1. Few beside many must be seen: by the square root. Pure. */
export const heightOf = (n, most) => (n > 0 ? Math.max(Math.sqrt(n / most), 0.03) : 0);

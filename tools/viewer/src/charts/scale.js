/* scale.js: values to pixels and back, and the values that an axis names. Pure. */

/** @typedef {{to: (value: number) => number, from: (px: number) => number}} Scale */

/** Lengths of time over several powers of ten. Values below `least` lie at the edge. @returns {Scale} */
export function logScale(least, most, size, flip = false) {
    const low = Math.log(Math.max(least, 1));
    const span = Math.max(Math.log(Math.max(most, 1)) - low, 1e-9);
    const place = share => (flip ? 1 - share : share) * size;
    return {
        to: value => place(Math.min(Math.max((Math.log(Math.max(value, 1)) - low) / span, 0), 1)),
        from: px => Math.exp(low + (flip ? 1 - px / size : px / size) * span),
    };
}

/** @returns {Scale} */
export function linearScale(from, to, size) {
    const span = Math.max(to - from, 1e-9);
    return { to: value => (value - from) / span * size, from: px => from + px / size * span };
}

/** The powers of ten in [least, most]; where that are fewer than two, 2 and 5 times them as well. */
export function logTicks(least, most) {
    const ticks = steps => {
        const found = [];
        for (let decade = 10 ** Math.floor(Math.log10(Math.max(least, 1))); decade <= most; decade *= 10)
            found.push(...steps.map(step => Math.round(step * decade)).filter(v => v >= least && v <= most));
        return found;
    };
    const decades = ticks([1]);
    return decades.length >= 2 ? decades : ticks([1, 2, 5]);
}

/** Bounds for logScale() around values: a little wider than they are, whole where they are all the same. */
export function logBounds(least, most) {
    const low = Math.max(least, 1), high = Math.max(most, low);
    const room = high / low < 4 ? 2 : Math.max(1.25, (high / low) ** 0.07);
    return { least: low / room, most: high * room };
}

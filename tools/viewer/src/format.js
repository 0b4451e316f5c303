/* format.js: numbers in words, exactly as the command line has them (lib/analysis/words.c): three digits and a unit,
 * times of day in UTC.
 *
 * Pure. Times are ns since the trace's first moment.
 */

const NS_A_DAY = 86400e9;

/* Three digits of value / unit: 1.23, 12.3, 123, and more where it is more. */
function threeDigits(value, unit, name) {
    let whole = Math.floor(value / unit);
    if (whole < 10) {
        const hundredths = Math.floor((value + unit / 200) / (unit / 100));
        if (hundredths < 1000)
            return `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, '0')} ${name}`;
    }
    if (whole < 100) {
        const tenths = Math.floor((value + unit / 20) / (unit / 10));
        if (tenths < 1000) return `${Math.floor(tenths / 10)}.${tenths % 10} ${name}`;
    }
    whole += value % unit >= unit / 2 ? 1 : 0;
    return `${whole} ${name}`;
}

/** "431 us", "1.10 ms", "54.2 s". @param {number} ns */
export function duration(ns) {
    if (ns === null || ns === undefined || Number.isNaN(ns)) return 'unknown';
    const value = Math.max(0, Math.round(ns));
    if (value < 1000) return `${value} ns`;
    if (value < 999500) return threeDigits(value, 1e3, 'us');
    if (value < 999500000) return threeDigits(value, 1e6, 'ms');
    return threeDigits(value, 1e9, 's');
}

/** "431 B", "1.10 MiB", "54.2 GiB". @param {number} n */
export function bytes(n) {
    const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
    let unit = 0,
        value = Math.floor(n);
    if (value < 1024) return `${value} B`;
    for (; value >= 1023 * 1024 && unit + 1 < units.length; unit++) value = Math.floor((value + 512) / 1024);
    return threeDigits(Math.floor((value * 1000) / 1024), 1000, units[unit]);
}

/** A counter's value, in the unit that its name says: a counter has no other. @param {{name: string}} row */
export function counterValue({ name }, value) {
    return /bytes$/.test(name) ? bytes(value) : /_us$/.test(name) ? duration(value * 1000) : count(value);
}

/** "1,204". @param {number} n */
export function count(n) {
    return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Of a share between 0 and 1: "81 %", "0.6 %". @param {number} share */
export function percent(share) {
    const mille = Math.round(share * 1000);
    return mille < 100 ? `${Math.floor(mille / 10)}.${mille % 10} %` : `${Math.floor((mille + 5) / 10)} %`;
}

const two = n => String(n).padStart(2, '0');

/**
 * ns since midnight (UTC) of a trace's first moment.
 * @param {string} realtimeFirstNs ns since 1970, too many for a number
 */
export function firstOfDay(realtimeFirstNs) {
    if (!realtimeFirstNs) return null;
    return Number(BigInt(realtimeFirstNs) % BigInt(NS_A_DAY));
}

/* "118", "118 204", "118 204 311": a second's part in as many groups of three digits as are asked for. */
function parts(ns, groups) {
    const digits = String(Math.floor(ns)).padStart(9, '0');
    return [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)].slice(0, groups).join(' ');
}

/**
 * The time of day: "14:02:07.118", with more digits "14:02:07.118 204".
 * @param {number} t @param {number} ofDay firstOfDay() @param {number} [groups] of three digits, 0 to 3
 */
export function wallClock(t, ofDay, groups = 1) {
    const ns = ((Math.round(ofDay + t) % NS_A_DAY) + NS_A_DAY) % NS_A_DAY;
    const s = Math.floor(ns / 1e9);
    const clock = `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
    return groups ? `${clock}.${parts(ns % 1e9, groups)}` : clock;
}

/** Since the trace began, as `stallmark at` takes it: "+2.118s". */
export function sinceBegin(t, groups = 1) {
    const ns = Math.abs(Math.round(t));
    const s = Math.floor(ns / 1e9);
    const part = groups ? '.' + parts(ns % 1e9, groups).replaceAll(' ', '') : '';
    return `${t < 0 ? '−' : '+'}${s}${part}s`;
}

/**
 * A time as the page shows it: of day where the file knows it and the reader wants it, else since the beginning.
 * @param {number} t @param {{ofDay: number|null, clock: 'wall'|'relative'}} how
 */
export function time(t, how, groups = 1) {
    return how.clock === 'wall' && how.ofDay !== null && how.ofDay !== undefined
        ? wallClock(t, how.ofDay, groups)
        : sinceBegin(t, groups);
}

/** How many groups of digits tell two times apart that are so far from each other. */
export function groupsFor(ns) {
    return ns >= 1e9 ? 0 : ns >= 1e6 ? 1 : ns >= 1e3 ? 2 : 3;
}

/** A call on a file without the directories: 'fdatasync /var/lib/a.aof' is 'fdatasync a.aof'. Routes stay. Pure. */
export const shortPath = text => text.replace(/([a-z]) \/.*\//, '$1 ');

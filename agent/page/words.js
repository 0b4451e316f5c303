// words.js: figures as the command line writes them.

/** Nanoseconds with three digits: "312 ms". */
export function time(ns) {
  if (ns === null || ns === undefined) return 'unknown';
  const units = [[1e9, 's'], [1e6, 'ms'], [1e3, 'us']];
  for (const [size, unit] of units)
    if (ns >= size) {
      const n = ns / size;
      return `${n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2)} ${unit}`;
    }
  return `${ns} ns`;
}

/** "3.2 MiB". */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return 'unknown';
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let n = bytes, unit = 0;
  for (; n >= 1024 && unit < units.length - 1; unit++) n /= 1024;
  return `${unit === 0 || n >= 100 ? n.toFixed(0) : n.toFixed(1)} ${units[unit]}`;
}

/** "2,411". */
export const count = (n) => (n === null || n === undefined ? 'unknown' : Number(n).toLocaleString('en-US'));

/** "0.6 %" of a part in a whole. */
export const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : 'unknown');

/** "14:02:09", of the day if it is not today. UTC, as everything else that stallmark says. */
export function clock(iso) {
  if (!iso) return '';
  const today = new Date().toISOString().slice(0, 10);
  return (iso.startsWith(today) ? '' : `${iso.slice(5, 10)} `) + iso.slice(11, 19);
}

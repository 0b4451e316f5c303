/* colours.js: what the states of threads are called and look like, everywhere in the page.
 *
 * Colour means state and nothing else. The states differ in lightness and, where there is room, in a pattern, too, so
 * that they are told apart without colour vision.
 */

/**
 * @typedef {'running'|'either'|'ready'|'lock'|'cond'|'net'|'poll'|'disk'|'sleep'|'memory'|'join'|'other'|'idle'
 *     |'unseen'|'unknown'} StateKey
 */

/* The keys by their code, which is what the timeline paints with. 0 is nothing. */
export const KEYS = [
    null,
    'running',
    'ready',
    'lock',
    'cond',
    'net',
    'poll',
    'disk',
    'sleep',
    'memory',
    'join',
    'other',
    'idle',
    'unknown',
    'either',
    'unseen',
];
export const CODE = Object.fromEntries(KEYS.map((key, code) => [key, code]).slice(1));

/* name, light, dark, pattern. */
const STATES = {
    running: ['running', '#3f8f84', '#4fa597', ''],
    either: ['running or ready', '#8fbfb6', '#3c7169', ''],
    ready: ['ready, no CPU', '#e8a33d', '#e9ab50', ''],
    lock: ['lock', '#c8352c', '#e0554b', ''],
    cond: ['condition', '#9457b4', '#a974c6', 'rising'],
    net: ['network', '#4a8fdb', '#5b9be2', ''],
    poll: ['poll', '#a3c8ef', '#3d6a9c', 'columns'],
    disk: ['disk', '#8a6d3b', '#a98a52', 'rows'],
    sleep: ['sleep', '#a9b0b8', '#767f89', 'dots'],
    memory: ['memory', '#d0408f', '#dc5ea4', 'falling'],
    join: ['join', '#c7a6da', '#6f5185', 'rising'],
    other: ['other wait', '#6b7683', '#8d97a3', 'falling'],
    unseen: ['waiting, not seen for what', '#d3d7db', '#444b52', ''],
    idle: ['idle', '#dfe2e4', '#3a4046', ''],
    unknown: ['not known', '#eceeef', '#2b3036', ''],
};

/* The order of a legend. */
export const LEGEND = Object.keys(STATES);

export const KINDS = [null, ...KEYS.slice(3, 12)];
const NAMES_OF_STATES = { running: 'running', runnable: 'ready', idle: 'idle', unknown: 'unknown' };

/** Of the numbers in an item's look. @returns {StateKey} */
export function keyOf(state, kind, either = false) {
    if (either && (state === 1 || state === 2)) return 'either';
    switch (state) {
        case 1:
            return 'running';
        case 2:
            return 'ready';
        case 3:
            return kind ? KINDS[kind] || 'other' : 'unseen';
        case 4:
            return 'idle';
        default:
            return 'unknown';
    }
}

/** Of the words in an answer: ("waiting", "lock"), ("runnable", null). @returns {StateKey} */
export function keyOfNames(state, kind) {
    if (state === 'waiting') return kind ? (KINDS.includes(kind) ? kind : 'other') : 'unseen';
    return NAMES_OF_STATES[state] || (KINDS.includes(state) && state ? state : 'unknown');
}

export const nameOf = key => (STATES[key] ? STATES[key][0] : String(key));
export const patternOf = key => (STATES[key] ? STATES[key][3] : '');

/** @param {StateKey} key @param {boolean} dark */
export const colourOf = (key, dark) => (STATES[key] || STATES.unknown)[dark ? 2 : 1];

/** The same as a custom property, that follows the theme: for panels. */
export const cssOf = key => `var(--st-${STATES[key] ? key : 'unknown'})`;

/** Sets --st-lock and the others on the page. */
export function applyColours(style, dark) {
    for (const key of Object.keys(STATES)) style.setProperty(`--st-${key}`, colourOf(key, dark));
}

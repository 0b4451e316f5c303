/* look.js: the bits of an item's `look` (docs/viewer-api.md, "Items in a tile"). */
import { CODE, keyOf } from './colours.js';

export const FLAG = { together: 1, open: 2, unseen: 4, gap: 8, either: 16, whole: 32, failed: 64, estimated: 128 };

export const stateOf = look => look & 15;
export const kindOf = look => (look >>> 4) & 15;
export const flagsOf = look => (look >>> 8) & 255;
export const shareOf = look => ((look >>> 16) & 255) / 255;

export const keyOfLook = look => keyOf(stateOf(look), kindOf(look), (flagsOf(look) & FLAG.either) !== 0);

/** The state that has the second share of what is drawn together; null: there is none. */
export function secondKeyOfLook(look) {
    const second = look >>> 24;
    return second ? keyOf(second & 15, second >>> 4) : null;
}

/* Codes of colours.js by the lower 13 bits of a look: what painting asks for each item. */
const CODES = new Uint8Array(1 << 13);
for (let look = 0; look < CODES.length; look++) CODES[look] = CODE[keyOfLook(look)];

export const codeOfLook = look => CODES[look & 0x1fff];

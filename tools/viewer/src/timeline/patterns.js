/* patterns.js: the patterns of states, as lines in a square of 8 by 8. Pure. */

const LINES = {
    rising: [
        [-1, 5, 5, -1],
        [-1, 9, 9, -1],
        [3, 9, 9, 3],
    ],
    falling: [
        [-1, 3, 5, 9],
        [-1, -1, 9, 9],
        [3, -1, 9, 5],
    ],
    rows: [
        [0, 2, 8, 2],
        [0, 6, 8, 6],
    ],
    columns: [
        [2, 0, 2, 8],
        [6, 0, 6, 8],
    ],
    dots: [
        [1, 2, 2.4, 2],
        [5, 6, 6.4, 6],
    ],
    gap: [[-1, 9, 9, -1]],
};

export const patternLines = name => LINES[name] || [];

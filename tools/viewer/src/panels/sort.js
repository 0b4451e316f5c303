/* sort.js: rows of a table by one of its columns. Pure. */

/** Rows by a column; of equal ones the order stays. Pure. */
export function sortRows(rows, column, down) {
    const sign = down ? -1 : 1;
    const compare = (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b)));
    return rows.map((row, i) => ({ row, i }))
        .sort((a, b) => sign * compare(column.value(a.row), column.value(b.row)) || a.i - b.i).map(one => one.row);
}

/* rows.js: the server's rows by their id. */
import { store } from './state.js';

let list = null;
let byId = new Map();

/** @returns {object|null} the row as /api/rows has it */
export function rowById(id) {
    const { rowList } = store.get();
    if (rowList !== list) {
        list = rowList;
        byId = new Map(list.map(row => [row.id, row]));
    }
    return byId.get(id) || null;
}

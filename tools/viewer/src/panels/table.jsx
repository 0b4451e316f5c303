/* table.jsx: a table whose columns sort it. */
import { useState } from 'preact/hooks';
import { Faint } from './pieces.jsx';
import { sortRows } from './sort.js';

/**
 * @typedef {{id: string, name: string, num?: boolean, value: (row: any) => number|string, show?: (row: any) => any,
 *     fixed?: boolean}} Column value: what it is sorted by; show: what is seen; fixed: it does not sort
 */

function Head({ column, sort, onSort }) {
    const isBy = sort && sort.id === column.id;
    const order = isBy ? (sort.down ? 'descending' : 'ascending') : undefined;
    return (
        <th scope="col" class={column.num ? 'num' : ''} aria-sort={order}>
            {column.fixed ? column.name
                : <button class="sort" onClick={() => onSort(column)}>
                    {column.name}<span aria-hidden="true">{isBy ? (sort.down ? ' ↓' : ' ↑') : ''}</span></button>}
        </th>
    );
}

/** @param {{caption: string, columns: Column[], rows: any[], by: string, keyOf: (row: any, i: number) => any, most?: number,
 *     rowClass?: (row: any) => string}} props by: the column that it is sorted by at first, largest first; most: rows shown */
export function Table({ caption, columns, rows, by, keyOf, most = 500, rowClass = () => '' }) {
    const [sort, setSort] = useState({ id: by, down: true });
    const column = columns.find(one => one.id === sort.id);
    const sorted = column ? sortRows(rows, column, sort.down) : rows;
    const onSort = one => setSort({ id: one.id, down: sort.id === one.id ? !sort.down : !!one.num });
    return (
        <>
            <table class="sorted">
                <caption class="sr-only">{caption}</caption>
                <thead><tr>{columns.map(one => <Head key={one.id} column={one} sort={sort} onSort={onSort} />)}</tr></thead>
                <tbody>{sorted.slice(0, most).map((row, i) => (
                    <tr key={keyOf(row, i)} class={rowClass(row)}>{columns.map((one, c) => {
                        const shown = one.show ? one.show(row) : one.value(row);
                        return c === 0 ? <th key={one.id} scope="row" class={one.num ? 'num' : ''}>{shown}</th>
                            : <td key={one.id} class={one.num ? 'num' : ''}>{shown}</td>;
                    })}</tr>
                ))}</tbody>
            </table>
            {rows.length > most && <Faint>the first {most} of {rows.length}</Faint>}
        </>
    );
}

/* row-tools.jsx: which rows there are, and in which order. */
import { actions } from '../state.js';
import { useStore } from '../use-store.js';

function Choice({ label, value, options, onChange }) {
    return (
        <label class="tl-choice">
            {label}
            <select value={value} onChange={event => onChange(event.currentTarget.value)}>
                {options.map(([key, text]) => (
                    <option key={key} value={key}>
                        {text}
                    </option>
                ))}
            </select>
        </label>
    );
}

export function RowTools() {
    const rows = useStore(state => state.rows),
        clock = useStore(state => state.clock);
    return (
        <div class="tl-tools">
            <input
                type="search"
                class="field"
                placeholder="filter rows"
                aria-label="Show only rows whose name has this"
                value={rows.filter}
                onInput={event => actions.setRows({ filter: event.currentTarget.value })}
            />
            <Choice
                label="group"
                value={rows.group}
                onChange={group => actions.setRows({ group })}
                options={[
                    ['process', 'by process'],
                    ['prefix', 'by name'],
                    ['none', 'none'],
                ]}
            />
            <Choice
                label="sort"
                value={rows.sort}
                onChange={sort => actions.setRows({ sort })}
                options={[
                    ['started', 'as started'],
                    ['waiting', 'most waiting'],
                    ['name', 'by name'],
                ]}
            />
            <Choice
                label="times"
                value={clock}
                onChange={actions.setClock}
                options={[
                    ['wall', 'of day, UTC'],
                    ['relative', 'since begin'],
                ]}
            />
            {rows.hidden.length > 0 && (
                <button class="button" onClick={actions.showAllRows}>
                    Show {rows.hidden.length} hidden
                </button>
            )}
            <span class="tl-space" />
            <button class="button" onClick={actions.fit} title="The whole trace (f)">
                Fit
            </button>
        </div>
    );
}

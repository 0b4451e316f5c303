/* labels.jsx: the names of the rows at the left: buttons, so that rows can be reached and walked without a mouse. */
import { count, duration } from '../format.js';
import { Fold } from '../panels/pieces.jsx';
import { actions } from '../state.js';
import { useStore } from '../use-store.js';
import { isBeneath } from './layout.js';
import { AXIS_HEIGHT } from './scene.js';

function Heading({ slot }) {
    return (
        <button
            class={`tl-label tl-${slot.kind}`}
            aria-expanded={!slot.closed}
            style={{ top: `${AXIS_HEIGHT + slot.y}px`, height: `${slot.h}px` }}
            onClick={() => actions.toggleGroup(slot.key)}>
            <Fold open={!slot.closed} />
            <span class="tl-name">{slot.text}</span>
            {slot.count > 1 && <span class="tl-count">{count(slot.count)}</span>}
        </button>
    );
}

function RequestLabel({ slot, selected }) {
    const { request } = slot;
    const place = { top: `${AXIS_HEIGHT + slot.y}px`, height: `${slot.h}px` };
    if (!request)
        return (
            <div class="tl-label request none" style={place}>
                –
            </div>
        );
    const { process, id } = request;
    return (
        <div class={`tl-label request ${selected ? 'selected' : ''}`} style={place}>
            <button
                class="tl-name"
                aria-pressed={selected}
                onClick={() => actions.selectRequest(process, id)}
                onDblClick={() => actions.zoomTo(request.from, request.to, 0.25)}>
                {request.route || 'request'}
                <small>{duration(request.ns ?? request.to - request.from)}</small>
            </button>
            <button
                class="tl-tool"
                title={slot.pinned ? 'Unpin this request' : 'Keep this request on top'}
                aria-label={`${slot.pinned ? 'Unpin' : 'Pin'} ${request.route || 'request'}`}
                aria-pressed={!!slot.pinned}
                onClick={() => (slot.pinned ? actions.unpinRequest : actions.pinRequest)(process, id)}>
                {slot.pinned ? '●' : '○'}
            </button>
        </div>
    );
}

const WALKS = { ArrowLeft: -1, ArrowRight: 1 };

function RowLabel({ slot, controller, selected, pinned }) {
    const { row } = slot;
    const walk = event => {
        if (!(event.key in WALKS) || event.ctrlKey || event.altKey || event.metaKey) return;
        event.preventDefault();
        event.stopPropagation();
        controller.step(row.id, WALKS[event.key]);
    };
    const tid = row.kind === 'thread' && row.tid ? `thread ${row.tid}` : '',
        lost = row.lost ? `, ${count(row.lost)} events lost: it is not known where` : '';
    return (
        <div
            class={`tl-label row ${row.kind} ${selected ? 'selected' : ''} ${slot.quiet ? 'quiet-row' : ''}`}
            style={{ top: `${AXIS_HEIGHT + slot.y}px`, height: `${slot.h}px` }}>
            <button
                class="tl-name"
                title={`${row.name} ${tid}${lost}`}
                aria-pressed={selected}
                onKeyDown={walk}
                aria-label={`${row.name}, ${tid || row.kind}: left and right walk through it`}
                onClick={() => controller.step(row.id, 1)}>
                {row.kind === 'requests' && row.depth > 0 ? '' : row.name}
                {row.lost > 0 && <small class="bad"> {count(row.lost)} lost</small>}
            </button>
            <button
                class="tl-tool"
                title={pinned ? 'Unpin this row' : 'Keep this row on top'}
                aria-pressed={pinned}
                aria-label={`${pinned ? 'Unpin' : 'Pin'} ${row.name}`}
                onClick={() => actions.togglePin(row.id)}>
                {pinned ? '●' : '○'}
            </button>
            <button
                class="tl-tool"
                title="Hide this row"
                aria-label={`Hide ${row.name}`}
                onClick={() => actions.hideRow(row.id)}>
                ×
            </button>
        </div>
    );
}

const isNameless = slot => slot.row && isBeneath(slot.row);

function isSelected(slot, selection) {
    if (!selection) return false;
    if (slot.kind === 'request')
        return (
            !!slot.request &&
            selection.type === 'request' &&
            selection.id === slot.request.id &&
            selection.process === slot.request.process
        );
    return selection.type === 'item' && !!slot.row && selection.row === slot.row.id;
}

export function Labels({ controller }) {
    const selection = useStore(state => state.selection);
    const pinned = useStore(state => state.rows.pinned);
    return controller
        .visibleSlots()
        .filter(slot => !isNameless(slot))
        .map(slot => {
            const selected = isSelected(slot, selection);
            if (slot.closable) return <Heading key={slot.key} slot={slot} />;
            if (slot.kind === 'request') return <RequestLabel key={slot.key} slot={slot} selected={selected} />;
            return (
                <RowLabel
                    key={slot.key}
                    slot={slot}
                    controller={controller}
                    selected={selected}
                    pinned={pinned.includes(slot.row.id)}
                />
            );
        });
}

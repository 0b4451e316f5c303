/* use-store.js: components that follow the store, and answers of the server as a component wants them. */
import { useEffect, useRef, useState } from 'preact/hooks';

import { ask } from './data.js';
import { firstOfDay } from './format.js';
import { store } from './state.js';

/**
 * What `pick` finds in the state; the component is drawn again when that becomes another (Object.is).
 * @template T @param {(state: any) => T} pick @returns {T}
 */
export function useStore(pick) {
    const [, redraw] = useState(0);
    const seen = useRef();
    seen.current = pick(store.get());
    const picker = useRef(pick);
    picker.current = pick;
    useEffect(() => {
        const look = state => {
            if (!Object.is(picker.current(state), seen.current)) redraw(n => n + 1);
        };
        look(store.get()); /* it may have changed since it was drawn */
        return store.subscribe(look);
    }, []);
    return seen.current;
}

/**
 * An answer of the server: {data, error, loading}. While another is awaited `data` stays what it was, so that nothing
 * jumps. A path of null asks nothing.
 * @param {string|null} path @param {Object<string, any>} [query]
 */
export function useAnswer(path, query) {
    const key = path && path + JSON.stringify(query || {});
    const [answer, setAnswer] = useState({ data: null, error: null, loading: !!path });
    useEffect(() => {
        if (!path) {
            setAnswer({ data: null, error: null, loading: false });
            return undefined;
        }
        let gone = false;
        setAnswer(old => ({ ...old, loading: true }));
        ask(path, query).then(
            data => gone || setAnswer({ data, error: null, loading: false }),
            error => gone || setAnswer({ data: null, error: error.message, loading: false }),
        );
        return () => {
            gone = true;
        };
    }, [key]);
    return answer;
}

/** How times are to be written: the second argument of format.js time(). */
export function useTimes() {
    const clock = useStore(state => state.clock);
    const info = useStore(state => state.info);
    return { clock, ofDay: info ? firstOfDay(info.realtime_first_ns) : null };
}

/* shell-notice.jsx: a line that is shown for some seconds, and the one that screen readers say. */
import { useEffect, useState } from 'preact/hooks';

import { useStore } from './use-store.js';

const SHOWN_MS = 6000;

export function Notice() {
    const notice = useStore(state => state.notice),
        said = useStore(state => state.said);
    const [gone, setGone] = useState(0);
    useEffect(() => {
        if (!notice) return undefined;
        const timer = setTimeout(() => setGone(notice.serial), SHOWN_MS);
        return () => clearTimeout(timer);
    }, [notice]);
    return (
        <>
            {notice && notice.serial !== gone && <div class="notice">{notice.text}</div>}
            <div class="sr-only" aria-live="polite">
                {said}
            </div>
        </>
    );
}

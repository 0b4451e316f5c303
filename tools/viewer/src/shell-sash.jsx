/* shell-sash.jsx: the edge between timeline and bottom, that the pointer and the arrow keys move. */
const LEAST = 120;

function setHeight(section, height) {
    const most = Math.max(LEAST, window.innerHeight - 260);
    section.style.height = `${Math.min(Math.max(height, LEAST), most)}px`;
}

export function Sash() {
    const move = event => {
        if (event.currentTarget.hasPointerCapture(event.pointerId))
            setHeight(event.currentTarget.parentElement, window.innerHeight - event.clientY);
    };
    const step = event => {
        const way = event.key === 'ArrowUp' ? 30 : event.key === 'ArrowDown' ? -30 : 0;
        if (!way) return;
        event.preventDefault();
        event.stopPropagation();
        setHeight(event.currentTarget.parentElement, event.currentTarget.parentElement.offsetHeight + way);
    };
    return (
        <div
            class="sash"
            role="separator"
            aria-orientation="horizontal"
            aria-label="Height of the panels"
            tabIndex={0}
            onPointerDown={event => event.currentTarget.setPointerCapture(event.pointerId)}
            onPointerMove={move}
            onKeyDown={step}
        />
    );
}

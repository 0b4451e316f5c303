/* timeline.jsx: overview, axis and rows, with the canvas that the controller paints. */
import { useEffect, useRef } from 'preact/hooks';

import { controller } from './current.js';
import { Labels } from './labels.jsx';
import { Legend } from './legend.jsx';
import { overviewPointer } from './overview.js';
import { Pointer } from './pointer.js';
import { RangeBar } from './range-bar.jsx';
import { RowTools } from './row-tools.jsx';
import { AXIS_HEIGHT } from './scene.js';
import { Tooltip } from './tooltip.jsx';
import { useController } from './use-controller.js';

function useCanvas() {
    const canvas = useRef(),
        overview = useRef(),
        scroller = useRef();
    useEffect(() => {
        controller.attach({ canvas: canvas.current, overview: overview.current, scroller: scroller.current });
        new Pointer(canvas.current, controller);
        overviewPointer(overview.current, { ...controller, duration: () => controller.duration() });
        return () => controller.detach();
    }, []);
    return { canvas, overview, scroller };
}

function Rows() {
    useController(controller, 'rows');
    return <Labels controller={controller} />;
}

function Tip() {
    useController(controller, 'tip');
    return <Tooltip controller={controller} />;
}

function Spacer() {
    useController(controller, 'rows');
    return (
        <div
            class="tl-spacer"
            aria-hidden="true"
            style={{ height: `${(controller.layout ? controller.layout.height : 0) + AXIS_HEIGHT}px` }}
        />
    );
}

export function Timeline() {
    const { canvas, overview, scroller } = useCanvas();
    return (
        <div class="tl">
            <RowTools />
            <div class="tl-overview">
                <div class="tl-side faint">all threads</div>
                <canvas ref={overview} aria-hidden="true" />
            </div>
            <div class="tl-scroller" ref={scroller} tabIndex={-1}>
                <Spacer />
                <div class="tl-sticky">
                    <div class="tl-corner" />
                    <canvas
                        ref={canvas}
                        role="img"
                        aria-label="What the threads did, over time. The rows' names are buttons:
                        left and right walk through what a row has."
                    />
                </div>
                <div class="tl-labels" role="group" aria-label="Rows">
                    <Rows />
                </div>
            </div>
            <RangeBar />
            <Legend controller={controller} />
            <Tip />
        </div>
    );
}

/* export-image.js: the picture of the view as a file: PNG in the screen's pixels, or SVG. With the rows' names, the
 * axis and a legend of the states: what is on screen, and nothing that is not. */
import { LEGEND, CODE, nameOf } from './colours.js';
import { duration, time } from './format.js';
import { CanvasPainter } from './timeline/canvas-painter.js';
import { isBeneath, slotsBetween } from './timeline/layout.js';
import { fitText } from './timeline/paint-rows.js';
import { AXIS_HEIGHT, paintScene } from './timeline/scene.js';
import { SvgPainter } from './timeline/svg-painter.js';

const LABELS_WIDTH = 150,
    HEAD_HEIGHT = 26,
    LEGEND_HEIGHT = 26;

function paintLabels(p, scene) {
    const { theme, top, layout, height } = scene;
    p.clip(0, AXIS_HEIGHT, LABELS_WIDTH, height - AXIS_HEIGHT, () => {
        for (const slot of slotsBetween(layout.slots, top, top + height)) {
            const y = AXIS_HEIGHT + slot.y - top + slot.h / 2,
                heading = slot.closable;
            const text = heading
                ? slot.text
                : slot.request
                  ? slot.request.route
                  : slot.row && !isBeneath(slot.row)
                    ? slot.row.name
                    : '';
            if (text)
                p.text(
                    fitText(p, text, LABELS_WIDTH - 20),
                    heading ? 8 : 14,
                    y,
                    heading ? theme.faint : theme.text,
                    'left',
                    heading,
                );
        }
    });
}

function paintLegend(p, scene, y, width) {
    let x = 8;
    for (const key of LEGEND) {
        const wide = p.measure(nameOf(key)) + 30;
        if (x + wide > width) break;
        p.bar(x, y + 8, 10, 10, CODE[key]);
        p.text(nameOf(key), x + 15, y + 13, scene.theme.faint);
        x += wide;
    }
}

function paintAll(p, scene, title) {
    const width = scene.width + LABELS_WIDTH,
        height = HEAD_HEIGHT + scene.height + LEGEND_HEIGHT;
    p.begin(width, height, scene.ratio, scene.theme);
    p.text(fitText(p, title, width - 16), 8, HEAD_HEIGHT / 2, scene.theme.text);
    p.shifted(0, HEAD_HEIGHT, () => paintLabels(p, scene));
    p.shifted(LABELS_WIDTH, HEAD_HEIGHT, () => paintScene(p, scene));
    paintLegend(p, scene, HEAD_HEIGHT + scene.height, width);
}

/** "checkout 4711 · 14:02:07.118 · 312 ms" */
export function titleOf(scene) {
    const { info, view, times } = scene;
    return [info.program, time(view.t0, times), duration(view.t1 - view.t0), 'stallmark'].filter(Boolean).join(' · ');
}

function currentScene(controller) {
    return controller.scene(
        controller.canvas.clientWidth,
        controller.canvas.clientHeight,
        window.devicePixelRatio || 1,
    );
}

/** @returns {Promise<Blob>} */
export function pngOf(controller) {
    const scene = currentScene(controller),
        canvas = document.createElement('canvas');
    paintAll(new CanvasPainter(canvas), scene, titleOf(scene));
    return new Promise(done => canvas.toBlob(done, 'image/png'));
}

export function svgOf(controller) {
    const scene = { ...currentScene(controller), ratio: 1, columns: null };
    const p = new SvgPainter(text => controller.painter.measure(text));
    paintAll(p, scene, titleOf(scene));
    return new Blob([p.document(titleOf(scene))], { type: 'image/svg+xml' });
}

export function download(blob, name) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

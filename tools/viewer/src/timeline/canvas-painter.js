/* canvas-painter.js: what the scene is painted with on screen. svg-painter.js is the same for a file.
 *
 * Units are CSS pixels. Many small columns go through one image, which costs the same however many there are.
 */
import { colourOf, patternOf, KEYS } from '../colours.js';
import { stackOf } from './raster.js';
import { patternLines } from './patterns.js';

export const FONT = '11px system-ui, "Segoe UI", "DejaVu Sans", sans-serif';

const rgba = hex =>
    0xff000000 |
    (parseInt(hex.slice(5, 7), 16) << 16) |
    (parseInt(hex.slice(3, 5), 16) << 8) |
    parseInt(hex.slice(1, 3), 16);

export class CanvasPainter {
    /** @param {HTMLCanvasElement} canvas */
    constructor(canvas, makeCanvas = () => document.createElement('canvas')) {
        this.canvas = canvas;
        this.c = canvas.getContext('2d', { alpha: false });
        this.makeCanvas = makeCanvas;
        this.strip = makeCanvas();
        this.stripContext = this.strip.getContext('2d');
        this.patterns = new Map();
    }

    begin(width, height, ratio, theme) {
        const { canvas, c } = this;
        const w = Math.max(1, Math.round(width * ratio)),
            h = Math.max(1, Math.round(height * ratio));
        if (canvas.width !== w || canvas.height !== h) {
            canvas.width = w;
            canvas.height = h;
        }
        if (this.dark !== theme.dark || this.ratio !== ratio) this.patterns.clear();
        Object.assign(this, { width, height, ratio, dark: theme.dark, theme });
        this.words = KEYS.map(key => (key ? rgba(colourOf(key, theme.dark)) : 0));
        c.setTransform(ratio, 0, 0, ratio, 0, 0);
        c.font = FONT;
        c.textBaseline = 'middle';
        this.rect(0, 0, width, height, theme.bg);
    }

    rect(x, y, w, h, fill) {
        this.c.fillStyle = fill;
        this.c.fillRect(x, y, w, h);
    }

    frame(x, y, w, h, stroke, thick = 1) {
        this.c.strokeStyle = stroke;
        this.c.lineWidth = thick;
        this.c.strokeRect(x, y, w, h);
    }

    line(points, stroke, thick = 1, dash = []) {
        const { c } = this;
        c.strokeStyle = stroke;
        c.lineWidth = thick;
        c.setLineDash(dash);
        c.beginPath();
        points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
        c.stroke();
        c.setLineDash([]);
    }

    fill(points, colour) {
        const { c } = this;
        c.fillStyle = colour;
        c.beginPath();
        points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
        c.closePath();
        c.fill();
    }

    curve([x0, y0, x1, y1, x2, y2, x3, y3], stroke, thick) {
        const { c } = this;
        c.strokeStyle = stroke;
        c.lineWidth = thick;
        c.beginPath();
        c.moveTo(x0, y0);
        c.bezierCurveTo(x1, y1, x2, y2, x3, y3);
        c.stroke();
    }

    text(text, x, y, fill, align = 'left', bold = false) {
        const { c } = this;
        c.fillStyle = fill;
        c.textAlign = align;
        c.font = bold ? `600 ${FONT}` : FONT;
        c.fillText(text, x, y);
    }

    measure(text) {
        this.c.font = FONT;
        return this.c.measureText(text).width;
    }

    /** Paints with another origin. */
    shifted(dx, dy, paint) {
        this.c.save();
        this.c.translate(dx, dy);
        paint();
        this.c.restore();
    }

    clip(x, y, w, h, paint) {
        const { c } = this;
        c.save();
        c.beginPath();
        c.rect(x, y, w, h);
        c.clip();
        paint();
        c.restore();
        c.font = FONT;
        c.textBaseline = 'middle';
    }

    /** A bar in a state's colour, and its pattern where there is room. */
    bar(x, y, w, h, code) {
        const key = KEYS[code];
        this.rect(x, y, w, h, colourOf(key, this.dark));
        if (w >= 8 && patternOf(key)) {
            this.c.fillStyle = this.patternFor(patternOf(key));
            this.c.fillRect(x, y, w, h);
        }
    }

    patternFor(name) {
        if (!this.patterns.has(name)) {
            const tile = this.makeCanvas(),
                scale = this.ratio;
            tile.width = tile.height = Math.round(8 * scale);
            const t = tile.getContext('2d');
            t.scale(tile.width / 8, tile.height / 8);
            t.strokeStyle = this.dark ? 'rgba(0,0,0,.35)' : 'rgba(255,255,255,.42)';
            t.lineWidth = 1.3;
            t.beginPath();
            for (const [x0, y0, x1, y1] of patternLines(name)) {
                t.moveTo(x0, y0);
                t.lineTo(x1, y1);
            }
            t.stroke();
            const pattern = this.c.createPattern(tile, 'repeat');
            pattern.setTransform(new DOMMatrix().scale(8 / tile.width));
            this.patterns.set(name, pattern);
        }
        return this.patterns.get(name);
    }

    /**
     * The columns of one row, its bars' place from (x, y) with height h. One column is a pixel of the screen.
     * @param {import('./raster.js').Columns} columns
     */
    columns(columns, x, y, h, off) {
        const tall = Math.round(h * this.ratio),
            wide = columns.width;
        if (!this.image || this.image.width !== wide || this.image.height < tall) {
            this.strip.width = wide;
            this.strip.height = Math.max(tall, 64);
            this.image = this.stripContext.createImageData(wide, this.strip.height);
            this.pixels = new Uint32Array(this.image.data.buffer);
        }
        const { pixels, words } = this;
        pixels.fill(0, 0, wide * tall);
        let first = wide,
            last = -1;
        for (let i = 0; i < wide; i++) {
            if (!columns.used[i]) continue;
            first = Math.min(first, i);
            last = i;
            stackOf(columns, i, tall, off, (code, y0, y1) => {
                for (let row = tall - y1; row < tall - y0; row++) pixels[row * wide + i] = words[code];
            });
        }
        if (last < first) return;
        this.stripContext.putImageData(this.image, 0, 0, first, 0, last - first + 1, tall);
        const w = last - first + 1;
        this.c.imageSmoothingEnabled = false;
        this.c.drawImage(this.strip, first, 0, w, tall, x + first / this.ratio, y, w / this.ratio, tall / this.ratio);
    }
}

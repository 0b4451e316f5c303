/* svg-painter.js: the scene as an SVG file: the same calls as canvas-painter.js.
 *
 * Names are text of the file, escaped. Clipping is by nested <svg>, so that no ids are needed but those of patterns.
 */
import { colourOf, patternOf, KEYS } from '../colours.js';
import { patternLines } from './patterns.js';
import { stackOf } from './raster.js';

const FAMILY = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";
const ANCHORS = { left: 'start', center: 'middle', right: 'end' };
const CHARACTER_PX = 6.2;

export const escapeXml = text =>
    String(text)
        .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
        .replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);

const short = n => String(Math.round(n * 100) / 100);

export class SvgPainter {
    /** @param {(text: string) => number} [measure] */
    constructor(measure = text => text.length * CHARACTER_PX) {
        this.out = [];
        this.measure = measure;
        this.used = new Set();
        this.ratio = 1;
    }

    begin(width, height, ratio, theme) {
        Object.assign(this, { width, height, dark: theme.dark, theme });
        this.rect(0, 0, width, height, theme.bg);
    }

    put(text) {
        this.out.push(text);
    }

    rect(x, y, w, h, fill) {
        this.put(
            `<rect x="${short(x)}" y="${short(y)}" width="${short(Math.max(w, 0))}" ` +
                `height="${short(Math.max(h, 0))}" fill="${fill}"/>`,
        );
    }

    frame(x, y, w, h, stroke, thick = 1) {
        this.put(
            `<rect x="${short(x)}" y="${short(y)}" width="${short(Math.max(w, 0))}" ` +
                `height="${short(Math.max(h, 0))}" fill="none" stroke="${stroke}" stroke-width="${thick}"/>`,
        );
    }

    line(points, stroke, thick = 1, dash = []) {
        const dashes = dash.length ? ` stroke-dasharray="${dash.join(' ')}"` : '';
        this.put(
            `<polyline points="${points.map(([x, y]) => `${short(x)},${short(y)}`).join(' ')}" fill="none" ` +
                `stroke="${stroke}" stroke-width="${thick}"${dashes}/>`,
        );
    }

    fill(points, colour) {
        this.put(
            `<polygon points="${points.map(([x, y]) => `${short(x)},${short(y)}`).join(' ')}" fill="${colour}"/>`,
        );
    }

    curve([x0, y0, ...rest], stroke, thick) {
        this.put(
            `<path d="M${short(x0)} ${short(y0)}C${rest.map(short).join(' ')}" fill="none" stroke="${stroke}" ` +
                `stroke-width="${thick}"/>`,
        );
    }

    text(text, x, y, fill, align = 'left', bold = false) {
        this.put(
            `<text x="${short(x)}" y="${short(y)}" fill="${fill}" text-anchor="${ANCHORS[align]}"` +
                `${bold ? ' font-weight="600"' : ''}>${escapeXml(text)}</text>`,
        );
    }

    shifted(dx, dy, paint) {
        this.put(`<g transform="translate(${dx} ${dy})">`);
        paint();
        this.put('</g>');
    }

    clip(x, y, w, h, paint) {
        this.put(
            `<svg x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" ` +
                `viewBox="${[x, y, w, h].map(short).join(' ')}">`,
        );
        paint();
        this.put('</svg>');
    }

    bar(x, y, w, h, code) {
        const key = KEYS[code];
        this.rect(x, y, w, h, colourOf(key, this.dark));
        if (w >= 8 && patternOf(key)) {
            this.used.add(patternOf(key));
            this.rect(x, y, w, h, `url(#p-${patternOf(key)})`);
        }
    }

    /* Equal columns beside each other are one rectangle. */
    columns(columns, x, y, h, off) {
        const open = new Map();
        const close = (key, end) => {
            const [code, y0, y1] = key.split('/').map(Number),
                from = open.get(key);
            this.rect(x + from, y + h - y1, end - from, y1 - y0, colourOf(KEYS[code], this.dark));
            open.delete(key);
        };
        for (let i = 0; i <= columns.width; i++) {
            const here = new Set();
            if (i < columns.width && columns.used[i])
                stackOf(columns, i, Math.round(h), off, (code, y0, y1) => here.add(`${code}/${y0}/${y1}`));
            for (const key of [...open.keys()]) if (!here.has(key)) close(key, i);
            for (const key of here) if (!open.has(key)) open.set(key, i);
        }
    }

    patternDefinition(name) {
        const path = patternLines(name)
            .map(([x0, y0, x1, y1]) => `M${x0} ${y0}L${x1} ${y1}`)
            .join('');
        return (
            `<pattern id="p-${name}" width="8" height="8" patternUnits="userSpaceOnUse"><path d="${path}" ` +
            `stroke="${this.dark ? '#000' : '#fff'}" stroke-opacity=".4" stroke-width="1.3"/></pattern>`
        );
    }

    /** The file. */
    document(title) {
        return (
            `<svg xmlns="http://www.w3.org/2000/svg" width="${short(this.width)}" height="${short(this.height)}" ` +
            `viewBox="0 0 ${short(this.width)} ${short(this.height)}" font-family="${FAMILY}" font-size="11" ` +
            `dominant-baseline="central"><title>${escapeXml(title)}</title>` +
            `<defs>${[...this.used].map(name => this.patternDefinition(name)).join('')}</defs>` +
            `${this.out.join('\n')}</svg>\n`
        );
    }
}

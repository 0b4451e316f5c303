// Frame times of the page while panning (view_page.sh). `paint` is what the page itself takes for a frame, `frame` is
// from one picture to the next, which the browser shows 60 times a second at most.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { open, until, view } from '../tests/view/lib.mjs';

const FRAMES = 180;
const mock = fileURLToPath(new URL('../tools/viewer/mock.mjs', import.meta.url));

async function mocked() {
    const child = spawn(process.execPath, [mock, join(process.env.SMK_BUILD, 'viewer'), '40', '25000']);
    const url = await new Promise(resolve => child.stdout.once('data', text => resolve(String(text).trim())));
    return { url, stop: () => child.kill() };
}

/* In the page: drags the picture to and fro, and notes each frame. */
async function pan(frames) {
    const canvas = document.querySelector('.tl-sticky canvas'),
        box = canvas.getBoundingClientRect();
    const at = x => ({ clientX: box.left + x, clientY: box.top + 200, pointerId: 1, bubbles: true });
    const frame = [],
        paint = [];
    canvas.setPointerCapture = () => {};
    canvas.dispatchEvent(new PointerEvent('pointerdown', at(600)));
    let last = performance.now();
    for (let i = 0; i < frames; i++) {
        canvas.dispatchEvent(new PointerEvent('pointermove', at(600 - 300 * Math.sin(i / 20))));
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        frame.push((performance.now() - last) / 2);
        paint.push(canvas.paintMs);
        last = performance.now();
    }
    canvas.dispatchEvent(new PointerEvent('pointerup', at(600)));
    return { frame, paint };
}

const share = (list, of) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) * of)].toFixed(1);

async function measure(name, server) {
    const begin = Date.now(),
        page = await open(server);
    await page.waitForSelector('.tl-label.row');
    await until(() => page.evaluate(() => document.querySelector('.tl-sticky canvas').paintMs > 0), 'a picture');
    console.log(`${name}: first picture after ${Date.now() - begin} ms`);
    const box = await page.locator('.tl-sticky canvas').boundingBox();
    for (let zoom = 0; zoom < 4; zoom++) {
        await page.waitForTimeout(700);
        const { frame, paint } = await page.evaluate(pan, FRAMES);
        const { v } = Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)));
        const [t0, t1] = (v || '0-0').split('-').map(Number),
            wide = t1 > t0 ? `${((t1 - t0) / 1e6).toFixed(1)} ms` : 'all';
        console.log(
            `  ${wide.padStart(11)}   paint p50 ${share(paint, 0.5)} p99 ` +
                `${share(paint, 0.99)} ms   frame p50 ${share(frame, 0.5)} p99 ${share(frame, 0.99)} ms`,
        );
        await page.mouse.move(box.x + 500, box.y + 200);
        for (let i = 0; i < 6; i++) await page.mouse.wheel(0, -240);
    }
    const heap = await page.evaluate(() => performance.memory.usedJSHeapSize);
    console.log(`  ${(heap / (1 << 20)).toFixed(0)} MiB of JavaScript's memory`);
    await page.context().close();
}

const server = await mocked();
await measure('1,000,000 items in 40 threads', server);
server.stop();
for (const path of process.argv.slice(2)) {
    const real = await view(path);
    await real.ready();
    await measure(path, real);
    await real.stop();
}
process.exit();

// The page's timeline on real captures: zoom, pan, click, select, search, links, Back, pictures, switches, keyboard.
import { readFileSync } from 'node:fs';

import { keyOfNames } from '../../tools/viewer/src/colours.js';
import { decodeTile } from '../../tools/viewer/src/timeline/tile-decode.js';
import { assert, open, shot, skip, takeViolations, test, trace, until, view } from './lib.mjs';

if (!trace('shop')) skip('there is no capture (traces.sh)');

const CANVAS = '.tl-sticky canvas';
const AXIS = 26;
const QUIET = '&at=1'; // an address that says what is to be shown is not overruled by the first finding

/* ---- what the tests ask the page ------------------------------------------------------------------------------ */

const fieldsOf = page => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)));

/* The view out of the address, which has it when it has come to rest. */
function viewOf(page) {
    const [t0, t1] = (fieldsOf(page).v || '').split('-').map(Number);
    return { t0, t1, ns: t1 - t0 };
}

let last = null;

/* A page on a trace that is read, drawn. The one before is closed. */
async function opened(server, options) {
    if (last)
        await last
            .context()
            .close()
            .catch(() => {});
    const page = (last = await open(server, { hash: QUIET, ...options }));
    await page.waitForSelector('.tl-label.row');
    await until(() => colours(page).then(all => all.size > 4), 'a picture');
    return { page, box: await page.locator(CANVAS).boundingBox() };
}

/* How often each colour is in the picture of the rows: "200,53,44" to the number of its pixels. */
async function colours(page) {
    const list = await page.evaluate(selector => {
        const canvas = document.querySelector(selector),
            sums = {};
        const { data } = canvas.getContext('2d').getImageData(0, 30, canvas.width, canvas.height - 30);
        for (let i = 0; i < data.length; i += 4) {
            const key = `${data[i]},${data[i + 1]},${data[i + 2]}`;
            sums[key] = (sums[key] || 0) + 1;
        }
        return Object.entries(sums);
    }, CANVAS);
    return new Map(list);
}

const RED = '200,53,44'; // lock, light

/* The address after something changed it, at rest: the page writes it 250 ms after the last change, by its own clock. */
async function moved(page, what) {
    const before = page.url();
    await what();
    await page.evaluate(() => new Promise(done => setTimeout(done, 300)));
    await until(() => page.url() !== before, 'another address');
}

/* The longest wait for a lock: {row, item, from, to}. */
async function longestLock(server) {
    const info = await server.json('/api/info'),
        { rows } = await server.json('/api/rows');
    const threads = rows.filter(row => row.kind === 'thread');
    const bytes = await server.ask(
        `/api/window?t0=0&t1=${info.duration_ns}&px=8192&rows=${threads.map(row => row.id)}`,
    );
    const tile = decodeTile(await bytes.arrayBuffer(), () => false);
    let best = null;
    for (const items of tile.rows.values())
        for (let i = 0; i < items.count; i++) {
            const whole = !(items.look[i] & 0x100) && (items.look[i] & 0xff) === (3 | (1 << 4));
            if (whole && (!best || items.to[i] - items.from[i] > best.to - best.from))
                best = { row: items.row, item: items.item[i], from: items.from[i], to: items.to[i] };
        }
    return { ...best, name: threads.find(row => row.id === best.row).name };
}

/* Where a time of a row is on screen; the row is brought into sight. */
async function placeOf(page, name, t) {
    const label = page.locator('.tl-label.row.thread', { has: page.getByText(name, { exact: true }) }).first();
    await label.scrollIntoViewIfNeeded();
    const row = await label.boundingBox(),
        box = await page.locator(CANVAS).boundingBox(),
        { t0, ns } = viewOf(page);
    return { x: box.x + ((t - t0) / ns) * box.width, y: row.y + row.height / 2 };
}

async function wheel(page, x, y, dy, times = 1) {
    await page.mouse.move(x, y);
    for (let i = 0; i < times; i++) await page.mouse.wheel(0, dy);
}

/* ---- steps ------------------------------------------------------------------------------------------------------ */

const steps = [];
const step = (name, what) => steps.push([name, what]);

async function rows(server, name) {
    const { page } = await opened(server);
    const { rows } = await server.json('/api/rows'),
        info = await server.json('/api/info');
    const threads = rows.filter(row => row.kind === 'thread').map(row => row.name);
    await page.waitForSelector('.tl-label.row.thread');
    const shown = await page.locator('.tl-label.row.thread .tl-name').allTextContents();
    assert.ok(shown.length > 0 && shown.every(one => threads.includes(one)), shown.join());
    assert.ok((await page.textContent('.head-facts')).includes(info.events.toLocaleString('en')));
    await shot(page, `page-${name}`);
}

step('the wheel zooms at the pointer, sideways it pans', async server => {
    const { page, box } = await opened(server);
    await moved(page, () => page.keyboard.press('t')); // so that the address has a view
    const x = box.x + box.width * 0.3,
        y = box.y + box.height / 2,
        before = viewOf(page);
    const at = before.t0 + before.ns * 0.3;
    await moved(page, () => wheel(page, x, y, -240, 6));
    await until(() => viewOf(page).ns < before.ns / 5, 'a narrower view');
    const zoomed = viewOf(page);
    const now = zoomed.t0 + zoomed.ns * 0.3;
    assert.ok(Math.abs(now - at) < zoomed.ns * 0.01, `${now} is not ${at}`);
    await moved(page, () => page.mouse.wheel(200, 0));
    const panned = viewOf(page);
    assert.ok(panned.t0 > zoomed.t0 && Math.abs(panned.ns - zoomed.ns) <= 2);
    await moved(page, () => wheel(page, x, y, 5000, 4));
    await until(() => viewOf(page).ns === before.ns, 'the whole');
});

step('keys zoom, pan and fit', async server => {
    const { page } = await opened(server);
    await moved(page, () => page.keyboard.press('w'));
    const near = viewOf(page);
    await moved(page, () => page.keyboard.press('+'));
    assert.ok(viewOf(page).ns < near.ns);
    const before = viewOf(page);
    await moved(page, () => page.keyboard.press('d'));
    assert.ok(viewOf(page).t0 > before.t0);
    await moved(page, () => page.keyboard.press('ArrowLeft'));
    assert.ok(Math.abs(viewOf(page).t0 - before.t0) < 5);
    await moved(page, () => page.keyboard.press('f'));
    assert.equal(viewOf(page).t0, 0);
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog[open]', { state: 'detached' });
});

step('a click on a wait selects it; its holder is a click away; Back returns', async server => {
    const { page } = await opened(server);
    const lock = await longestLock(server);
    await moved(page, () => page.keyboard.press('w'));
    await page.keyboard.press('f');
    await until(() => viewOf(page).t0 === 0, 'the whole');
    const place = await placeOf(page, lock.name, (lock.from + lock.to) / 2);
    await page.mouse.click(place.x, place.y);
    await until(() => fieldsOf(page).s === `item.${lock.row}.${lock.item}`, 'the selection');
    await until(async () => (await page.textContent('[aria-live]')).includes(lock.name), 'a word for screen readers');
    await page.waitForSelector(`.tl-label.selected`);
    await page.keyboard.press('z');
    await until(() => viewOf(page).ns < (lock.to - lock.from) * 2, 'a view of it');
    assert.equal(fieldsOf(page).s, `item.${lock.row}.${lock.item}`, 'it survives zooming');
    await shot(page, 'page-wait');
    const item = await server.json(`/api/item?row=${lock.row}&item=${lock.item}`);
    const others = [...item.chain, item.holder, item.releaser].filter(one => one && one.row !== lock.row);
    assert.ok(others.length, 'somebody held it');
    await page.locator('.side.right button', { hasText: others[0].name }).first().click();
    await until(() => (fieldsOf(page).s || '').startsWith(`item.${others[0].row}.`), 'who held it');
    await page.goBack();
    await until(() => fieldsOf(page).s === `item.${lock.row}.${lock.item}`, 'the wait again');
});

step('a stretch of time has sums that add up', async server => {
    const { page, box } = await opened(server);
    await page.mouse.move(box.x + 200, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + 420, box.y + 10, { steps: 4 });
    await moved(page, () => page.mouse.up());
    const [, t0, t1] = fieldsOf(page).s.split('.').map(Number);
    await page.waitForSelector('.tl-range .tl-sum');
    const { sums } = (await server.json(`/api/sums?t0=${t0}&t1=${t1}`)).all;
    assert.ok(sums.length > 1);
    const keys = new Set(sums.map(one => keyOfNames(one.state, one.kind)));
    assert.equal(await page.locator('.tl-range .tl-sum').count(), Math.min(keys.size, 4));
    await shot(page, 'page-range');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.tl-range', { state: 'detached' });
});

step('search finds a thread, and Enter goes there', async server => {
    const { page } = await opened(server);
    const { rows } = await server.json('/api/rows');
    const last = rows.filter(row => row.kind === 'thread').at(-1);
    await page.keyboard.press('/');
    await page.keyboard.type(last.name);
    await page.waitForSelector('.hits [role=option]');
    assert.ok((await page.textContent('.hits')).includes(last.name));
    await page.keyboard.press('Enter');
    await page.waitForSelector('.hits', { state: 'detached' });
    await page.keyboard.press('/');
    await page.keyboard.type('no such thing at all');
    await until(async () => (await page.textContent('.hits')).includes('Nothing'), 'a word that there is nothing');
});

step('a link opens the same again', async server => {
    const { page } = await opened(server, { context: { permissions: ['clipboard-read', 'clipboard-write'] } });
    const lock = await longestLock(server);
    await page.locator('.tl-tools select').first().selectOption('prefix');
    await page.locator('.tl-tools input').fill('worker');
    await moved(page, () => page.keyboard.press('Escape'));
    await page.locator(CANVAS).click({ position: { x: 300, y: 12 } });
    const place = await placeOf(page, lock.name, (lock.from + lock.to) / 2);
    await moved(page, () => page.mouse.click(place.x, place.y));
    await page.locator('h1, body').first().focus();
    await page.getByRole('button', { name: 'Copy link' }).click();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(!link.includes(server.token) && link.includes(`s=item.${lock.row}.${lock.item}`), link);
    const state = fieldsOf(page);
    delete state.token;
    const other = await open(server, { hash: '&' + new URL(link).hash.slice(1) });
    await other.waitForSelector('.tl-label.selected');
    const back = fieldsOf(other);
    delete back.token;
    assert.deepEqual(back, state);
    assert.equal(await other.locator('.tl-tools input').inputValue(), 'worker');
});

step('a link without its key asks for it', async server => {
    const { page } = await opened(server);
    await moved(page, () => page.keyboard.press('w'));
    const { v } = fieldsOf(page);
    const other = await open(`${server.origin}/#v=${v}`, { allow: /401|403/ });
    await other.waitForSelector('.state form');
    await other.locator('.state input').fill(server.url);
    await other.locator('.state button').click();
    await other.waitForSelector('.tl-label.row');
    assert.equal(fieldsOf(other).v, v);
    takeViolations(); // the console's word about the refused answer
});

step('the picture of the view is a PNG and an SVG', async server => {
    const { page } = await opened(server);
    const saved = async name => {
        const [download] = await Promise.all([
            page.waitForEvent('download'),
            page.getByRole('button', { name, exact: true }).click(),
        ]);
        return readFileSync(await download.path());
    };
    const png = await saved('PNG');
    assert.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    assert.ok(png.readUInt32BE(16) > 600 && png.readUInt32BE(20) > 300);
    const svg = (await saved('SVG')).toString();
    const info = await server.json('/api/info');
    const parsed = await page.evaluate(text => {
        const file = new DOMParser().parseFromString(text, 'image/svg+xml');
        return { broken: !!file.querySelector('parsererror'), words: file.documentElement.textContent };
    }, svg);
    assert.ok(!parsed.broken && parsed.words.includes(info.program) && parsed.words.includes('worker'));
    assert.ok(svg.includes('#c8352c'), 'the lock is in it');
});

step('the legend switches states off, the theme is dark and light', async server => {
    const { page } = await opened(server);
    assert.ok((await colours(page)).get(RED) > 100);
    const lock = page.locator('.tl-legend button', { hasText: /^lock$/ });
    await lock.click();
    assert.equal(await lock.getAttribute('aria-pressed'), 'false');
    await until(async () => !(await colours(page)).has(RED), 'a picture without locks');
    await lock.click();
    await until(async () => (await colours(page)).has(RED), 'locks again');
    const theme = page.getByRole('button', { name: /^Theme/ });
    await theme.click();
    await theme.click();
    await until(() => page.evaluate(() => document.documentElement.classList.contains('dark')), 'the dark');
    await until(async () => !(await colours(page)).has(RED), 'a dark picture');
    await shot(page, 'page-dark');
});

step('rows are filtered, hidden, pinned, and walked by key', async server => {
    const { page } = await opened(server);
    const names = () => page.locator('.tl-label.row.thread .tl-name').allTextContents();
    await page.locator('.tl-tools input').fill('worker-1');
    await until(async () => (await names()).every(name => name.includes('worker-1')), 'fewer rows');
    await page.locator('.tl-tools input').fill('');
    await until(async () => (await names()).length > 1, 'all rows');
    const [first, second] = await names();
    await page.locator(`.tl-tool[aria-label="Hide ${first}"]`).first().focus();
    await page.keyboard.press('Enter');
    await until(async () => (await names())[0] !== first, 'one less');
    await page.getByRole('button', { name: /hidden/ }).click();
    await until(async () => (await names()).includes(first), 'it again');
    await page.locator(`.tl-tool[aria-label="Pin ${second}"]`).first().focus();
    await page.keyboard.press('Enter');
    await page.getByText('Pinned', { exact: true }).waitFor();
    const walker = page.locator('.tl-label.row.thread .tl-name').first();
    await walker.focus();
    await moved(page, () => page.keyboard.press('ArrowRight'));
    const one = fieldsOf(page).s;
    await moved(page, () => page.keyboard.press('ArrowRight'));
    assert.notEqual(fieldsOf(page).s, one);
    assert.match(one, /^item\./);
});

step('names go beneath the axis when rows are scrolled', async server => {
    const { page, box } = await opened(server);
    await page.locator('.tl-scroller').evaluate(scroller => (scroller.scrollTop = 200));
    await until(() => page.locator('.tl-scroller').evaluate(scroller => scroller.scrollTop > 0), 'another place');
    const corner = { x: box.x - 150, y: box.y + 2, width: 140, height: 20 };
    const before = await page.screenshot({ clip: corner });
    await page.locator('.tl-scroller').evaluate(scroller => (scroller.scrollTop = 207));
    await page.waitForTimeout(200);
    assert.ok(before.equals(await page.screenshot({ clip: corner })), 'nothing shows beside the axis');
});

step('what is still being read, and what cannot be, is said', async server => {
    const { page } = await opened(server);
    const answer = { done: 31e6, total: 92e6, known_to: 5e8, serial: 1, error: null };
    const progress = more =>
        page.route('**/api/progress**', async route => {
            await new Promise(done => setTimeout(done, 100)); // as the server waits for news
            await route.fulfill({ json: { ...answer, ...more } });
        });
    await progress({ state: 'building' });
    await page.reload();
    await page.waitForSelector('.tl-label.row');
    assert.match(await page.textContent('.reading'), /34 % of 92,000,000 events\. Until .* the picture is final/);
    await progress({ state: 'failed', error: 'shop.stall: its disk is gone' });
    await page.reload();
    await page.getByText('shop.stall: its disk is gone').waitFor();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
});

step('dragging moves the picture, the strip above chooses the view', async server => {
    const { page, box } = await opened(server);
    await moved(page, () => wheel(page, box.x + box.width / 2, box.y + 200, -400, 4));
    const before = viewOf(page);
    await page.mouse.move(box.x + 300, box.y + AXIS + 200);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + AXIS + 200, { steps: 4 });
    await moved(page, () => page.mouse.up());
    const after = viewOf(page),
        shift = (after.t0 - before.t0) / before.ns;
    assert.ok(Math.abs(shift - 100 / box.width) < 0.02, `${shift}`);
    const strip = await page.locator('.tl-overview canvas').boundingBox();
    await page.mouse.move(strip.x + strip.width * 0.02, strip.y + 20);
    await page.mouse.down();
    await page.mouse.move(strip.x + strip.width * 0.12, strip.y + 20, { steps: 4 });
    await moved(page, () => page.mouse.up());
    const { duration_ns: ns } = await await page.evaluate(async () => {
        const token = new URLSearchParams(location.hash.slice(1)).get('token');
        return (await fetch('/api/info', { headers: { Authorization: `Bearer ${token}` } })).json();
    });
    assert.ok(Math.abs(viewOf(page).ns / ns - 0.1) < 0.02, `${viewOf(page).ns}`);
});

/* ---- all of them, on one server and in one browser, each in a page of its own --------------------------------- */

await test('redis: a row for each thread', async () => {
    if (!trace('redis')) return;
    const server = await view(trace('redis'));
    await server.ready();
    await rows(server, 'redis');
});

await test('what a thread said is on its row, and what was lost is beside its name', async () => {
    const server = await view(trace('talker'));
    await server.ready();
    const { rows: all } = await server.json('/api/rows');
    const logs = all.find(row => row.kind === 'logs'),
        flood = all.find(row => row.name === 'flood' && row.kind === 'thread');
    assert.equal(logs.items, 4);
    assert.ok(flood.lost > 0, 'nothing was lost');
    const said = await server.json(`/api/item?row=${logs.id}&item=1`);
    assert.equal(said.what, 'log');
    assert.equal(said.says, 'cache miss 10: the key <b>of</b> it');
    const { page, box } = await opened(server);
    const label = page.locator('.tl-label.row.thread', { hasText: 'flood' });
    assert.match(await label.textContent(), /[\d,]+ lost/);
    assert.match(await label.locator('.tl-name').getAttribute('title'), /not known where/);
    const { y, height } = await page.locator('.tl-label.row.thread', { hasText: /^talker/ }).boundingBox();
    const { duration_ns: long } = await server.json('/api/info');
    const x = box.x + (said.from * box.width) / long;
    for (let below = height + 2; !page.url().includes(`s=item.${logs.id}.1`) && below < height + 40; below += 4)
        await page.mouse.click(x, y + below);
    await until(async () => (await page.textContent('.right h2')) === said.says, 'what was said');
    await shot(page, 'page-logs');
});

await test('the shop', async () => {
    const server = await view(trace('shop'));
    await server.ready();
    await rows(server, 'shop');
    for (const [name, what] of steps) {
        const begin = Date.now();
        try {
            await what(server);
        } catch (error) {
            error.message = `${name}: ${error.message}`;
            throw error;
        }
        console.log(`      ${name} (${Date.now() - begin} ms)`);
    }
});

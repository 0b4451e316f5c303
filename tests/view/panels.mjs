// The panels on real captures: findings, a request's parts, who waited for whom, locks, flames, threads, pauses, the
// file, a comparison. What the page says is held against what the server answers.
import { join } from 'node:path';

import { assert, fileUrl, open, run, scratch, shot, skip, test, trace, until, view } from './lib.mjs';

if (!trace('shop') || !trace('healthy')) skip('there is no capture (traces.sh)');

const fieldsOf = (page) => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)));
const textOf = (page, what) => page.locator(what).first().innerText();
const has = (page, what) => page.locator(what).first().waitFor();
const tab = async (page, name) => {
    await page.click(`[data-tab=${name}]`);
    await has(page, '.bottom .panel');
};

/* The page of a capture that was read, with its first finding chosen where it has one. */
async function opened(name, { words = [], ...options } = {}) {
    const server = await view(trace(name), ...words);
    await server.ready();
    const page = await open(server, { viewport: { width: 1500, height: 950 }, ...options });
    await has(page, '.left .caption');
    return { server, page };
}

/* Column of a table as numbers of a thousandth: "89.0 %" is 890. */
async function thousandths(page, cells) {
    const texts = await page.locator(cells).allInnerTexts();
    return texts.map((text) => Math.round(parseFloat(text) * 10));
}

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

/* ---- findings ----------------------------------------------------------------------------------------------- */

await test('the first finding is chosen, the picture is there, and the right side says who waited for whom', async () => {
    const { server, page } = await opened('shop');
    await has(page, '.finding.chosen');
    assert.match(await textOf(page, '.finding.chosen .title'), /cart_lock/);
    await has(page, '.headline');
    assert.match(await textOf(page, '.headline'), /^[\d.]+ m?s for cart_lock/);
    const report = await server.json('/api/report'), info = await server.json('/api/info');
    assert.ok(report.findings[0].text[0].includes((await textOf(page, '.finding.chosen .title')).replace(/^1\s+/, '')));
    await until(() => fieldsOf(page).s?.startsWith('item.'), 'the selection in the address');
    const [t0, t1] = fieldsOf(page).v.split('-').map(Number);
    const { see } = report.findings[0];
    assert.ok(t0 <= see.from_ns - info.first_ns && see.to_ns - info.first_ns <= t1, 'its longest wait is in view');
    assert.ok(t1 - t0 < info.duration_ns / 2, 'and not much else');
    const steps = await page.locator('.steps > li').allInnerTexts();
    assert.ok(steps.length >= 2, 'who held it is there');
    assert.doesNotMatch(steps[1], /idle/, 'who had it did something');
    await shot(page, 'panels-finding');
});

await test('a click on a finding goes to its moment, Back returns', async () => {
    const { page } = await opened('shop');
    await has(page, '.finding.chosen');
    await until(() => fieldsOf(page).s, 'a selection');
    const first = fieldsOf(page);
    const others = page.locator('.finding:not(.chosen) .whole');
    if ((await others.count()) === 0) return;
    await others.first().click();
    await until(() => fieldsOf(page).v !== first.v, 'another view');
    assert.equal(await page.locator('.finding.chosen').count(), 1);
    await page.goBack();
    await until(() => fieldsOf(page).v === first.v && fieldsOf(page).s === first.s, 'the view before');
    await until(async () => /cart_lock/.test(await textOf(page, '.finding.chosen .title')), 'its card');
});

await test('a healthy one says what was seen', async () => {
    const { server, page } = await opened('healthy');
    const report = await server.json('/api/report');
    if (report.findings.length) return; // others had the CPUs
    await has(page, '.no-findings');
    const said = await textOf(page, '.no-findings');
    for (const word of ['requests', 'p50', 'p99', 'max', 'events lost', 'stallmark rules']) assert.ok(said.includes(word), word);
    await shot(page, 'panels-healthy');
});

/* ---- a request ---------------------------------------------------------------------------------------------- */

await test('the slowest request: its parts add up, beside a normal one at the same scale; its chain leads to who held the lock', async () => {
    const { server, page } = await opened('shop');
    await tab(page, 'requests');
    await page.locator('.panel.requests tbody .quiet').first().click();
    await has(page, '.parts tfoot');
    const { requests } = await server.json('/api/requests?sort=slowest&limit=1&offset=0');
    const { process, id } = requests[0];
    await until(() => fieldsOf(page).s === `request.${process}.${id}`, 'the slowest in the address');
    const answer = await server.json(`/api/request?process=${process}&id=${id}`);
    assert.equal(sum(answer.request.parts.map((part) => part.ns)), answer.request.duration_ns);
    assert.equal(sum(await thousandths(page, '.parts tbody td.faint.num')), 1000, 'the shares that are shown');
    assert.equal(await textOf(page, '.parts tfoot td.faint'), '100.0 %');
    const widths = await page.evaluate(() => [...document.querySelectorAll('.request-parts .stack')].map((bar) =>
        [...bar.children].reduce((all, part) => all + part.getBoundingClientRect().width, 0) / bar.getBoundingClientRect().width));
    assert.ok(Math.abs(widths[0] - 1) < 0.01, 'the bar is full');
    const share = answer.normal.duration_ns / answer.request.duration_ns;
    assert.ok(Math.abs(widths[1] - Math.min(share, 1)) < 0.01, 'the normal one is drawn at the same scale');
    assert.match(await textOf(page, '.details .sentence'), /longer than a normal one; .* of that is lock cart_lock/);
    await shot(page, 'panels-request');
    // Its chain, by clicks to who held the lock.
    await page.locator('.chain .quiet').first().click();
    await until(() => fieldsOf(page).s?.startsWith('item.'), 'a wait');
    assert.match(await textOf(page, '.headline'), /for cart_lock/);
    const [, row] = fieldsOf(page).s.split('.');
    await has(page, '.steps > li:nth-child(2) .who');
    await page.locator('.steps > li:nth-child(2) .who').click();
    await until(() => fieldsOf(page).s.split('.')[1] !== row, 'the row of who held it');
    await has(page, '.everybody');
});

await test('everybody at an instant is every thread, and a click goes there', async () => {
    const { server, page } = await opened('shop');
    await has(page, '.everybody');
    const shut = page.locator('.everybody .who[aria-expanded=false]');
    while ((await shut.count()) > 0) await shut.first().click();
    const said = await page.locator('.everybody .who:not([aria-expanded])').allInnerTexts();
    const rows = (await server.json('/api/rows')).rows.filter((row) => row.kind === 'thread');
    assert.deepEqual([...said].sort(), rows.map((row) => row.name).sort());
    const before = fieldsOf(page).s;
    await page.locator('.everybody .who:not([aria-expanded])').last().click();
    await until(() => fieldsOf(page).s !== before, 'another selection');
});

/* ---- choosing requests -------------------------------------------------------------------------------------- */

/* Where it is when nothing above it moves any more. */
async function restingBox(page, selector) {
    await has(page, selector);
    const at = page.locator(selector);
    let before = null;
    return until(async () => {
        await at.scrollIntoViewIfNeeded();
        const box = await at.boundingBox(),
            same = JSON.stringify(box) === before;
        before = JSON.stringify(box);
        if (!same) await page.waitForTimeout(300);
        return same && box;
    }, `${selector} at rest`);
}

const pages = (page) => textOf(page, '.pages .num');
const totalOf = (text) => Number(text.replace(/^.* of /, '').replaceAll(',', ''));

await test('a box around points makes a table of these requests, a drag over the latencies limits it', async () => {
    const { server, page } = await opened('shop');
    await has(page, '.finding.chosen');
    const box = await restingBox(page, '.scatter canvas');
    await page.mouse.move(box.x + 5, box.y + 1);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.3, { steps: 4 });
    await page.mouse.up();
    await has(page, '.chip');
    const all = (await server.json('/api/requests?limit=1&offset=0')).total;
    const total = totalOf(await until(async () => ((await pages(page)).includes(' of ') ? pages(page) : null), 'a table'));
    assert.ok(total > 0 && total < all, `${total} of ${all}`);
    await page.click('.limits >> text=all requests');
    await until(async () => totalOf(await pages(page)) === all, 'all of them');
    // A drag over the latencies limits it to these.
    const bars = await restingBox(page, '.panel.requests .histogram svg');
    await page.mouse.move(bars.x + bars.width * 0.6, bars.y + 40);
    await page.mouse.down();
    await page.mouse.move(bars.x + bars.width - 1, bars.y + 40, { steps: 4 });
    await page.mouse.up();
    await has(page, '.chip');
    await until(async () => totalOf(await pages(page)) < all, 'fewer');
    await page.selectOption('.limits select', { index: 1 });
    await until(async () => new Set(await page.locator('.panel.requests tbody td:nth-child(2)').allInnerTexts()).size === 1, 'one route');
});

/* ---- the tabs ----------------------------------------------------------------------------------------------- */

await test('each tab: locks and their longest wait, flame graph, threads, scheduler, pauses, event loops, the file', async () => {
    const { server, page } = await opened('shop');
    await tab(page, 'locks');
    const row = page.locator('.panel table.sorted tbody tr').first();
    assert.match(await row.innerText(), /cart_lock/);
    const longest = await row.locator('button').innerText();
    await row.locator('button').click();
    await until(async () => (await textOf(page, '.headline')) === `${longest} for cart_lock`, `${longest} for cart_lock`);
    await shot(page, 'panels-locks');
    // A flame graph is searched and enlarged by keys.
    await tab(page, 'flame');
    await has(page, '.flame canvas');
    await page.fill('.limits input[type=search]', 'render_log');
    await until(async () => /render_log: [\d.]+ m?s, [\d.]+ %/.test(await textOf(page, '.panel strong')), 'what was found');
    await page.focus('.flame canvas');
    const all = await textOf(page, '.flame-says');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await until(async () => (await textOf(page, '.flame-says')) !== all, 'another function');
    await page.keyboard.press('Enter');
    await has(page, 'text=show all');
    await page.keyboard.press('Escape');
    await shot(page, 'panels-flame');
    await page.click('.choice >> text=on CPU');
    await until(async () => /samples|No CPU sample/.test(await textOf(page, '.panel')), 'samples, or a word about them');
    // Threads: all of them, sorted by what is asked.
    await tab(page, 'threads');
    await has(page, '.panel tbody tr');
    const rows = (await server.json('/api/rows')).rows.filter((row) => row.kind === 'thread');
    assert.equal(await page.locator('.panel tbody tr').count(), rows.length);
    await page.click('.panel th .sort >> text=thread');
    const names = await page.locator('.panel tbody th').allInnerTexts();
    assert.deepEqual(names, [...names].sort((a, b) => a.localeCompare(b)));
    await shot(page, 'panels-threads');
    // The others say what they know and what they do not.
    const report = await server.json('/api/report');
    await tab(page, 'scheduler');
    assert.match(await textOf(page, '.panel'), /ready without one/);
    assert.ok((await textOf(page, '.panel')).includes(report.capture.scheduler));
    await tab(page, 'pauses');
    await until(async () => /THE LONGEST/i.test(await textOf(page, '.panel')), 'pauses');
    await tab(page, 'loops');
    assert.match(await textOf(page, '.panel'), /LOOP DELAY/i);
    await tab(page, 'file');
    const said = await textOf(page, '.panel');
    for (const word of ['events lost', 'own cost', '±', 'scheduler', report.capture.process]) assert.ok(said.includes(word), word);
    await shot(page, 'panels-file');
});

await test('tabs are reached by keys; without an earlier trace the comparison says how to get one', async () => {
    const { page } = await opened('shop');
    await tab(page, 'diff');
    assert.match(await textOf(page, '.bottom .body'), /stallmark view --before/);
    await page.focus('[data-tab=requests]');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await until(() => fieldsOf(page).p === 'locks', 'the next tab');
});

await test('a comparison says what the command line says', async () => {
    const { server, page } = await opened('shop', { words: ['--before', trace('healthy')] });
    await tab(page, 'diff');
    await has(page, '.fates');
    const diff = await server.json('/api/diff');
    const fates = await page.locator('.fate').allInnerTexts();
    assert.equal(fates.length, diff.findings.length);
    assert.ok(fates.some((text) => /^new/.test(text) && text.includes('cart_lock')), fates.join('\n'));
    assert.ok((await textOf(page, '.panel.diff')).includes(`${diff.changed} of ${diff.compared} figures`));
    await shot(page, 'panels-diff');
});

/* ---- a stretch of time -------------------------------------------------------------------------------------- */

await test('a stretch of time: what it was adds up, and its flame graph is its own', async () => {
    const { page } = await opened('shop', { hash: '&s=range.500000000.900000000' });
    await has(page, '.parts tbody tr');
    assert.equal(await textOf(page, '.headline'), '400 ms');
    assert.equal(sum(await thousandths(page, '.right .parts tbody td.faint:nth-child(3)')), 1000);
    await page.click('.turn >> text=flame graph');
    await has(page, '.flame canvas');
    assert.match(await textOf(page, '.limits'), / to /);
    await shot(page, 'panels-range');
});

/* ---- without a server --------------------------------------------------------------------------------------- */

await test('an exported page shows its first finding as the viewer does', async () => {
    const file = join(scratch(), 'shop.html');
    const said = await run('export', '--format', 'html', '-o', file, trace('shop'));
    assert.equal(said.code, 0, said.err);
    const page = await open(fileUrl(file), { viewport: { width: 1500, height: 950 } });
    await has(page, '.finding.chosen');
    await has(page, '.headline');
    assert.match(await textOf(page, '.headline'), /for cart_lock/);
    await has(page, '.everybody li');
    await tab(page, 'requests');
    await page.locator('.panel.requests tbody .quiet').first().click();
    await has(page, '.parts tfoot');
});

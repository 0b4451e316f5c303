// Who has no mouse: fingers on the timeline, and what a screen reader is told, as Chromium's own tree of it says.
import { assert, open, skip, test, trace, until, view } from './lib.mjs';

if (!trace('shop')) skip('there is no capture (traces.sh)');

const CANVAS = '.tl-sticky canvas';
const QUIET = '&at=1'; // the first finding does not choose the view

function viewOf(page) {
    const [t0, t1] = (new URLSearchParams(new URL(page.url()).hash.slice(1)).get('v') || '').split('-').map(Number);
    return { t0, t1, ns: t1 - t0 };
}

/* ---- fingers -------------------------------------------------------------------------------------------------- */

await test('two fingers zoom, the one that stays pans, a tap selects', async () => {
    const server = await view(trace('shop'));
    await server.ready();
    const page = await open(server, { hash: QUIET, context: { hasTouch: true } });
    await page.waitForSelector('.tl-label.row');
    const box = await page.locator(CANVAS).boundingBox(),
        y = box.y + 200;
    await page.evaluate(() => {
        window.fingers = [];
        document.addEventListener('pointerdown', event => window.fingers.push(event.pointerId), true);
    });
    const session = await page.context().newCDPSession(page);
    const touch = (type, ...places) =>
        session.send('Input.dispatchTouchEvent', { type, touchPoints: places.map((x, id) => ({ x: box.x + x, y, id })) });
    /* The address has the view when it has come to rest. */
    const rested = async before => {
        await until(() => viewOf(page).t0 !== before.t0 || viewOf(page).ns !== before.ns, 'another view');
        await page.waitForTimeout(400);
        return viewOf(page);
    };
    const all = viewOf(page).ns || (await server.json('/api/info')).duration_ns;
    await touch('touchStart', 300, 400);
    for (let i = 1; i <= 10; i++) await touch('touchMove', 300 - 15 * i, 400 + 15 * i);
    const zoomed = await rested({});
    assert.ok(Math.abs(all / zoomed.ns - 4) < 0.2, `fingers four times as far apart: ${all / zoomed.ns} times as near`);
    const still = zoomed.t0 + (zoomed.ns * 350) / box.width;
    assert.ok(Math.abs(still / ((all * 350) / box.width) - 1) < 0.02, 'what is between the fingers stays there');
    await page.evaluate(selector => { // one alone cannot be lifted from here
        const canvas = document.querySelector(selector);
        canvas.dispatchEvent(new PointerEvent('pointerup', { pointerId: window.fingers[1], bubbles: true }));
    }, CANVAS);
    await touch('touchMove', 250, 550);
    const panned = await rested(zoomed);
    assert.ok(Math.abs(panned.ns / zoomed.ns - 1) < 1e-3, 'panning does not zoom');
    assert.ok(Math.abs((zoomed.t0 - panned.t0) / ((zoomed.ns * 100) / box.width) - 1) < 0.05, 'it follows the finger');
    await touch('touchEnd');
    const label = await page.locator('.tl-label.row', { hasText: 'worker-1' }).first().boundingBox();
    await page.touchscreen.tap(box.x + 300, label.y + label.height / 2);
    await until(() => /[&#]s=item/.test(page.url()), 'a selection');
});

/* ---- a screen reader ------------------------------------------------------------------------------------------- */

const NAMED = ['button', 'tab', 'tabpanel', 'combobox', 'searchbox', 'image', 'table', 'columnheader', 'rowheader',
    'separator', 'dialog', 'heading', 'complementary', 'region', 'navigation', 'group', 'link'];

/* What a screen reader is told: {role, name, properties}, in its order. */
async function told(page) {
    const session = await page.context().newCDPSession(page);
    const { nodes } = await session.send('Accessibility.getFullAXTree');
    return nodes
        .filter(node => !node.ignored && node.role)
        .map(node => ({
            role: node.role.value,
            name: node.name ? node.name.value : '',
            is: Object.fromEntries((node.properties || []).map(one => [one.name, one.value.value])),
        }));
}

await test('everything that can be used has a name and a role, in every panel', async () => {
    const server = await view(trace('shop'), '--before', trace('healthy'));
    await server.ready();
    const page = await open(server);
    await until(() => page.locator('.finding.chosen').count(), 'the first finding');
    await page.waitForSelector('.everybody');
    const tabs = await page.getByRole('tab').allTextContents();
    assert.ok(tabs.length >= 9, String(tabs));
    for (const tab of tabs) {
        await page.getByRole('tab', { name: tab }).click();
        await until(() => page.locator('.bottom .panel').count(), tab);
        const all = await told(page);
        const nameless = all.filter(one => NAMED.includes(one.role) && !one.name.trim());
        assert.deepEqual(nameless, [], `${tab}: what has no name`);
        const chosen = all.filter(one => one.role === 'tab' && one.is.selected);
        assert.deepEqual(chosen.map(one => one.name), [tab], 'the tab that is open');
        for (const panel of all.filter(one => one.role === 'tabpanel')) assert.equal(panel.name, tab);
    }
    const all = await told(page);
    for (const role of ['banner', 'main', 'complementary', 'tablist', 'table'])
        assert.ok(all.some(one => one.role === role), `there is no ${role}`);
    assert.ok(all.some(one => one.role === 'heading' && / for cart_lock$/.test(one.name)), 'what is selected is a heading');
    assert.ok(all.some(one => one.role === 'button' && one.is.pressed === 'true' && /^1 cart_lock/.test(one.name)));
    assert.deepEqual(all.filter(one => one.role !== 'StaticText' && /[▾▸]/u.test(one.name)), [], 'signs are not read out');
});

await test('the keyboard reaches it in the order in which it stands', async () => {
    const server = await view(trace('shop'));
    await server.ready();
    const page = await open(server, { hash: QUIET });
    await page.waitForSelector('.tl-label.row');
    await page.evaluate(() => document.activeElement.blur());
    const places = [];
    for (let i = 0; i < 400 && !places.includes('bottom'); i++) {
        await page.keyboard.press('Tab');
        const place = await page.evaluate(() => {
            const at = document.activeElement,
                named = at.closest('.head, .left, .middle, .right, .bottom');
            if (!at.matches(':focus-visible')) return 'unseen';
            return named ? named.className.split(' ').find(word => /^(head|left|middle|right|bottom)$/.test(word)) : 'none';
        });
        if (places[places.length - 1] !== place) places.push(place);
    }
    assert.deepEqual(places, ['head', 'left', 'middle', 'right', 'bottom']);
});

// The pictures of the viewer (make.sh): opens each capture in Chromium, and keeps what is seen.
import { join } from 'node:path';

import { open, until, view } from '../../tests/view/lib.mjs';

const [from, to] = process.argv.slice(2);
const SIZE = { width: 1400, height: 880 };
const PANELS = { Requests: 'requests', 'Locks and waits': 'locks', 'Flame graph': 'flame', Threads: 'threads', Scheduler: 'scheduler',
    Pauses: 'pauses', 'Event loops': 'loops', File: 'file', Compare: 'compare' };

/* The file's has the program's path, which is Debian's. */
const OF_REDIS = ['Pauses', 'Event loops', 'File'];

async function settled(page) {
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(700);
}

async function keep(page, name) {
    await settled(page);
    await page.screenshot({ path: join(to, `viewer${name ? `-${name}` : ''}.png`) });
}

/* Opened and read; `look` is given the page. */
async function shown(name, options, look) {
    const { words = [], ...rest } = options;
    const server = await view(join(from, `${name}.stall`), ...words);
    await server.ready();
    const page = await open(server, { viewport: SIZE, ...rest });
    await page.waitForSelector('.tl-label.row');
    await settled(page);
    await look(page, server);
    await page.context().close();
    await server.stop();
}

/* The slowest request is selected, and in view. */
async function slowest(page) {
    await page.click('.tl-label.request .tl-name');
    await page.keyboard.press('z');
    await until(() => page.locator('.right .parts').count(), 'its parts');
}

await shown('shop', { words: ['--before', join(from, 'healthy.stall')] }, async page => {
    await keep(page, '');
    for (const [tab, name] of Object.entries(PANELS)) {
        if (OF_REDIS.includes(tab)) continue;
        await page.getByRole('tab', { name: tab }).click();
        await keep(page, name);
    }
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Close the panel' }).click().catch(() => {});
    await slowest(page);
    await keep(page, 'request');
});
await shown('redis', { dark: true }, async page => {
    await slowest(page);
    await keep(page, 'redis-dark');
});
await shown('redis', {}, async page => {
    for (const tab of OF_REDIS) {
        await page.getByRole('tab', { name: tab }).click();
        await keep(page, PANELS[tab]);
    }
});
await shown('nginx', {}, page => keep(page, 'healthy'));
process.exit();

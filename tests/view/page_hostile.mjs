// Names that would be markup, scripts and tricks are text (facts of the format: they are somebody else's), in the rows,
// the search, the tooltip and the pictures; and damaged files open as far as they are sound, or say what is wrong.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { assert, open, scratch, shot, test, until, view } from './lib.mjs';

function hostileFiles() {
    const directory = scratch();
    execFileSync(join(process.env.SMK_BUILD, 'tests/gen/hostile'), [directory], { stdio: 'ignore' });
    return name => join(directory, `${name}.stall`);
}

async function opened(path) {
    const server = await view(path);
    await server.ready();
    const page = await open(server);
    await page.waitForSelector('.tl-label.row, .state:not([role=status])');
    return { server, page };
}

/* Nothing of the trace became an element or ran. */
async function assertOnlyText(page) {
    const found = await page.evaluate(() => ({
        images: document.querySelectorAll('img').length,
        scripts: [...document.scripts].filter(one => !/\/viewer\.js$/.test(one.src)).length,
        handlers: [...document.querySelectorAll('*')].filter(one =>
            one.getAttributeNames().some(name => name.startsWith('on')),
        ).length,
        links: [...document.querySelectorAll('a[href]')].filter(one => /^javascript:/i.test(one.getAttribute('href')))
            .length,
        turned: /[\u202a-\u202e\u2066-\u2069]/.test(document.body.textContent),
    }));
    assert.deepEqual(found, { images: 0, scripts: 0, handlers: 0, links: 0, turned: false });
}

await test('hostile names are text', async () => {
    const { server, page } = await opened(hostileFiles()('names'));
    const { rows } = await server.json('/api/rows');
    const wild = rows.map(row => row.name).find(name => /[<>"]/.test(name));
    assert.ok(wild, 'the file has such names');
    await until(async () => (await page.textContent('body')).includes('<'), 'a name');
    await assertOnlyText(page);
    await page.keyboard.press('/');
    await page.keyboard.type('<');
    await page.waitForSelector('.hits li');
    await page.waitForTimeout(400);
    await assertOnlyText(page);
    await page.keyboard.press('Escape');
    const box = await page.locator('.tl-sticky canvas').boundingBox();
    for (let y = 40; y < 200; y += 12) {
        await page.mouse.move(box.x + box.width / 2, box.y + y);
        await page.mouse.click(box.x + box.width / 2, box.y + y);
        await assertOnlyText(page);
    }
    await shot(page, 'page-hostile');
    const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'SVG', exact: true }).click(),
    ]);
    const svg = readFileSync(await download.path(), 'utf8');
    assert.ok(!/<script|<img|onerror=/i.test(svg.replace(/&#\d+;/g, '')) || !/<(script|img)/i.test(svg));
});

await test('damaged and immense files open as far as they are sound', async () => {
    const file = hostileFiles();
    for (const name of ['name_of_100_kb', 'ends_of_time', 'thousand_processes', 'second_cut', 'empty_events']) {
        const { page } = await opened(file(name));
        await page.keyboard.press('f');
        await page.keyboard.press('w');
        await assertOnlyText(page);
        await shot(page, `page-${name}`);
        await page.context().close();
    }
});

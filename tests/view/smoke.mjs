// The page opens, on captures of two servers, and asks nobody but its own server.
import { assert, open, shot, skip, takeViolations, test, trace, until, view } from './lib.mjs';

if (!trace('shop')) skip('there is no capture (traces.sh)');

for (const name of ['shop', 'redis'].filter(trace))
    for (const dark of [false, true])
        await test(`${name} opens ${dark ? 'dark' : 'light'}`, async () => {
            const server = await view(trace(name));
            const page = await open(server, { dark });
            await until(async () => (await page.textContent('body')).includes(name), 'its name');
            assert.ok(!page.url().includes(server.token) || page.url().startsWith(server.origin));
            await shot(page, `smoke-${name}-${dark ? 'dark' : 'light'}`);
        });

await test('the token alone opens the door', async () => {
    const server = await view(trace('shop'));
    const page = await open(server.origin + '/', { allow: /401|the token/ });
    await until(async () => /token|address/.test(await page.textContent('body')), 'a word about the token');
});

await test('a page of somebody else learns nothing', async () => {
    const server = await view(trace('shop'));
    const page = await open('about:blank');
    const answer = await page.evaluate(async (origin) => {
        try {
            return (await fetch(`${origin}/api/info`)).status;
        } catch (error) {
            return String(error);
        }
    }, server.origin);
    assert.match(String(answer), /Failed to fetch/);
    takeViolations();
});

await test('what a harness must see, it sees', async () => {
    const server = await view(trace('shop'));
    const page = await open(server);
    await page.evaluate(() => {
        fetch('http://127.0.0.1:1/elsewhere').catch(() => {});
        document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.inline = 1' }));
        document.body.insertAdjacentHTML('beforeend', '<p style="color: red">x</p>');
    });
    await until(() => page.evaluate(() => true));
    await page.waitForTimeout(100);
    const seen = takeViolations().join('\n');
    assert.equal(await page.evaluate(() => window.inline), undefined);
    assert.match(seen, /policy: connect-src/);
    assert.match(seen, /policy: script-src/);
    assert.match(seen, /policy: style-src/);
});

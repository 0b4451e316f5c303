// The control page at /debug/, in the agent of a shop under load: armed, watched, stopped, downloaded; a rule tried, set,
// and fired; with a token; and names of a hostile program as text.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, atEnd, open, run, scratch, shot, test, until } from './lib.mjs';

const build = process.env.SMK_BUILD;

function started(program, words, environment, line) {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
    atEnd(() => new Promise((done) => { child.on('close', done); child.kill('SIGTERM'); }));
    return new Promise((resolve, reject) => {
        let said = '';
        child.stdout.on('data', (piece) => {
            said += piece;
            if (line.test(said)) resolve(said);
        });
        child.on('close', (code) => reject(new Error(`${program} ended (${code})`)));
    });
}

/** A shop whose cart is locked over a flush: {debug, port}. */
async function shop(environment = {}, ...words) {
    const directory = scratch();
    const said = await started(join(build, 'examples/shop'),
        ['--port', '0', '--debug', '127.0.0.1:0', '--log', join(directory, 'log'), '--fault', 'cart-lock', ...words],
        { STALLMARK_DIRECTORY: directory, STALLMARK_SOCKET: join(directory, 'agent.sock'), ...environment }, /^shop: http.*$/m);
    return { debug: said.match(/tracer on (http:\S+)/)[1], port: said.match(/^shop: http:\/\/127.0.0.1:(\d+)/m)[1] };
}

function load(port) {
    const child = spawn(join(build, 'tests/examples/load'), [port, '8', '/cart?item=1', '/product', '/checkout'], { stdio: 'ignore' });
    atEnd(() => new Promise((done) => { child.on('close', done); child.kill('SIGTERM'); }));
}

const part = (page, name) => page.click(`nav >> text=${name}`);
const press = (page, name) => page.click(`button:text-is("${name}"):visible`);
const text = (page) => page.innerText('#page');
const says = (page, pattern) => until(async () => pattern.test(await text(page)), `'${pattern}'`);

await test('armed, watched, stopped, reported, downloaded, deleted', async () => {
    const { debug, port } = await shop();
    load(port);
    const page = await open(debug);
    await says(page, /disarmed/);
    await press(page, 'What would it cost?');
    await says(page, /About [\d,]+ events a second/);
    await page.fill('#arm-duration', '60s');
    await press(page, 'Trace');
    await says(page, / of 60\.0 s · [1-9][\d,]* events/);
    await shot(page, 'control-arm');
    await press(page, 'Stop');
    await says(page, /stopped\s+[\d.]+ (KiB|MiB)/);
    await press(page, 'Report');
    await until(async () => /cart_lock/.test(await page.textContent('.report pre')), 'the report');
    await shot(page, 'control-report');
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download')]);
    const file = join(scratch(), download.suggestedFilename());
    await download.saveAs(file);
    const checked = await run('check', file);
    assert.equal(checked.code, 0, checked.out + checked.err);
    await press(page, 'Delete');
    await press(page, 'Really delete');
    await says(page, /None yet/);
});

await test('what is wrong is said, and arms nothing', async () => {
    const { debug } = await shop();
    const page = await open(debug, { allow: /400/ });
    await says(page, /disarmed/);
    await page.fill('#arm-duration', '5 parsecs');
    await press(page, 'Trace');
    await says(page, /duration is '5 parsecs'/);
    await says(page, /None yet/);
});

await test('a limit that is met is said, and is no matter of tokens', async () => {
    const { debug } = await shop({ STALLMARK_DAY_BYTES: '256KiB' });
    const page = await open(debug, { allow: /429/ });
    await says(page, /disarmed/);
    await page.fill('#arm-duration', '60s');
    await press(page, 'Trace');
    await press(page, 'Stop');
    await says(page, /stopped/);
    await press(page, 'Trace');
    await says(page, /day_bytes: of 256KiB/);
    assert.equal(await page.isVisible('#token'), false);
});

await test('an answer that is not understood, and one that does not come, do not end it', async () => {
    const { debug } = await shop();
    const page = await open(debug, { allow: /ERR_/ });
    await says(page, /disarmed/);
    await page.route('**/debug/trace/status', (route) => route.fulfill({ json: {} }), { times: 1 });
    await says(page, /not understood/);
    await says(page, /disarmed/);
    await page.route('**/debug/trace/status', () => {}, { times: 1 });
    await says(page, /no answer/);
    await says(page, /disarmed/);
});

await test('a rule is tried, refused with its place, set, fires, and is removed', async () => {
    const { debug, port } = await shop();
    load(port);
    const page = await open(debug, { allow: /400/ });
    await part(page, 'Rules');
    await says(page, /None is set/);
    await page.fill('#rule-text', 'when request > 5 parsecs');
    await press(page, 'Set');
    await until(async () => /^ +\^ character/m.test(await page.textContent('pre.bad')), 'the place');
    await page.fill('#rule-text', 'when request > 1ms on "GET /cart*" then snapshot after 10ms');
    await press(page, 'Set');
    await says(page, /It is set/);
    await says(page, /cooling down, [\d.]+ s more/);
    await says(page, /fired\s+GET \/cart (took|has been)/);
    await press(page, 'Try on the last hour');
    await says(page, /it would have fired/);
    await shot(page, 'control-rules');
    await part(page, 'Captures');
    await says(page, /complete\s+[\d.]+ KiB/);
    await part(page, 'Requests');
    await says(page, /GET \/cart/);
    await shot(page, 'control-requests');
    await part(page, 'Threads');
    await says(page, /worker-1/);
    await shot(page, 'control-threads');
    await part(page, 'Cost');
    await page.click('text=limits in force');
    await says(page, /loop_stall/);
    await shot(page, 'control-cost');
    await part(page, 'Rules');
    await press(page, 'Remove');
    await says(page, /None is set/);
});

await test('with a token: asked for, kept in memory, tickets for downloads', async () => {
    const directory = scratch(), token = 'control-token-0123456789';
    writeFileSync(join(directory, 'token'), token, { mode: 0o600 });
    const { debug } = await shop({ STALLMARK_TOKEN_FILE: join(directory, 'token') });
    const page = await open(debug, { allow: /401/ });
    await page.waitForSelector('#token');
    await page.fill('#token', 'wrong-token-0123456789');
    await page.click('text=Open');
    await says(page, /this token opens nothing/);
    await page.fill('#token', token);
    await page.click('text=Open');
    await says(page, /disarmed/);
    assert.ok(!page.url().includes(token));
    assert.equal(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie])), '[{},{},""]');
    await page.fill('#arm-duration', '50ms');
    await press(page, 'Trace');
    await says(page, /its time was over/);
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download')]);
    assert.match(new URL(download.url()).search, /^\?ticket=[0-9a-f]{32}$/);
    const file = join(scratch(), 'file.stall');
    await download.saveAs(file);
    assert.equal(readFileSync(file).subarray(0, 4).length, 4);
    assert.equal((await fetch(download.url())).status, 401);
    await page.reload();
    await page.waitForSelector('#token');
});

await test('names of a hostile program are text', async () => {
    const { debug } = await shop();
    const page = await open(debug, { allow: /40\d/ });
    await says(page, /disarmed/);
    await page.fill('#arm-name', '<img src=x onerror=alert(1)>');
    await page.fill('#arm-duration', '<b>5s</b>');
    await press(page, 'Trace');
    await says(page, /duration is '<b>5s<\/b>'/);
    await part(page, 'Rules');
    await page.fill('#rule-text', 'when request > 5ms on "<img src=x onerror=alert(1)>"');
    await press(page, 'Set');
    await says(page, /<img src=x onerror=alert\(1\)>/);
    assert.equal(await page.$('#page img'), null);
});

// `stallmark export --format html`: one file that opens from the disk, asks nobody for anything, runs no script but its
// own, and shows what the viewer shows.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { assert, fileUrl, open, run, shot, skip, test, trace, until, view } from './lib.mjs';

if (!trace('shop')) skip('there is no capture (traces.sh)');

const dataOf = (file) =>
    JSON.parse(/<script type="application\/json" id="trace-data">([^]*?)<\/script>/.exec(readFileSync(file, 'utf8'))[1]);
const bytesOf = (data, name) => gunzipSync(Buffer.from(data[name], 'base64'));
const jsonOf = (data, name) => JSON.parse(bytesOf(data, name).toString());

const directory = mkdtempSync(join(tmpdir(), 'stallmark-html-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

/* Each is made once. */
const made = new Map();
async function exported(name, ...words) {
    const key = [name, ...words].join(' ');
    if (!made.has(key)) {
        const file = join(directory, `${made.size}.html`);
        const said = await run('export', trace(name), '--format', 'html', '-o', file, ...words);
        assert.equal(said.code, 0, said.err);
        made.set(key, { file, ...said });
    }
    return made.get(key);
}

await test('it opens from the disk and shows the cause', async () => {
    const { file } = await exported('shop', '--before', trace('healthy'));
    const page = await open(fileUrl(file));
    await until(async () => (await page.textContent('body')).includes('cart_lock made GET /cart slow'), 'the finding');
    const canvases = await page.$$('canvas');
    assert.ok(canvases.length > 0, 'there is no timeline');
    await shot(page, 'html-shop');
});

await test('it says the same as the server', async () => {
    const { file } = await exported('shop', '--before', trace('healthy'));
    const data = dataOf(file);
    const server = await view(trace('shop'));
    await server.ready();
    for (const path of ['/api/rows', '/api/report', '/api/pauses', '/api/flame?kind=off'])
        assert.deepEqual(jsonOf(data, path), await server.json(path), path);
    // A tile of all rows is what the server says for them.
    const { rows } = await server.json('/api/rows'), info = jsonOf(data, '/api/info');
    const ids = rows.map((row) => row.id).slice(0, 200).join(',');
    assert.ok(rows.length <= 200, 'more rows than this asks for at once');
    for (const level of [info.level_max, info.level_min]) {
        const name = `/api/tiles?level=${level}&tile=0`;
        const answer = await server.ask(`${name}&rows=${ids}`);
        assert.ok(bytesOf(data, name).equals(Buffer.from(await answer.arrayBuffer())), name);
    }
    const items = Object.keys(data).filter((name) => name.startsWith('/api/item?'));
    assert.ok(items.length > 100, `${items.length} waits can be clicked on`);
    for (const name of items.slice(0, 5)) assert.deepEqual(jsonOf(data, name), await server.json(name), name);
    const requests = Object.keys(data).filter((name) => name.startsWith('/api/request?'));
    assert.ok(requests.length >= 3, `${requests.length} requests can be opened`);
    assert.equal(jsonOf(data, requests[0]).schema, 'stallmark.request/1');
    assert.deepEqual(info.files, ['shop.stall'], 'where it lay is said');
});

await test('names are found and stretches added up out of the picture', async () => {
    const { file } = await exported('shop', '--before', trace('healthy'));
    const server = await view(trace('shop'));
    await server.ready();
    const { duration_ns: all } = await server.json('/api/info');
    const [t0, t1] = [Math.round(all * 0.3), Math.round(all * 0.6)];
    const { rows } = await server.json('/api/rows');
    const threads = rows.filter((row) => row.kind === 'thread').map((row) => row.id);
    const exact = await server.json(`/api/sums?t0=${t0}&t1=${t1}&rows=${threads}`);
    const page = await open(fileUrl(file), { hash: `#s=range.${t0}.${t1}` });
    await until(async () => (await page.textContent('.right')).includes('Threads that waited most'), 'the sums');
    const shares = Object.fromEntries(await page.$$eval('.right .parts tbody tr', (list) => list.map((tr) =>
        [tr.children[0].textContent.trim(), parseFloat(tr.children[2].textContent)])));
    const sum = (list) => list.reduce((n, one) => n + one.ns, 0);
    const lock = exact.all.sums.filter((one) => one.kind === 'lock' && one.state === 'waiting');
    const percent = (100 * sum(lock)) / sum(exact.all.sums);
    assert.ok(Math.abs(shares.lock - percent) < 2, `${shares.lock} % of the time for locks, and not ${percent} %`);
    for (const [text, what] of [['worker-7', 'thread'], ['cart_lock', 'longest'], ['GET /cart', 'request']]) {
        await page.fill('.search .field', text);
        await until(async () => (await page.textContent('.hits')).includes(what), `${what} ${text}`);
    }
    await page.fill('.search .field', 'cart_lock');
    await until(async () => /longest *cart_lock/.test(await page.textContent('.hits')), 'the longest wait');
    await page.press('.search .field', 'Enter');
    await until(async () => /for cart_lock/.test(await page.textContent('.right h2')), 'the wait');
    await page.click('role=tab[name=File]');
    await until(async () => /exported, and asks nobody/.test(await page.textContent('.bottom')), 'what is not in it');
});

await test('it is no larger than it may be, and says what it left out', async () => {
    const small = await exported('shop', '--max-bytes', '600KiB');
    const large = await exported('shop', '--before', trace('healthy'));
    assert.ok(statSync(small.file).size <= 600 << 10, `${statSync(small.file).size} bytes`);
    assert.ok(statSync(large.file).size <= 8 << 20, `${statSync(large.file).size} bytes`);
    assert.match(small.err, /is drawn together/);
    const { thinned, level_min } = jsonOf(dataOf(small.file), '/api/info');
    assert.match(thinned, /is drawn together; .*stallmark view/);
    assert.ok(level_min > jsonOf(dataOf(large.file), '/api/info').level_min);
});

await test('nothing runs in it but its own script', async () => {
    const { file } = await exported('shop', '--before', trace('healthy'));
    const text = readFileSync(file, 'utf8');
    assert.equal(text.match(/<\/script>/gi).length, 3, 'licences, data, script');
    assert.equal(text.match(/<\/style>/gi).length, 1);
    assert.match(text, /default-src 'none'/);
    assert.match(text, /script-src 'sha256-[A-Za-z0-9+\/]{43}='/);
    assert.doesNotMatch(text.slice(0, text.indexOf('<style>')), /unsafe|https?:/);
    const page = await open(fileUrl(file), { allow: /script-src/ });
    await page.evaluate(() =>
        document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.foreign = 1' })));
    assert.equal(await page.evaluate(() => window.foreign), undefined);
});

await test('a file that cannot be written does not stay', async () => {
    const { code, err } = await run('export', trace('shop'), '--format', 'html', '-o', '/dev/full', '--max-bytes', '600KiB');
    assert.equal(code, 2);
    assert.match(err, /written|taken/);
    assert.ok(existsSync('/dev/full'));
});

// What the viewer says of an instant and of a request is what the command line says.
import { assert, run, skip, test, trace, view } from './lib.mjs';

if (!trace('shop')) skip('there is no capture (traces.sh)');

async function said(...words) {
    const { code, out, err } = await run(...words, '--json');
    assert.equal(code, 0, err);
    return JSON.parse(out);
}

// Numbers that look like any, the same in every run.
function* numbers(seed) {
    for (;;) yield ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648);
}

for (const name of ['shop', 'redis'].filter(trace))
    await test(`ten instants of ${name} agree with stallmark at, for every thread`, async () => {
        const server = await view(trace(name));
        await server.ready();
        const info = await server.json('/api/info'), { rows } = await server.json('/api/rows');
        const random = numbers(7);
        for (let i = 0; i < 10; i++) {
            const t = Math.floor(random.next().value * info.duration_ns);
            const told = await said('at', trace(name), String(info.first_ns + t));
            const { threads } = await server.json(`/api/at?time=${t}`);
            assert.equal(threads.length, told.threads.length, `threads at ${t}`);
            for (const one of threads) {
                const row = rows.find((r) => r.id === one.row), tid = row.tid;
                const other = told.threads.find((o) => o.thread.tid === tid);
                assert.ok(other, `${one.name} at ${t}`);
                const where = `${one.name} at ${t}`;
                assert.equal(one.state, other.state, where);
                if (other.state === 'waiting' || other.state === 'idle')
                    assert.equal(one.kind, other.wait ? other.wait.kind : null, where);
                assert.equal(one.since, other.since_ns - info.first_ns, `since, ${where}`);
                assert.equal(one.until, other.until_ns - info.first_ns, `until, ${where}`);
                assert.equal(one.request ? one.request.id : '0', String(other.request ?? 0), `request, ${where}`);
                const holder = rows.find((r) => r.id === one.holder);
                assert.equal(holder?.tid ?? null, other.holder?.tid ?? null, `holder, ${where}`);
            }
        }
    });

await test('a request has the parts that stallmark request says', async () => {
    const server = await view(trace('shop'));
    await server.ready();
    const { requests, total } = await server.json('/api/requests?sort=slowest&limit=3');
    assert.ok(total > 50);
    for (const { id, process, ns, route } of requests) {
        const here = await server.json(`/api/request?id=${id}&process=${process}`);
        assert.deepEqual(here, await said('request', trace('shop'), id));
        assert.equal(here.request.duration_ns, ns);
        assert.equal(here.request.route, route);
        const { parts } = await server.json(`/api/parts?id=${id}&process=${process}`);
        assert.ok(parts.length > 0 && parts.every((part) => part.to > part.from));
    }
    const latency = await server.json('/api/latency');
    assert.equal(latency.edges_ns.length, latency.counts.length + 1);
    assert.equal(latency.counts.reduce((a, b) => a + b), latency.count);
    const flame = await server.json('/api/flame?kind=off&wait=lock');
    assert.ok(flame.root.ns > 0 && flame.root.children.length > 0);
    const found = await server.json('/api/search?q=CART_LOCK');
    assert.ok(found.hits.some((hit) => hit.what === 'lock' && hit.text === 'cart_lock' && hit.row !== null));
});

await test('of two processes each has its own requests', async () => {
    const server = await view([trace('shop'), trace('healthy')]);
    await server.ready();
    const { processes } = await server.json('/api/info');
    assert.equal(processes.length, 2);
    const { requests } = await server.json('/api/requests?limit=1000');
    const both = requests.filter((one) => requests.some((other) => other.id === one.id && other.process !== one.process));
    assert.ok(both.length >= 2, 'no number is in both');
    for (const { id, process, ns } of both.slice(0, 4)) {
        const { request } = await server.json(`/api/request?id=${id}&process=${process}`);
        assert.equal(request.pid, processes[process].pid);
        assert.equal(request.duration_ns, ns);
    }
});

await test('pages that ask for much at once get all of it', async () => {
    const server = await view(trace('shop'));
    const asked = ['report', 'pauses', 'scheduler', 'flame?kind=off', 'flame?kind=on', 'rows', 'info', 'report', 'report'];
    const answers = await Promise.all(asked.map((path) => server.ask(`/api/${path}`)));
    assert.deepEqual(answers.map((answer) => answer.status), asked.map(() => 200));
    assert.equal(await server.stop(), 0);
});

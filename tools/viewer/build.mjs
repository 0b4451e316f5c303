// Bundles the page: src/main.jsx and what it imports become viewer.js and viewer.css, and these, index.html
// and the licences of what is in the bundle become .gz files that `stallmark` has inside.
//
//     node build.mjs OUT      OUT/node_modules is where npm put the packages
//
// Reproducible: no time, no path and no map is in what comes out.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? here);
const packages = join(out, 'node_modules');
const load = createRequire(join(out, 'package.json'));
const { build } = load('esbuild');
const { minify } = load('terser');
const { gzipAsync } = load('@gfx/zopfli'); // the same format as gzip -9, a thirtieth smaller

// gzip looks 32 KB back, and the page has five times that: files that are alike stand beside each other. order.txt was
// found by trying; a file that is not in it stands where it is imported first.
const order = readFileSync(join(here, 'order.txt'), 'utf8').trim().split('\n');
const entry = [...order.filter((file) => existsSync(join(here, 'src', file))), 'main.jsx'];

await build({
  stdin: { contents: entry.map((file) => `import './${file}';`).join('\n'), resolveDir: join(here, 'src') },
  outfile: join(out, 'viewer.js'),
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['chrome109', 'firefox115', 'safari16'],
  charset: 'utf8',
  legalComments: 'none', // licences.txt has them whole
  jsxFactory: 'preactElement', // shorter than the automatic form: no array of children
  jsxFragment: 'PreactFragment',
  inject: [join(here, 'src/jsx.js')],
  nodePaths: [packages],
  loader: { '.svg': 'dataurl' },
  logLevel: 'warning',
});

// What esbuild leaves, terser takes: a thirtieth of the packed size. Names of methods of our own objects that neither
// the browser nor an answer of the server has can be short.
const METHODS = `abandon askDensity askFor askSlowest beginPinch dragRange endRange followSelection frameOverview
    hideRow isClosed nameOf openPanel partsOf patternDefinition patternFor pinRequest pinched relay requestOf revealRow
    rowsUnder selectItem selectRange selectRequest setClock setCursor setInfo setRows setSide setTheme setView showAllRows
    standIn takeInfo tellSeen tellVisible toggleGroup togglePin toggleState unpinRequest visibleSlots zoomTo
    zoomToWhatIsAt`.split(/\s+/);
const script = join(out, 'viewer.js');
const { code } = await minify(readFileSync(script, 'utf8'), {
  ecma: 2020,
  compress: { passes: 3, ecma: 2020, pure_getters: true, unsafe: true },
  mangle: { properties: { regex: new RegExp(`^(${METHODS.join('|')})$`) } },
});
writeFileSync(script, `${code}\n`);

const bundled = ['preact'];
const licences = bundled.map((name) => {
  const { version } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  return `${name} ${version}\n\n${readFileSync(join(packages, name, 'LICENSE'), 'utf8').trim()}\n`;
});
writeFileSync(join(out, 'licences.txt'), `The viewer's page contains:\n\n${licences.join('\n\n')}`);
writeFileSync(join(out, 'index.html'), readFileSync(join(here, 'index.html')));

let sum = 0;
for (const name of ['index.html', 'viewer.js', 'viewer.css', 'licences.txt']) {
  const packed = await gzipAsync(readFileSync(join(out, name)), {});
  packed[9] = 255; // which system packed it: not said
  writeFileSync(join(out, `${name}.gz`), packed);
  sum += packed.length;
}
console.log(`viewer: ${sum} bytes packed`);

import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.ts'

/** Checks and bundles to dist/, copies what the live page loads, and removes what no build makes any more. */
const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const explorer = join('dashboards', 'explorer')

compile()
prune(new Set(await bundle(root, dist)))
copyPage()
chmodSync(join(dist, 'cli', 'main.js'), 0o755)

function compile(): void {
  // The page is compiled by itself: it has the browser's types, all else Node's, and is only checked here.
  for (const project of ['tsconfig.build.json', explorer]) {
    const { status } = spawnSync('tsc', ['-p', project], { cwd: root, stdio: 'inherit' })
    if (status !== 0) process.exit(status ?? 1)
  }
}

function prune(made: ReadonlySet<string>): void {
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js') || file.endsWith('uPlot.esm.js') || made.has(file)) continue
    const ofPage = file.startsWith(explorer) && existsSync(join(root, file.replace(/\.js$/, '.ts')))
    if (!ofPage) rmSync(join(dist, file))
  }
}

/** The page's own files, and uPlot beside them: it works with no internet. */
function copyPage(): void {
  if (!existsSync(join(root, explorer))) return
  cpSync(join(root, explorer), join(dist, explorer), {
    recursive: true,
    filter: source => !/\.ts$|tsconfig\.json$/.test(source),
  })
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'))
  for (const file of ['uPlot.esm.js', 'uPlot.min.css']) {
    copyFileSync(join(uplot, 'dist', file), join(dist, explorer, file))
  }
}

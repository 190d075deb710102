import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown, type OutputChunk } from 'rolldown'

/** What is started by its path: the program, a worker of the edge, and the example models. */
const entries = [
  'cli/main',
  'edge/worker',
  'examples/three-models/agent/server',
  'examples/three-models/digits/server',
  'examples/three-models/llm/server',
]

/**
 * Our sources as few files, since each file that a start loads costs it time and memory: what starts by its path keeps
 * that, all else lies in chunks/. What is imported lazily is a chunk of its own. Gives the paths below `dist`.
 */
export async function bundle(root: string, dist: string): Promise<string[]> {
  const made = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map(path => [path, `${path}.ts`])),
    platform: 'node',
    external: (id, from) => isPackage(id) && !isBundled(id, from),
    preserveEntrySignatures: 'allow-extension',
  })
  const { output } = await made.write({
    dir: dist,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: { includeDependenciesRecursively: false, groups },
  })
  await made.close()
  const chunks = output.filter(part => part.type === 'chunk')
  writeFileSync(join(dist, LICENCES), licences(root, chunks))
  return [...chunks.map(({ fileName }) => fileName), LICENCES]
}

const LICENCES = 'THIRD-PARTY-LICENSES.txt'

/** By itself each set of modules that the same commands share would be a chunk: two dozen for a sidecar. */
const groups = [
  // What main.js needs before it knows its command. It has no node:http: core/runtime/lean.ts comes first.
  {
    name: 'base',
    test: /\/(core\/runtime\/(lean|log)|cli\/(command|exit|version))\.ts$/,
    priority: 2,
  },
  { name: 'core', test: /\/core\/(?!runtime\/telemetry).*\.ts$/, priority: 1 },
]

const isPackage = (id: string): boolean => /^[@a-z]/.test(id) && !id.startsWith('node:')

/**
 * Packages stay outside, but those of a sidecar: what /metrics is written with, and its spans. Other components have
 * OpenTelemetry from where the SDK that they load has it: two copies would not know each other.
 */
function isBundled(id: string, from: string | undefined): boolean {
  if (from === undefined) return true
  return (
    id === 'prom-client' ||
    from.includes('/node_modules/') ||
    from.endsWith('/sidecar/telemetry.ts')
  )
}

/** The licences of the packages that are part of the chunks, which may not be handed on without. */
function licences(root: string, chunks: readonly OutputChunk[]): string {
  const ids = chunks.flatMap(({ moduleIds }) => moduleIds)
  const folders = new Set(
    ids.flatMap(id => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? []),
  )
  return [...folders].toSorted().map(licence).join('\n\n')
}

function licence(folder: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as Record<'name' | 'version' | 'license', string>
  const texts = readdirSync(folder).filter(file => /^(LICEN[CS]E|NOTICE)/i.test(file))
  if (texts.length === 0) throw new Error(`expected a licence in ${folder}, got none`)
  const text = texts.map(file => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n')
  return `${name} ${version} (${license})\n\n${text}\n`
}

import { posix } from 'node:path'
import { importsOf, place, walk, type Node, type Source } from './source.ts'

/** Which room may import which, what a pure room may use, and who may read the environment. */
const pureRooms = [
  'core/model',
  'core/http',
  'sidecar/admit',
  'edge/dispatch',
  'aggregator/store',
  'controller/decide',
  'simulate',
]
const components = ['sidecar', 'edge', 'aggregator', 'controller', 'local', 'simulate']

const banned = new Set(
  (
    'Date performance process Buffer crypto fetch console globalThis setTimeout setInterval ' +
    'setImmediate queueMicrotask Intl require WebSocket'
  ).split(' '),
)
/** IEEE 754 fixes these to the last bit; the rest of Math is left to the engine, or is chance. */
const exactMath = new Set('abs ceil floor round trunc sign sqrt min max clz32 imul'.split(' '))

function pureRoomOf(path: string): string | null {
  return pureRooms.find(room => path.startsWith(`${room}/`)) ?? null
}

export function wallBreaches(sources: readonly Source[]): string[] {
  return sources.flatMap(source =>
    importsOf(source).flatMap(({ from, at }) => {
      const why = breach(source.path, from)
      return why === null ? [] : [`${place(source, at)} ${why}`]
    }),
  )
}

function breach(path: string, from: string | null): string | null {
  const pure = pureRoomOf(path)
  const relative = from?.startsWith('.') === true
  if (pure !== null && !relative)
    return `${pure} is pure and imports ${from ?? 'something computed'}`
  if (from === null || !relative) return null
  const target = posix.join(posix.dirname(path), from)
  const room = roomOf(path)
  const other = roomOf(target)
  const targetPure = pureRoomOf(target) !== null
  if (pure !== null) return targetPure ? null : `${pure} is pure and imports ${target}`
  if (room === other || targetPure || mayImport(room, other)) return null
  return `${room} imports ${target}`
}

/** cli -> components -> core. Tests, benchmarks and scripts may look at everything, and nobody at them. */
function mayImport(room: string, other: string): boolean {
  if (room === 'test' || room === 'bench') return true
  if (other === 'test' || other === 'scripts' || other === 'examples') return false
  if (room === 'scripts') return true
  if (other === 'core') return room !== 'examples'
  return room === 'cli' && components.includes(other)
}

function roomOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '.'
}

/** Uses of a clock, chance, the outside, or arithmetic that an engine may round as it likes. */
export function impurities(sources: readonly Source[]): string[] {
  const found: string[] = []
  for (const source of sources) {
    if (pureRoomOf(source.path) === null) continue
    walk(source, (node, around) => {
      const what = impurity(node, around)
      if (what !== null) found.push(`${place(source, node.start)} uses ${what}`)
    })
  }
  return found
}

function impurity(node: Node, around: readonly Node[]): string | null {
  if (node.type === 'MetaProperty') return 'import.meta'
  if (node.operator === '**' || node.operator === '**=') return '**'
  if (node.type === 'MemberExpression' && (node.object as Node).name === 'Math') {
    const property = node.property as Node
    if (node.computed === true) return 'a computed property of Math'
    const name = String(property.name)
    return exactMath.has(name) || /^[A-Z]/.test(name) ? null : `Math.${name}`
  }
  if (node.type !== 'Identifier' || !banned.has(String(node.name))) return null
  return isName(node, around.at(-1)) ? null : String(node.name)
}

/** Whether an identifier only names a property, as in `x.process` or `{ process: 1 }`. */
function isName(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined || parent.computed === true) return false
  return parent.property === node || parent.key === node
}

function mayReadEnvironment(path: string): boolean {
  return (
    /^(test|scripts|bench)\//.test(path) ||
    /^[a-z]+\/config\.ts$/.test(path) ||
    /^examples\/(.*\/)?config\.ts$/.test(path)
  )
}

/** Environment is read in one file a component. */
export function environmentReads(sources: readonly Source[]): string[] {
  const found: string[] = []
  for (const source of sources) {
    if (mayReadEnvironment(source.path)) continue
    walk(source, node => {
      if (node.type !== 'MemberExpression' || (node.object as Node).name !== 'process') return
      const property = node.property as Node
      if (property.name === 'env' || property.value === 'env') {
        found.push(`${place(source, node.start)} reads the environment`)
      }
    })
    for (const { from, names, at } of importsOf(source)) {
      if (/^(node:)?process$/.test(from ?? '') && names.includes('env')) {
        found.push(`${place(source, at)} reads the environment`)
      }
    }
  }
  return found
}

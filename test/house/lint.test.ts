import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'ava'
import { root } from './tree.ts'

/** Each rule of .oxlintrc.json that we lean on, with a file that breaks it. */
const planted: [string, string, string][] = [
  ['no-floating-promises', 'edge/a.ts', 'export async function f() {}\nf()'],
  ['no-misused-promises', 'edge/b.ts', 'if (Promise.resolve(true)) throw new Error()\nexport {}'],
  ['no-explicit-any', 'edge/c.ts', 'export const f = (x: any): string => typeof x'],
  ['no-unsafe-assignment', 'edge/d.ts', "export const x: string = JSON.parse('1')"],
  ['no-unused-vars', 'edge/e.ts', 'const unused = 1\nexport {}'],
  ['eqeqeq', 'edge/f.ts', 'export const f = (x: number): boolean => x == 1'],
  ['prefer-const', 'edge/g.ts', 'let x = 1\nexport const y = x'],
  ['no-console', 'edge/h.ts', "console.log('x')\nexport {}"],
  ['no-non-null-assertion', 'edge/i.ts', 'export const f = (x: string[]): string => x[0]!'],
  ['no-default-export', 'edge/j.ts', 'export default 1'],
  ['max-lines', 'edge/k.ts', `${'export {}\n'.repeat(301)}`],
  ['no-cycle', 'edge/l.ts', "export * from './m.ts'"],
  ['only-throw-error', 'edge/n.ts', "export function f(): never {\n  throw 'x'\n}"],
  [
    'switch-exhaustiveness-check',
    'edge/o.ts',
    "export function f(x: 'a' | 'b'): void {\n  switch (x) {\n    case 'a':\n  }\n}",
  ],
  ['no-restricted-globals', 'core/model/a.ts', 'export const at = Date.now()'],
  ['no-restricted-properties', 'core/model/b.ts', 'export const x = Math.exp(1)'],
]

test('the linter catches each violation that is planted', t => {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-lint-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  write(
    'tsconfig.json',
    '{"compilerOptions": {"strict": true, "module": "nodenext", "types": [], "allowImportingTsExtensions": true, "noEmit": true}}',
  )
  write('package.json', '{"type": "module"}')
  write('edge/m.ts', "export * from './l.ts'")
  for (const [, path, text] of planted) write(path, `${text}\n`)
  const { stdout, status } = spawnSync('oxlint', ['-f', 'unix'], { cwd: folder, encoding: 'utf8' })
  t.is(status, 1)
  for (const [rule, path] of planted) {
    const caught = stdout
      .split('\n')
      .some(line => line.startsWith(`${path}:`) && line.includes(`(${rule})`))
    t.true(caught, `${rule} in ${path}\n${stdout}`)
  }
})

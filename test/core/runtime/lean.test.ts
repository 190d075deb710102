import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'ava'

const lean = join(import.meta.dirname, '../../../core/runtime/lean.ts')

/** Whether a process that imports node:http, `after` so, has loaded undici. */
function loadsUndici(after: string): boolean {
  const script = `${after}
    await import('node:http')
    console.log(process.moduleLoadList.some(name => name.endsWith('deps/undici/undici')))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  return stdout.trim() === 'true'
}

test('node:http is imported without undici', t => {
  t.true(loadsUndici(''), 'Node does without: this is no longer needed')
  t.false(loadsUndici(`(await import(${JSON.stringify(lean)})).withoutUndici()`))
})

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import test from 'ava'

test('a command that is over ends, whatever it has left open', async t => {
  t.timeout(20_000)
  const open = 'data:text/javascript,setInterval(() => {}, 1000)'
  const args = ['--import', open, 'cli/main.ts', '--version']
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  t.teardown(() => child.kill('SIGKILL'))
  const [code] = (await once(child, 'exit')) as [number]
  t.is(code, 0)
})

test('an option or an argument that a command does not take: what is wrong, and where to look', t => {
  const said = (...args: string[]): unknown[] => {
    const { status, stderr } = spawnSync(process.execPath, ['cli/main.ts', ...args])
    return [status, stderr.toString()]
  }
  t.deepEqual(said('explain', 'x', '--frob'), [
    2,
    "Unknown option '--frob'. See: outrigger explain --help\n",
  ])
  t.deepEqual(said('top', 'x'), [2, "Unexpected argument 'x'. See: outrigger top --help\n"])
})

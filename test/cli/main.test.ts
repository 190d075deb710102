import { spawn } from 'node:child_process'
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

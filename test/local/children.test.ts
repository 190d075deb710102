import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import test from 'ava'
import { keepRunning, startChild } from '../../local/child.ts'
import { startGuardian } from '../../local/guardian.ts'
import { chooseVictims } from '../../local/platform.ts'
import { findCommand, lockState } from '../../local/start.ts'

const folder = mkdtempSync(join(tmpdir(), 'outrigger-children-'))

function gone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie that nobody has reaped yet is gone for us.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return true
  }
}

async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise(next => setTimeout(next, 20))
}

test('kill -9 of the parent takes its children and theirs with it', async t => {
  const parent = spawn(process.execPath, ['test/local/parent.ts', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer]
  const { child, grandchild } = JSON.parse(chunk.toString()) as {
    child: number
    grandchild: number
  }
  t.false(gone(child))
  t.false(gone(grandchild))
  parent.kill('SIGKILL')
  await until(() => gone(child) && gone(grandchild))
  t.pass()
})

test('a child that ends is started again, and stop ends it for good', async t => {
  const guardian = startGuardian()
  let starts = 0
  const kept = keepRunning(ended => {
    starts++
    return startChild({
      name: 'short',
      command: ['/bin/sh', '-c', starts < 3 ? 'exit 3' : 'sleep 60'],
      directory: folder,
      environment: { PATH: '/bin:/usr/bin' },
      logFile: join(folder, 'short.log'),
      guardian,
      ended,
    })
  })
  await until(() => starts === 3)
  t.is(kept.restarts, 2)
  await kept.stop(2000)
  t.false(kept.child?.running)
  guardian.close()
})

test('victims: those named, then those not ready, then the newest', t => {
  const row = (replica: string, state: string, started: number) => ({
    row: { replica, state, started },
  })
  const present = [
    row('a', 'ready', 1),
    row('b', 'ready', 2),
    row('c', 'starting', 3),
    row('d', 'ready', 4),
  ]
  t.deepEqual(
    chooseVictims(present, ['b']).map(r => r.row.replica),
    ['b', 'c', 'd', 'a'],
  )
  t.deepEqual(
    chooseVictims(present, ['d', 'a']).map(r => r.row.replica),
    ['d', 'a', 'c', 'b'],
  )
})

test('a command is found as execvp finds it', t => {
  t.is(findCommand('sh', '/', '/nowhere:/bin'), '/bin/sh')
  t.is(findCommand('./sh', '/bin', ''), '/bin/sh')
  t.is(findCommand('no-such-program', '/', '/bin'), null)
  t.is(findCommand('/etc/passwd', '/', '/bin'), null, 'not to be run')
})

test('a state folder belongs to one process at a time, and a dead one gives it up', t => {
  const state = join(folder, 'state')
  const first = lockState(state)
  t.true('release' in first)
  t.true('release' in lockState(state), 'the same process may take it again')
  if ('release' in first) first.release()
})

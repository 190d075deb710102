import { join } from 'node:path'
import { startChild } from '../../local/child.ts'
import { startGuardian } from '../../local/guardian.ts'

/** A process with a guarded child that has a child of its own; says both pids and waits to be killed. */
const [, , folder = '.'] = process.argv
const child = startChild({
  name: 'child',
  command: ['/bin/sh', '-c', 'sleep 300 & echo $!; wait'],
  directory: folder,
  environment: { PATH: '/bin:/usr/bin' },
  logFile: join(folder, 'child.log'),
  guardian: startGuardian(),
  line: grandchild =>
    process.stdout.write(
      `${JSON.stringify({ child: child.pid, grandchild: Number(grandchild) })}\n`,
    ),
  ended: () => {},
})
setInterval(() => {}, 60_000)

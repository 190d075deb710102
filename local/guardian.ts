import { spawn, type ChildProcess } from 'node:child_process'

/**
 * Children never outlive the parent, even on kill -9 of it. A guardian, a POSIX shell of its own session,
 * keeps the list of process groups; when its standard input ends because the parent is gone, it kills them
 * all. A child waits behind a gate (below) until the guardian knows it, so there is no moment between.
 */
const SCRIPT = `
trap '' INT TERM HUP
groups=' '
while read -r op group; do
  case $op in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`

/** Runs a command only after a line came on standard input; ends with it when none ever comes. */
export const GATE = ['/bin/sh', '-c', 'read -r _ || exit 1; exec "$@"', 'gate'] as const

export interface Guardian {
  add(group: number): Promise<void>
  remove(group: number): void
  /** Lets the guardian go; whatever it still knows, it kills. */
  close(): void
}

export function startGuardian(): Guardian {
  const child: ChildProcess = spawn('/bin/sh', ['-c', SCRIPT], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.on('error', () => {})
  child.stdin?.on('error', () => {})
  child.unref()
  const tell = (line: string): Promise<void> =>
    new Promise(done => {
      if (child.stdin === null || !child.stdin.writable) return done()
      child.stdin.write(`${line}\n`, () => done())
    })
  return {
    add: group => tell(`+ ${group}`),
    remove: group => void tell(`- ${group}`),
    close: () => child.stdin?.end(),
  }
}

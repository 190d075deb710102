import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { root } from '../house/tree.ts'

/** The scripts of the cluster tier, in a folder of their own with stand-ins for the programs that they call. */
class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'outrigger-tier-'))
  readonly bin = join(this.folder, 'stand-ins')

  constructor(t: ExecutionContext) {
    t.teardown(() => rmSync(this.folder, { recursive: true }))
    for (const path of ['test/cluster/run.sh', 'test/cluster/up.sh', 'test/cluster/machine']) {
      cpSync(join(root, path), join(this.folder, path), { recursive: true })
    }
    mkdirSync(join(this.folder, 'scripts'))
    mkdirSync(this.bin)
    this.program('uname', 'echo Linux')
    this.program('id', 'echo 0')
    this.program('node', `echo "node $*" >>${this.folder}/ran`)
    this.program('go', `echo "$*" >>${this.folder}/ran`)
    writeFileSync(join(this.folder, 'scripts', 'debian-packages.sh'), this.said('packages $*'))
    chmodSync(join(this.folder, 'scripts', 'debian-packages.sh'), 0o755)
  }

  program(name: string, body: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(this.bin, name), 0o755)
  }

  without(name: string): void {
    rmSync(join(this.bin, name))
  }

  run(script: string, args: string[] = [], env: Record<string, string> = {}) {
    const path = join(this.folder, script)
    return spawnSync('bash', [path, ...args], {
      encoding: 'utf8',
      // The system's own folders, but no go of this machine.
      env: {
        PATH: `${this.bin}:/usr/bin:/bin`,
        XDG_CACHE_HOME: join(this.folder, 'cache'),
        ...env,
      },
    })
  }

  /** What the stand-ins were asked, a line each; forgotten after. */
  ran(): string[] {
    const path = join(this.folder, 'ran')
    const lines = readFileSync(path, { encoding: 'utf8', flag: 'a+' }).split('\n').filter(Boolean)
    rmSync(path)
    return lines
  }

  private said(words: string): string {
    return `#!/bin/sh\necho "${words}" >>${this.folder}/ran\n`
  }
}

const build = 'test/cluster/machine/build.sh'
const built = (lines: string[]): string[] =>
  lines
    .flatMap(line => line.match(/\S+\/cmd\/\S+/g) ?? [])
    .map(path => path.split('/').at(-1) ?? '')

test('what Debian does not have is built once', t => {
  const stage = new Stage(t)
  t.is(stage.run(build).status, 0)
  const all = built(stage.ran())
  for (const name of ['kube-apiserver', 'kubelet', 'kubectl', 'helm'])
    t.true(all.includes(name), name)
  t.is(stage.run(build).status, 0)
  t.deepEqual(stage.ran(), [])
})

test('what KUBEBUILDER_ASSETS has is neither built nor installed', t => {
  const stage = new Stage(t)
  const assets = join(stage.folder, 'assets')
  mkdirSync(assets)
  for (const name of ['etcd', 'kube-apiserver', 'kubectl']) {
    writeFileSync(join(assets, name), '')
    chmodSync(join(assets, name), 0o755)
  }
  const env = { KUBEBUILDER_ASSETS: assets }
  const { status, stderr } = stage.run('test/cluster/up.sh', [], env)
  t.is(status, 0, stderr)
  const ran = stage.ran()
  const names = built(ran)
  t.false(names.includes('kube-apiserver') || names.includes('kubectl'))
  t.true(names.includes('kubelet'))
  t.true(ran[0]?.startsWith(`packages ${assets}/etcd:etcd-server `), ran[0])
})

for (const [what, hide, words] of [
  ['without root', (stage: Stage) => stage.program('id', 'echo 1000'), /need root/],
  ['without Go', (stage: Stage) => stage.without('go'), /Go 1\.26/],
  ['on another system', (stage: Stage) => stage.program('uname', 'echo Darwin'), /not Linux/],
] as const) {
  test(`${what} the tier says why it is skipped; in CI that fails`, t => {
    const stage = new Stage(t)
    hide(stage)
    const skipped = stage.run('test/cluster/run.sh', ['false'])
    t.is(skipped.status, 0)
    t.regex(skipped.stderr, words)
    t.regex(skipped.stderr, /^no cluster: .* KUBECONFIG .* to run these tests\.\n$/)
    t.is(stage.run('test/cluster/run.sh', ['true'], { CI: 'true' }).status, 1)
  })
}

test("against another's cluster the tests of the node are left out, and it is said; not in CI", t => {
  const stage = new Stage(t)
  const env = { KUBECONFIG: '/elsewhere/kubeconfig' }
  const echo = ['sh', '-c', 'echo "$CLUSTER_FILES"']
  for (const tool of ['kubectl', 'helm']) stage.program(tool, 'true')
  const { stdout, stderr, status } = stage.run('test/cluster/run.sh', echo, env)
  t.is(status, 0)
  t.is(stdout, 'test/cluster/*.test.ts\n')
  t.regex(stderr, /^skipped: test\/cluster\/node, /)
  t.deepEqual(stage.ran(), [], 'no cluster is brought up')
  const ci = stage.run('test/cluster/run.sh', echo, { ...env, CI: 'true' })
  t.is(ci.status, 1)
  t.regex(ci.stderr, /CI skips nothing/)
})

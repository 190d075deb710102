import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Command } from '../../cli/command.ts'
import { command as decisions } from '../../cli/decisions.ts'
import { command as explain } from '../../cli/explain.ts'
import type { Belief } from '../../controller/learned/belief.ts'
import { logDirOf } from '../../controller/journal.ts'
import { Fleet } from '../controller/support/fleet.ts'
import { folder } from '../controller/support/folder.ts'
import { bench } from '../controller/support/hour.ts'
import { ran, type Ran } from './support/run.ts'

const commands: Record<string, Command> = { decisions, explain }

const outrigger = (name: string, ...args: string[]): Promise<Ran> =>
  ran(commands[name] as Command, ...args)

test.serial('list, show, verify, replay and explain read the files of a state folder', async t => {
  const state = folder(t)
  const hour = await bench(state, [new Fleet('local/busy', 1, s => (s > 60 ? 2000 : 10))])
  await hour.run(70)
  const up = hour.acted.findLast(({ body }) => body.outcome.action === 'up')
  const asked = { decision: up?.id ?? '', endpoint: 'local/busy', asked: '3 replicas', tookMs: 12 }
  await hour.journal.ledger.note(
    { kind: 'actuation', body: { ...asked, answered: '', error: 'it has moved on (409)' } },
    { kind: 'actuation', body: { ...asked, answered: 'wants 3', error: null } },
  )
  await hour.close()
  const at = ['--state', state]

  const list = await outrigger(
    'decisions',
    'list',
    '--changes',
    '--since',
    '2020-01-01',
    '--endpoint',
    'busy',
    ...at,
  )
  t.is(list.code, 0, list.err)
  t.regex(list.out, /local\/busy +replicas: up from 1 to \d/)
  const show = await outrigger('decisions', 'show', String(up?.seq), ...at)
  t.regex(show.out, /Proposals\n.* wants \d/)
  t.true(
    show.out.endsWith(
      '  What came of it\n    3 replicas: failed after 12 ms: it has moved on (409).\n    3 replicas: wants 3, in 12 ms.\n',
    ),
    show.out,
  )
  const json = await outrigger('decisions', 'show', up?.id ?? '', '--json', ...at)
  t.like(JSON.parse(json.out), { seq: up?.seq })
  const told = await outrigger('explain', 'busy', ...at)
  t.regex(told.out, /local\/busy {2}replicas: /)
  // Where nothing runs any more: as the log ends.
  t.regex(told.out, /what is believed of the limit[^]*One replica may hold \d+ requests/)
  t.regex(told.out, /One replica: answers a second, against requests in flight\n[^]*\^ limit \d/)
  const { belief } = JSON.parse((await outrigger('explain', 'busy', '--json', ...at)).out) as {
    belief: Belief
  }
  t.true(belief.curve.tried.length > 0 && belief.sentences.length > 3)
  const then = await outrigger(
    'explain',
    'busy',
    '--at',
    new Date(hour.acted.at(-1)?.body.now ?? 0).toISOString(),
    ...at,
  )
  t.is(then.code, 0, then.err)
  t.notRegex(then.out, /what is believed of the limit/)
  t.like(await outrigger('explain', 'nobody', ...at), { code: 8, out: '' })
  t.like(await outrigger('decisions', 'show', '99999', ...at), { code: 8 })
  t.like(await outrigger('decisions', 'list', '--since', 'once', ...at), { code: 2 })
  const none = ['--state', join(state, 'none')]
  t.like(await outrigger('decisions', 'list', ...none), { code: 6 })
  const noLog = await outrigger('decisions', 'verify', ...none)
  t.like(noLog, { code: 6, out: '' })
  t.regex(
    noLog.err,
    /^There is no log in .*none\/controller\/log: name the state folder with --state/,
  )
  for (const args of [[], ['verfy'], ['show']]) {
    const wrong = await outrigger('decisions', ...args, ...none)
    t.like(wrong, { code: 2, out: '' })
    t.regex(wrong.err, /^Say which: outrigger decisions list\|show ID\|/, args.join())
  }

  const verify = await outrigger('decisions', 'verify', '--json', ...at)
  t.like(JSON.parse(verify.out), { verified: true, problem: null })
  const replay = await outrigger('decisions', 'replay', ...at)
  t.regex(replay.out, /^Replayed \d+ decisions and \d+ repeats: the same bytes\.\n$/)

  const path = join(logDirOf(state), '0000000001.jsonl')
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"wants":\d+/, '"wants":77'))
  t.is((await outrigger('decisions', 'verify', ...at)).code, 7)
  const differs = await outrigger('decisions', 'replay', ...at)
  t.is(differs.code, 7)
  t.regex(differs.out, /^Record \d+ \(local\/busy\) differs: proposals was recorded as/)
})

/** One line more, less, elsewhere or otherwise in the middle of a log. */
const tampered: Record<string, (lines: string[], at: number) => void> = {
  dropped: (lines, at) => void lines.splice(at, 1),
  'given twice': (lines, at) => void lines.splice(at, 0, lines[at] ?? ''),
  'put later': (lines, at) => void lines.splice(at + 40, 0, ...lines.splice(at, 1)),
  'in another order of keys': (lines, at) =>
    void lines.splice(
      at,
      1,
      (lines[at] ?? '').replace(/(.*),"v":1}$/, '{"v":1,$1}').replace(',{', ','),
    ),
  'of no record': (lines, at) => void lines.splice(at, 1, 'x'),
  cut: (lines, at) => void lines.splice(at, 1, (lines[at] ?? '').slice(0, 99)),
}

test.serial(
  'a record dropped, doubled, moved or spoiled: neither verify nor replay calls the log good',
  async t => {
    const state = folder(t)
    const hour = await bench(state, [new Fleet('local/busy', 1, s => (s % 40 > 20 ? 200 : 10))])
    await hour.run(300)
    await hour.close()
    const at = ['--state', state]
    const path = join(logDirOf(state), '0000000001.jsonl')
    const good = readFileSync(path, 'utf8')
    for (const [how, tamper] of Object.entries(tampered)) {
      const lines = good.split('\n')
      tamper(lines, Math.floor(lines.length / 2))
      writeFileSync(path, lines.join('\n'))
      const verify = await outrigger('decisions', 'verify', ...at)
      t.is(verify.code, 7, how)
      t.regex(
        verify.out,
        /^The decision log is broken at byte \d+ of .*A crash does not do this/,
        how,
      )
      const replay = await outrigger('decisions', 'replay', ...at)
      t.is(replay.code, 7, how)
      t.regex(replay.out, /The decision log is broken at byte/, how)
    }
  },
)

import { extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { localEnvironment } from '../local/config.ts'
import { readPlan, type Plan } from '../local/file.ts'
import { lockState, problemsBefore, type Problem } from '../local/start.ts'
import { up, type Up } from '../local/up.ts'
import { NotReady, Unreachable } from '../local/wait.ts'
import { milliseconds } from '../core/model/units.ts'
import { Failure, flag, type Command } from './command.ts'
import { exit } from './exit.ts'
import { showLive } from './live.ts'
import { localWay } from './local-way.ts'
import { DEFAULT_STATE } from './place.ts'
import { summaryOf, sentencesOf, type Counted } from './summary.ts'

export const command: Command = {
  usage: [
    'Usage: outrigger up [-f FILE] [--state DIR] [--for TIME] [--host HOST] [--json]',
    '',
    '  -f, --file FILE   what to run (outrigger.yaml); docs/outrigger-yaml.md says what it may hold',
    '  --state DIR       where all state lies: decision log, keys, logs, orders (.outrigger)',
    '  --for TIME        end by itself after this long, such as 120s, with a summary',
    '  --host HOST       the address to listen on (127.0.0.1)',
    '  --json            the last line on stdout is the summary as one JSON object',
    '',
    'ctrl-C drains: what is in flight is answered, then everything ends. Twice ends at once.',
  ].join('\n'),
  examples: [
    'outrigger up -f mine.yaml',
    'outrigger up -f examples/three-models/outrigger.yaml --for 120s --json',
  ],
  async run(args) {
    const options = optionsOf(args)
    const read = readPlan(options.file)
    if ('errors' in read) throw new Failure(exit.badInput.code, read.errors.join('\n'))
    const environment = localEnvironment()
    const problems = await problemsBefore(
      read.plan,
      environment.inherited['PATH'] ?? '',
      options.host,
    )
    if (problems.length > 0)
      throw new Failure(
        codeOf(problems),
        problems.map(p => `${options.file}: ${p.sentence}`).join('\n'),
      )
    const lock = lockState(options.state)
    if ('heldBy' in lock) {
      throw new Failure(
        exit.addressInUse.code,
        `${options.state} is in use by process ${lock.heldBy}; end it, or name another folder with --state`,
      )
    }
    try {
      return await runUntilEnd(read.plan, options, environment)
    } finally {
      lock.release()
    }
  },
}

interface Options {
  file: string
  state: string
  forMs: number | null
  host: string
  json: boolean
}

function optionsOf(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      file: { type: 'string', short: 'f', default: 'outrigger.yaml' },
      state: { type: 'string', default: DEFAULT_STATE },
      for: { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      json: flag,
    },
  })
  const forMs = values.for === undefined ? null : milliseconds(values.for)
  if (values.for !== undefined && forMs === null) {
    throw new Failure(
      exit.badInput.code,
      `--for: expected a duration with its unit, such as 120s or 5m, got ${JSON.stringify(values.for)}`,
    )
  }
  return {
    file: values.file,
    state: resolve(values.state),
    forMs,
    host: values.host,
    json: values.json,
  }
}

async function runUntilEnd(
  plan: Plan,
  options: Options,
  environment: ReturnType<typeof localEnvironment>,
): Promise<number> {
  const ending = new AbortController()
  const stopAsked = (): void => {
    if (ending.signal.aborted) process.exit(exit.failed.code)
    ending.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stopAsked)
  const says = (sentence: string): void => void process.stderr.write(`${sentence}\n`)
  const running = await up(plan, {
    folder: options.state,
    host: options.host,
    environment,
    says,
    outrigger: ownCommand(),
    signal: ending.signal,
  }).catch((error: unknown) => {
    throw failureOf(error)
  })
  const live = showLive({
    way: localWay(running.page.replace(/\/+$/, ''), options.state),
    page: running.page,
    urls: running.urls,
    state: options.state,
    out: options.json ? process.stderr : process.stdout,
  })
  await ended(ending.signal, options.forMs)
  live.stop()
  says('Draining ...')
  const counted = await stopAndCount(running, plan)
  const summary = await summaryOf(options.state, counted)
  for (const sentence of sentencesOf(summary)) says(sentence)
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`)
  return summary.log.verified ? exit.fine.code : exit.notVerified.code
}

/** The counts are read when nothing is in flight any more, so that they add up. */
async function stopAndCount(running: Up, plan: Plan): Promise<Counted[]> {
  await running.stop()
  return plan.endpoints.map(({ endpoint, name }) => ({
    endpoint,
    name,
    counts: running.counts(endpoint),
    replicas: running.replicas(endpoint),
  }))
}

function ended(signal: AbortSignal, forMs: number | null): Promise<void> {
  return new Promise(done => {
    if (signal.aborted) return done()
    signal.addEventListener('abort', () => done())
    if (forMs !== null) setTimeout(done, forMs)
  })
}

/** Node as it runs now, and main beside this very file: the source, or from dist/chunks the bundle's. */
function ownCommand(): string[] {
  const file = new URL(`../cli/main${extname(import.meta.filename)}`, import.meta.url)
  return [process.execPath, '--max-semi-space-size=1', fileURLToPath(file)]
}

function codeOf(problems: Problem[]): number {
  const codes = {
    'bad-input': exit.badInput.code,
    'address-in-use': exit.addressInUse.code,
    'missing-command': exit.missingCommand.code,
  }
  return codes[problems[0]?.kind ?? 'bad-input']
}

function failureOf(error: unknown): unknown {
  if (error instanceof NotReady) return new Failure(exit.neverReady.code, error.message)
  if (error instanceof Unreachable) return new Failure(exit.unreachable.code, error.message)
  return error
}

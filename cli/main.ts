#!/usr/bin/env node
import { withoutUndici } from '../core/runtime/lean.ts'
import { wordsOfError } from '../core/runtime/log.ts'
import { Failure, type Command } from './command.ts'
import { exit } from './exit.ts'
import { version } from './version.ts'

/** Loaded when asked for, so that `outrigger sidecar` pays for nothing else. */
const commands: Record<string, { summary: string; load: () => Promise<{ command: Command }> }> = {
  up: {
    summary: 'Run the models of a file on this machine, with all of Outrigger around them.',
    load: () => import('./up.ts'),
  },
  top: {
    summary: 'A live table of the endpoints: replicas, limit, in flight, waiting, answers.',
    load: () => import('./top.ts'),
  },
  explain: {
    summary: 'Why a decision was made and what is believed of the limit, in sentences.',
    load: () => import('./explain.ts'),
  },
  decisions: {
    summary: 'List, show, follow, verify and replay the decision log.',
    load: () => import('./decisions.ts'),
  },
  override: {
    summary: 'Set or end an override of a setting, for a time.',
    load: () => import('./override.ts'),
  },
  page: {
    summary: 'The live page of a controller in a cluster, on this machine.',
    load: () => import('./page.ts'),
  },
  check: {
    summary: 'Is this cluster or machine fit, and is all well? Each failure with its fix.',
    load: () => import('./check.ts'),
  },
  traffic: {
    summary: 'Send the traffic that a file plans (what `outrigger up` does for `traffic:`).',
    load: () => import('./traffic.ts'),
  },
  simulate: {
    summary: 'Play a scenario in virtual time, under Outrigger and under rivals.',
    load: () => import('./simulate.ts'),
  },
  inject: {
    summary: 'Put the sidecar into the pods of a file, as the webhook does in a cluster.',
    load: () => import('./inject.ts'),
  },
  sidecar: { summary: 'The process beside a replica.', load: () => import('./sidecar.ts') },
  edge: { summary: 'The process in front of replicas.', load: () => import('./edge.ts') },
  aggregator: {
    summary: 'The process that folds samples into windows.',
    load: () => import('./aggregator.ts'),
  },
  controller: {
    summary: 'The process that decides, records and acts.',
    load: () => import('./controller.ts'),
  },
}

function help(): string {
  const width = Math.max(...Object.keys(commands).map(name => name.length))
  const rows = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`,
  )
  return [
    'outrigger: serves AI models without tuning them by hand.',
    '',
    'Usage: outrigger COMMAND [OPTIONS]     outrigger COMMAND --help     outrigger --version',
    '',
    ...rows,
    '',
    'Times are UTC. Exit codes: docs/cli.md.',
  ].join('\n')
}

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(help())
    return name === undefined ? exit.badInput.code : exit.fine.code
  }
  if (name === '--version' || name === '-v') {
    console.log(version)
    return exit.fine.code
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (entry === undefined) {
    throw new Failure(exit.badInput.code, `outrigger: no command '${name}'. See: outrigger --help`)
  }
  withoutUndici()
  const { command } = await entry.load()
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(
      `${entry.summary}\n\n${command.usage}\n\nExamples:\n${command.examples.map(line => `  ${line}`).join('\n')}`,
    )
    return exit.fine.code
  }
  return command.run(rest)
}

/** Commands that serve go on when nobody reads what they print any more; others end, as `| head` asks. */
const serving = new Set(['up', 'page', 'traffic', 'sidecar', 'edge', 'aggregator', 'controller'])
process.stdout.on('error', () => {
  if (!serving.has(process.argv[2] ?? '')) process.exit(exit.fine.code)
})
process.stderr.on('error', () => {})

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const problem = parseProblem(error)
  process.stderr.write(`${problem ?? wordsOfError(error)}\n`)
  process.exitCode =
    error instanceof Failure ? error.code : problem === null ? exit.failed.code : exit.badInput.code
}

// What is still open a while later (a stop that failed half way) is not waited for.
setTimeout(() => process.exit(), 2000).unref()

/** parseArgs throws errors with these codes for what it does not know: their first sentence says enough. */
function parseProblem(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  if (!String(error.code).startsWith('ERR_PARSE_ARGS')) return null
  return `${error.message.split('. ')[0]}. See: outrigger ${process.argv[2]} --help`
}
